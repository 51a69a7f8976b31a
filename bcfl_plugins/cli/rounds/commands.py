"""``bcfl abort``, ``seal``, ``expire``, ``prune``, ``lapse`` and ``execute-slash``."""

from __future__ import annotations

from typing import Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    Accused,
    ActingFor,
    ChainHash,
    DryRun,
    OfRound,
    WaitFor,
    WaitOption,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - the same
from bcfl_plugins.cli.rounds import PANEL
from bcfl_plugins.cli.rounds.outbox import outbox
from bcfl_plugins.errors import ConfigError

MaybeOpen = Annotated[
    int | None,
    typer.Option("--round", min=0, help="The round's number. Default: the one that is open."),
]
MostRecords = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        help="Most records to remove; the fee grows with it. Default: all, up to 100.",
    ),
]
_AT_ONCE = 100


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("outbox", rich_help_panel=PANEL)(outbox)
    app.command("abort", rich_help_panel=PANEL)(abort)
    app.command("seal", rich_help_panel=PANEL)(seal)
    app.command("expire", rich_help_panel=PANEL)(expire)
    app.command("prune", rich_help_panel=PANEL)(prune)
    app.command("lapse", rich_help_panel=PANEL)(lapse)
    app.command("execute-slash", rich_help_panel=PANEL)(execute_slash)


def abort(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: MaybeOpen = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End a round without verdicts: one that a run left open, so that the next can begin.

    The coordinator may at any time; anyone once the time to settle it is over.
    """
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        number = _open_one(now.view.federation.open_round, round_id)
        found = now.client.round(federation, number, at=now.view.at)
        now.send(decide.abort(now.view, now.account, number, found))


def seal(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: MaybeOpen = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say by an event that a round's window is over, where its quorum did not. Anyone may."""
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        number = _open_one(now.view.federation.open_round, round_id)
        found = now.client.round(federation, number, at=now.view.at)
        now.send(decide.seal(now.view, number, found))


def expire(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: OfRound,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give the escrow back what nobody claimed of a round in time. Anyone may."""
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        found = now.client.round(federation, round_id, at=now.view.at)
        now.send(decide.expire(now.view, round_id, found))


def prune(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: OfRound,
    limit: MostRecords = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove records of an old round from the state of the chain. Anyone may; its root stays."""
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        view = now.view
        found = now.client.round(federation, round_id, at=view.at)
        version = None if found is None else found.terms_version
        terms = now.client.terms(federation, version, at=view.at)
        stored = 0 if found is None else found.stored
        offences = sum(of == round_id for of, _ in now.client.offences(federation, at=view.at))
        most = limit or min(stored + offences + 1, _AT_ONCE)  # the committee is one more
        now.send(decide.prune(view, round_id, found, terms=terms, limit=most))


def lapse(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: OfRound,
    account: Accused,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End a dispute that nobody decided in time, in favour of the accused. Anyone may."""
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        who = read_account(account)
        offence = now.client.offences(federation, at=now.view.at).get((round_id, who))
        now.send(decide.lapse(now.view, round_id, who, offence))


def execute_slash(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: OfRound,
    account: Accused,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take what an offence costs, once nobody may dispute it any more. Anyone may.

    Until it is done the member cannot withdraw.
    """
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        who = read_account(account)
        offence = now.client.offences(federation, at=now.view.at).get((round_id, who))
        now.send(decide.execute_slash(now.view, round_id, who, offence))


def _open_one(current: int | None, named: int | None) -> int:
    if named is not None:
        return named
    if current is None:
        raise ConfigError("no round is open; `bcfl rounds` lists those that were")
    return current
