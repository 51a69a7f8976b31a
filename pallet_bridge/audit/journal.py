"""Statements about the journal: it tells each round and slash as the chain has them.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.facts import place_of
from pallet_bridge.types import RoundState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.audit.facts import BlockEvent, ChainFacts
    from pallet_bridge.run.journal_lines import RoundLine, SlashLine
    from pallet_bridge.types import Round


def check_overrides(audited: AuditedRun) -> Iterator[Finding]:
    """Check that nobody stood above the rules: the sudo key may change any state."""
    for block in audited.facts.overrides:
        statement = f"the chain's sudo key acted in block {block.number}, above the pallet's rules"
        yield Finding("chain", None, None, statement)


def check_journal(audited: AuditedRun) -> Iterator[Finding]:
    """Check that every round is in the journal once, with the end that it had on chain.

    A number that was used up without a round has nothing to tell.
    """
    lines = Counter(line.round for line in audited.record.rounds)
    for number, count in sorted(lines.items()):
        if count > 1:
            yield Finding(
                "journal", number, None, f"round {number} is {count} times in the journal"
            )
        if number not in audited.rounds:
            yield Finding("journal", number, None, f"the chain knows no round {number} of this run")
    for number in audited.rounds:
        yield from _check_round(audited, number)


def check_slashes_told(audited: AuditedRun) -> Iterator[Finding]:
    """Check that the journal tells the slashes of this run's rounds as they were carried out."""
    told = {(line.round, line.account): line for line in audited.record.slashes}
    if len(told) != len(audited.record.slashes):
        yield Finding("slash", None, None, "the journal tells a slash twice")
    truth = {
        place_of(seen): seen
        for seen in audited.facts.events
        if seen.event.name == "Slashed" and place_of(seen)[0] in audited.rounds
    }
    for place in sorted({*told, *truth}):
        number, account = place
        line, seen = told.get(place), truth.get(place)
        if _told(line) != _carried_out(seen):
            statement = (
                f"round {number}: the journal says that {account} lost {_told(line)}, "
                f"the chain says {_carried_out(seen)}"
            )
            yield Finding("slash", number, account, statement)


def _check_round(audited: AuditedRun, number: int) -> Iterator[Finding]:
    round_, line = audited.facts.rounds.get(number), audited.line(number)
    if round_ is None:
        yield Finding("journal", number, None, f"the chain knows no round {number}")
    elif round_.state is RoundState.OPEN:
        if line is not None:
            statement = f"round {number} is open on the chain, the journal says {line.outcome}"
            yield Finding("journal", number, None, statement)
    elif line is None:
        if not audited.facts.of("RoundSkipped", number) and not _ended_by_successor(
            audited.facts, number
        ):
            statement = f"round {number} ({round_.state.value.lower()}) is missing in the journal"
            yield Finding("journal", number, None, statement)
    else:
        found = list(_check_line(audited.facts, line, round_))
        yield from found
        if not found:
            audited.grounds.recompute("rounds told as they ended on chain")


def _ended_by_successor(facts: ChainFacts, number: int) -> bool:
    """Say whether a round ended because somebody took its coordinator's place."""
    ends = {(one.block, one.event.extrinsic) for one in facts.of("RoundAborted", number)}
    return any(
        (one.block, one.event.extrinsic) in ends
        for one in facts.events
        if one.event.name == "TakenOver"
    )


def _check_line(facts: ChainFacts, line: RoundLine, round_: Round) -> Iterator[Finding]:
    number = line.round
    ends = [*facts.of("RoundSettled", number), *facts.of("RoundAborted", number)]
    if [seen.block for seen in ends] != [line.block]:
        statement = f"round {number} did not end in block {line.block.number}, as the journal says"
        yield Finding("journal", number, None, statement)
    if line.outcome != round_.state.value.lower():
        statement = f"round {number} was {round_.state.value.lower()}, not {line.outcome}"
        yield Finding("journal", number, None, statement)
    settlement = round_.settlement
    if settlement is None or line.outcome != "settled":
        return
    claims = {"report": line.report, "model": line.model, "root": line.root}
    for name, claim in claims.items():
        truth: bytes = getattr(settlement, name)
        if claim != truth:
            said = "none" if claim is None else claim.hex()
            statement = f"round {number}: the journal's {name} is {said}, the chain's {truth.hex()}"
            yield Finding("journal", number, None, statement)


def _told(line: SlashLine | None) -> str:
    if line is None:
        return "nothing"
    return f"{line.burned} of {line.amount} planck ({line.kind.value.lower()})"


def _carried_out(seen: BlockEvent | None) -> str:
    if seen is None:
        return "nothing"
    event = seen.event
    burned, amount = event.integer("burned"), event.integer("amount")
    return f"{burned} of {amount} planck ({event.text('kind').lower()})"
