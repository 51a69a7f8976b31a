"""``bcfl join``, ``stake``, ``unbond`` and ``withdraw``."""

from __future__ import annotations

from typing import Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    Amount,
    ChainHash,
    DryRun,
    MaybeAccount,
    MaybeAmount,
    WaitFor,
    WaitOption,
    planck,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - the same
from bcfl_plugins.errors import ConfigError

Stake = Annotated[
    str | None,
    typer.Option("--stake", help='What goes on hold, such as "100 UNIT". Default: the least.'),
]
Agreed = Annotated[
    str | None,
    typer.Option(
        "--terms", help="Hash of the terms that you agree to; `bcfl federation terms` says it."
    ),
]

Everybody = Annotated[bool, typer.Option("--all", help="Of all members who have some free.")]

_AT_ONCE = 50

_PANEL = "Members"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("join", rich_help_panel=_PANEL)(join)
    app.command("stake", rich_help_panel=_PANEL)(stake)
    app.command("unbond", rich_help_panel=_PANEL)(unbond)
    app.command("withdraw", rich_help_panel=_PANEL)(withdraw)


def join(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    stake: Stake = None,
    terms: Agreed = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Become a member: put a stake on hold, and agree to the federation's terms.

    An offence under the terms can take a part of the stake. Read them first with `bcfl federation
    terms`, and give their hash. Without it they are shown, and a person is asked.
    """
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.member.consent import agreed  # noqa: PLC0415

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        plan = decide.join(
            now.view,
            now.account,
            now.view.terms.min_stake if stake is None else planck(stake, "--stake"),
            agreed(now.view, terms, ask=not dry_run),
            member=now.member(),
            invitation=now.client.invitation(federation, now.account, at=now.view.at),
        )
        now.send(plan)


def stake(
    amount: Amount,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put more stake on hold, as a member."""
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(decide.add_stake(now.view, now.account, planck(amount), now.member()))


def unbond(
    amount: MaybeAmount = None,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send stake on its way out; it is free some blocks later, and `bcfl withdraw` releases it.

    Until then it stays on hold, and an offence can take of it.
    """
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        plan = decide.unbond(
            now.view,
            now.account,
            None if amount is None else planck(amount),
            member=now.member(),
            attester=now.client.attesters(federation, at=now.view.at).get(now.account),
        )
        now.send(plan)


def withdraw(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    account: MaybeAccount = None,
    everybody: Everybody = False,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Release stake that is free, to its owner. Anyone may do it for any account.

    A member without stake leaves the federation by it. One with strikes leaves by its own call
    only, as that takes its rewards that are not vested.
    """
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)

    if everybody and account is not None:
        raise ConfigError("give --account or --all, not both")
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        if everybody:
            members = now.client.participants(federation, at=now.view.at)
            now.send(decide.withdraw_all(now.view, members, _AT_ONCE, signer=now.account))
            return
        owner = now.account if account is None else read_account(account)
        now.send(decide.withdraw(now.view, owner, now.member(owner), signer=now.account))
