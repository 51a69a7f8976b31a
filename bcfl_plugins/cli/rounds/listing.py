"""``bcfl rounds``: what became of each round, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.acting.options import ChainHash  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.acting.send import belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import FederationNumber, Url  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.rounds import PANEL
from bcfl_plugins.config.tables import write_amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.cli.acting.times import BlockClock
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, Offence, Round, Terms

Last = Annotated[int, typer.Option("--last", min=1, help="How many rounds, the newest.")]


@dataclass(frozen=True, slots=True)
class ListedRound:
    """One round, and what may be done about it.

    Parameters
    ----------
    number : int
        The round.
    round : Round
        What is stored of it.
    offences : Mapping
        The offences that wait in it, by account.
    todo : tuple of (str, int)
        Commands, each with the first block in which it works.
    """

    number: int
    round: Round
    offences: Mapping[AccountId, Offence]
    todo: tuple[tuple[str, int], ...]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("rounds", rich_help_panel=PANEL)(rounds)


def rounds(
    *,
    chain: Url,
    federation: FederationNumber,
    last: Last = 10,
    genesis: ChainHash = None,
    as_json: AsJson = False,
) -> None:
    """List the newest rounds: their state, windows and money, and which commands they need."""
    from bcfl_plugins.cli.acting.view import look  # noqa: PLC0415 (loads the mirrors)

    with checked(chain, belief_of(genesis, None, None)) as client:
        view = look(client, federation)
        newest = view.federation.next_round
        found = {
            number: one
            for number in range(max(0, newest - last), newest)
            if (one := client.round(federation, number, at=view.at)) is not None
        }
        versions = {one.terms_version for one in found.values()}
        terms = {version: client.terms(federation, version, at=view.at) for version in versions}
        offences = client.offences(federation, at=view.at)
    lines = [
        line(view, number, one, terms[one.terms_version], offences) for number, one in found.items()
    ]
    if as_json:
        record = {"federation": federation, "block": view.clock.block, "next": newest}
        print_json(record | {"rounds": [_record(view.clock, one) for one in lines]})
        return
    out = console()
    for shown in lines:
        for text in _texts(view.clock, shown):
            out.print(escape(text))
    out.print(f"the next round is {newest}; now block {view.clock.block}")


def line(
    view: View,
    number: int,
    found: Round,
    terms: Terms,
    offences: Mapping[tuple[int, AccountId], Offence],
) -> ListedRound:
    """Return a round with what may be done about it."""
    mine = {who: one for (of, who), one in offences.items() if of == number and one.waits}
    return ListedRound(number, found, mine, tuple(_todo(view, number, found, terms, mine)))


def _todo(
    view: View,
    number: int,
    found: Round,
    terms: Terms,
    offences: Mapping[AccountId, Offence],
) -> Iterator[tuple[str, int]]:
    from bcfl_plugins.cli.rounds.decide import claims_end, kept_until  # noqa: PLC0415 (mirrors)

    if found.ended_at is None:
        if found.sealed_at is None:
            yield f"bcfl seal --round {number}", found.commit_until + 1
        yield f"bcfl abort --round {number}", found.settle_until + 1
    for who, one in offences.items():
        place = f"--round {number} --account {who}"
        if one.dispute is None:
            yield f"bcfl execute-slash {place}", one.executable_at
        else:
            yield f"bcfl lapse {place}", one.dispute.until + 1
    unpaid, until = claims_end(found)
    if unpaid and until is not None:
        if view.clock.block < until:
            after = 0 if found.settlement is None else found.settlement.dispute_until + 1
            yield "bcfl claim", after
        yield f"bcfl expire --round {number}", until + 1
    kept = kept_until(found, terms)
    if kept is not None and found.stored:
        yield f"bcfl prune --round {number}", kept + 1


def _texts(clock: BlockClock, one: ListedRound) -> Iterator[str]:
    found = one.round
    text = f"round {one.number}: {found.state.value.lower()}, {found.commitments} commitments"
    if found.settlement is not None:
        totals = found.settlement.totals
        text += (
            f"; {totals.accepted} accepted, {totals.rejected} rejected, {totals.excluded} "
            f"excluded; {write_amount(found.settlement.unpaid)} unpaid"
        )
    yield text
    if found.ended_at is None:
        yield f"  commitments until {clock.until(found.commit_until)}"
        yield f"  settlement until {clock.until(found.settle_until)}"
    for who, offence in one.offences.items():
        yield f"  {offence.kind.value} of {who}, {offence.state.value.lower()}"
    for command, since in one.todo:
        yield f"  {command}" + ("" if clock.has_come(since) else f": from {clock.until(since)}")


def _record(clock: BlockClock, one: ListedRound) -> dict[str, object]:
    found, settled = one.round, one.round.settlement
    return {
        "round": one.number,
        "state": found.state.value,
        "commitments": found.commitments,
        "commit_until": found.commit_until,
        "settle_until": found.settle_until,
        "sealed_at": found.sealed_at,
        "ended_at": found.ended_at,
        "unpaid": 0 if settled is None else settled.unpaid,
        "claim_until": None if settled is None else settled.claim_until,
        "offences": [
            {
                "account": str(who),
                "kind": offence.kind.value,
                "state": offence.state.value,
                "amount": offence.amount,
                "executable_at": offence.executable_at,
            }
            for who, offence in one.offences.items()
        ],
        "commands": [
            {"command": command, "now": clock.has_come(since), **clock.record(since)}
            for command, since in one.todo
        ],
    }
