"""``bcfl federation name-successors``, ``take-over`` and ``pause``."""

from __future__ import annotations

from typing import Annotated

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
    succession_of,
)
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - the same
from bcfl_plugins.errors import ConfigError

Successors = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ACCOUNT]...", help="In their order, as addresses. None: nobody."),
]
PauseUntil = Annotated[
    int | None, typer.Option("--until", min=0, help="Last block of it. Or give --blocks.")
]
PauseBlocks = Annotated[int | None, typer.Option("--blocks", min=1, help="How long, from now on.")]


def register(group: typer.Typer) -> None:
    """Add the commands to the group."""
    group.command("name-successors")(name_successors)
    group.command("take-over")(take_over)
    group.command("pause")(pause)


def name_successors(
    accounts: Successors = None,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    idle: IdleBlocks = USUAL_IDLE,
    turn: TurnBlocks = USUAL_TURN,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say who may take over, without a vote, when the coordinator misses its deadlines.

    In force at once while there are no members, else after the notice of new terms. Where members
    govern: propose.
    """
    from bcfl_plugins.cli.federation import succession  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        line = succession_of(accounts or [], idle, turn)
        ranges = now.client.term_ranges()
        now.send(succession.name_successors(now.view, now.account, line, ranges))


def take_over(
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
    """Coordinate in place of one that missed its deadlines, as its successor.

    What the terms ask for as a bond goes on hold. A round that is open ends without a settlement.
    """
    from bcfl_plugins.cli.federation import succession  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(succession.plan_take_over(now.client, now.view, now.account))


def pause(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    until: PauseUntil = None,
    blocks: PauseBlocks = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say as the coordinator that there is no round for a while, so that nobody takes over."""
    from bcfl_plugins.cli.federation import succession  # noqa: PLC0415 (loads the mirrors)

    if (until is None) == (blocks is None):
        raise ConfigError("say how long: --until BLOCK, or --blocks COUNT")
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        block = until if until is not None else now.view.clock.block + (blocks or 0)
        office = now.client.office(federation, at=now.view.at)
        ranges = now.client.term_ranges()
        now.send(succession.pause(now.view, now.account, block, office, ranges))
