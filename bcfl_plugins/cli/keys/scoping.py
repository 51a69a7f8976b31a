"""``bcfl keys restrict``, ``scope``, ``set-scope``, ``freeze`` and ``lift``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import ChainHash, DryRun, WaitFor, WaitOption
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender, belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KeySource, Url  # noqa: TC001 - typer reads it

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.cli.acting.plan import CallPlan
    from pallet_bridge.types import AccountId, KeyScope


class ScopeName(StrEnum):
    """What a key on a machine is for."""

    NODE = "node"
    COORDINATOR = "coordinator"
    ATTESTER = "attester"


OwnerAddress = Annotated[
    str,
    typer.Option(
        "--owner", help="Who acts for the account from then on: an address whose key is elsewhere."
    ),
]
ScopeOption = Annotated[ScopeName, typer.Option("--scope", help="What the key is for.")]
Restricted = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="The restricted account, as an address.")
]


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``keys``."""
    group.command("restrict")(restrict)
    group.command("scope")(show_scope)
    group.command("set-scope")(set_scope)
    group.command("freeze")(freeze)
    group.command("lift")(lift)


def restrict(
    *,
    chain: Url,
    key: KeySource,
    owner: OwnerAddress,
    scope: ScopeOption,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a key that lies on a machine send its scope's calls only; an owner does all else.

    From then on neither the machine nor who breaks into it can move what the account has, or change
    terms. The owner acts for it with `--for`. Only the owner can undo it.
    """
    from bcfl_plugins.cli.keys import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.scopes import key_owners, proxy_deposit, scope_of  # noqa: PLC0415

    sender = Sender(key, chain, dry_run, as_json, genesis, wait)
    account, boss = sender.account(), read_account(owner)
    with sender.connect() as client:
        plan = decide.restrict(
            account,
            boss,
            _scope(scope),
            now=scope_of(client, account),
            owners=key_owners(client, account),
            deposit=proxy_deposit(client),
        )
        sender.send(client, plan)


def show_scope(
    account: Restricted, *, chain: Url, genesis: ChainHash = None, as_json: AsJson = False
) -> None:
    """Say what an account's key is for, and who owns the account."""
    from pallet_bridge.scopes import key_owners, scope_of  # noqa: PLC0415 (loads the mirrors)

    who = read_account(account)
    with checked(chain, belief_of(genesis, None, None)) as client:
        at = client.head().hash
        scope, owners = scope_of(client, who, at=at), key_owners(client, who, at=at)
    named = None if scope is None else scope.value.lower()
    if as_json:
        print_json({"account": str(who), "scope": named, "owners": [str(one) for one in owners]})
        return
    console().print(f"the key of {who}: {named or 'everything'}")
    for one in owners:
        console().print(f"owned by {one}")


def set_scope(
    account: Restricted,
    *,
    chain: Url,
    key: KeySource,
    scope: ScopeOption,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a restricted key be for something else, as the account's owner."""
    from bcfl_plugins.cli.keys import decide  # noqa: PLC0415 (loads the mirrors)

    wanted = _scope(scope)
    sender = Sender(key, chain, dry_run, as_json, genesis, wait, account)
    _as_owner(sender, lambda who, now: decide.set_scope(who, wanted, now))


def freeze(
    account: Restricted,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take everything from a restricted key, as the account's owner: it may be stolen."""
    from bcfl_plugins.cli.keys import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.types import KeyScope  # noqa: PLC0415

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, account)
    _as_owner(sender, lambda who, now: decide.set_scope(who, KeyScope.FROZEN, now))


def lift(
    account: Restricted,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a restricted key be for everything again, as the account's owner."""
    from bcfl_plugins.cli.keys import decide  # noqa: PLC0415 (loads the mirrors)

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, account)
    _as_owner(sender, decide.lift)


def _as_owner(sender: Sender, made: Callable[[AccountId, KeyScope | None], CallPlan]) -> None:
    from pallet_bridge.scopes import scope_of  # noqa: PLC0415 (loads the mirrors)

    account = sender.account()
    with sender.connect() as client:
        sender.send(client, made(account, scope_of(client, account)))


def _scope(name: ScopeName) -> KeyScope:
    from pallet_bridge.types import KeyScope  # noqa: PLC0415 (loads the mirrors)

    return KeyScope[name.name]
