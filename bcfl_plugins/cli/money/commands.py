"""``bcfl balance``, ``transfer`` and ``wait``."""

from __future__ import annotations

from typing import Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    ChainHash,
    DryRun,
    MaybeAccount,
    WaitFor,
    WaitOption,
    planck,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KeySource, MaybeKey, Url, account_of
from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.errors import ConfigError

Receiver = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whom, as an address.")]
Sent = Annotated[str, typer.Argument(metavar="AMOUNT", help='Such as "100 UNIT", or planck.')]
Blocks = Annotated[int, typer.Argument(metavar="BLOCKS", min=1, help="How many more blocks.")]
Seconds = Annotated[
    float, typer.Option("--timeout-s", min=0.1, help="Longest wait; with less it is an error.")
]

_PANEL = "Money and time"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("balance", rich_help_panel=_PANEL)(balance)
    app.command("transfer", rich_help_panel=_PANEL)(transfer)
    app.command("wait", rich_help_panel=_PANEL)(wait)


def balance(
    *, chain: Url, key: MaybeKey = None, account: MaybeAccount = None, as_json: AsJson = False
) -> None:
    """Say what an account can spend, and what it has on hold."""
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)

    if account is None and key is None:
        raise ConfigError("say whose balance: give --account, or --key")
    who = account_of(str(key), chain) if account is None else read_account(account)
    with connect(chain) as client:
        found = client.balance(who)
    if as_json:
        print_json({"account": str(who), "free": found.free, "held": found.held})
        return
    console().print(
        f"{who}: {write_amount(found.free)} to spend, {write_amount(found.held)} on hold"
    )


def transfer(
    account: Receiver,
    amount: Sent,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send money to another account, such as to one that shall join or pay fees."""
    from pallet_bridge import calls  # noqa: PLC0415 (loads the mirrors)

    receiver, much = read_account(account), planck(amount)
    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    payer = sender.account()
    with sender.connect() as client:
        least = client.prices().existence
        refusals = []
        if much < least and not client.balance(receiver).free:
            refusals.append(f"a new account needs {write_amount(least)} at least; send that much")
        plan = CallPlan(
            calls.transfer(receiver, much),
            f"send {write_amount(much)} to {receiver}",
            (Effect(payer, free=-much), Effect(receiver, free=much)),
            tuple(refusals),
        )
        sender.send(client, plan)


def wait(
    blocks: Blocks, *, chain: Url, timeout_s: Seconds = 3600.0, as_json: AsJson = False
) -> None:
    """Wait until the chain has this many more blocks. A development chain makes them at once."""
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)

    with connect(chain) as client:
        head = client.wait_until_block(client.head().number + blocks, timeout=timeout_s)
    if as_json:
        print_json({"block": head.number})
    else:
        console().print(f"block {head.number}")
