"""``bcfl federation set-terms``, ``propose``, ``vote`` and what else governs a federation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    USUAL_IDLE,
    USUAL_TURN,
    ActingFor,
    ChainHash,
    DryRun,
    IdleBlocks,
    TurnBlocks,
    WaitFor,
    WaitOption,
    digest,
    succession_of,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - the same
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId, Succession, Terms

ChangesFrom = Annotated[
    Path | None,
    typer.Option("--terms", help="TOML file with keys of bcfl.terms; the others stay as they are."),
]
ChangedTerms = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One changed term; may be repeated."),
]
Coordinator = Annotated[
    str | None, typer.Option("--coordinator", help="Another coordinator, as an address.")
]
OtherModel = Annotated[
    str | None, typer.Option("--model", help="Digest of the model to go on from, in hex.")
]
Successor = Annotated[
    list[str] | None,
    typer.Option("--successor", help="A successor of the coordinator; may be repeated, in order."),
]
Number = Annotated[int, typer.Argument(metavar="PROPOSAL", min=0, help="Its number.")]
Approve = Annotated[bool, typer.Option("--approve/--reject", help="For it, or against it?")]
MostVotes = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        help="Most votes to clear away; the fee grows with it. Default: as many as members, up to "
        "100.",
    ),
]
NewCoordinator = Annotated[str, typer.Argument(metavar="ACCOUNT", help="As an address.")]
NewModel = Annotated[str, typer.Argument(metavar="DIGEST", help="32 bytes in hex.")]

_AT_ONCE = 100


def register(group: typer.Typer) -> None:
    """Add the commands to the group."""
    group.command("set-terms")(set_terms)
    group.command("propose")(propose)
    group.command("vote")(vote)
    group.command("enact")(enact)
    group.command("replace-coordinator")(replace_coordinator)
    group.command("rebase")(rebase)
    group.command("skip-round")(skip_round)


def set_terms(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    terms: ChangesFrom = None,
    sets: ChangedTerms = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Announce changed terms, where the coordinator governs. Elsewhere: propose."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        changed = _changed(now.view.terms, terms, sets)
        ranges = now.client.term_ranges()
        now.send(govern.set_terms(now.view, now.account, changed, ranges))


def propose(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    terms: ChangesFrom = None,
    sets: ChangedTerms = None,
    coordinator: Coordinator = None,
    model: OtherModel = None,
    successor: Successor = None,
    idle: IdleBlocks = USUAL_IDLE,
    turn: TurnBlocks = USUAL_TURN,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let the members vote on terms, a coordinator, its successors, or a model to go on from."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.member.standing import read_motions  # noqa: PLC0415 (loads the mirrors)

    given = [terms is not None or bool(sets), coordinator is not None, model is not None]
    if sum([*given, bool(successor)]) != 1:
        raise ConfigError(
            "propose one thing: --set or --terms, --coordinator, --successor, or --model"
        )
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        proposal: Terms | AccountId | bytes | Succession
        if coordinator is not None:
            proposal = read_account(coordinator)
        elif model is not None:
            proposal = digest(model, "--model")
        elif successor:
            proposal = succession_of(successor, idle, turn)
        else:
            proposal = _changed(now.view.terms, terms, sets)
        plan = govern.propose(
            now.view,
            now.account,
            proposal,
            member=now.member(),
            ranges=now.client.term_ranges(),
            motions=read_motions(now.client, now.view),
        )
        now.send(plan)


def vote(
    number: Number,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    approve: Approve,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Vote on a proposal with the active stake that was there before it; once."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        plan = govern.vote(
            now.view,
            now.account,
            number,
            approve=approve,
            motion=now.client.motion(federation, number, at=now.view.at),
            member=now.member(),
        )
        now.send(plan)


def enact(
    number: Number,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    limit: MostVotes = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Decide a vote that is over, and clear its votes away. Anyone may."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        motion = now.client.motion(federation, number, at=now.view.at)
        most = limit or min(max(now.view.federation.members, 1), _AT_ONCE)
        now.send(govern.enact(now.view, number, motion, most))


def replace_coordinator(
    account: NewCoordinator,
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
    """Hand the coordination over, where the coordinator governs. Elsewhere: propose."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(govern.replace_coordinator(now.view, now.account, read_account(account)))


def rebase(
    model: NewModel,
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
    """Go on from another model than the last settled one, where the coordinator governs."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(govern.rebase(now.view, now.account, digest(model, "DIGEST")))


def skip_round(
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
    """Use the number of the next round up without a round, as its coordinator."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(govern.skip_round(now.view, now.account))


def _changed(base: Terms, file: Path | None, sets: list[str] | None) -> Terms:
    from bcfl_plugins.config.terms_file import changed, read_terms_file  # noqa: PLC0415

    return changed(base, {} if file is None else read_terms_file(file), sets or ())
