"""The statements about slashes: each follows an offence, in time, within the cap, and burns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.audit_rules import Finding
from pallet_bridge.types import PERBILL_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit_facts import Seen
    from pallet_bridge.audit_rules import Case
    from pallet_bridge.journal import SlashLine
    from pallet_bridge.types import AccountId

Place = tuple[int, "AccountId"]


def check_slashes(case: Case) -> Iterator[Finding]:
    """Check that each slash follows an offence, once, in time, and really burned stake."""
    offences: dict[Place, Seen] = {}
    done: set[Place] = set()
    for seen in case.facts.events:
        if seen.event.name == "OffenceRecorded":
            offences[_place(seen)] = seen
            done.discard(_place(seen))
        elif seen.event.name == "Slashed":
            place = _place(seen)
            case.checks["slashes"] += 1
            yield from _check_slash(case, seen, offences.get(place), again=place in done)
            done.add(place)


def check_offences(case: Case) -> Iterator[Finding]:
    """Check that no offence asks for more than the cap of the stake that was there."""
    for seen in case.facts.events:
        if seen.event.name != "OffenceRecorded":
            continue
        number, account = _place(seen)
        terms = case.facts.terms[case.facts.rounds[number].terms_version]
        stake, amount = seen.event.integer("stake"), seen.event.integer("amount")
        most = stake * terms.slash.cap // PERBILL_ONE
        case.checks["offences"] += 1
        if amount > most:
            statement = (
                f"round {number}: the offence of {account} asks for {amount} planck, the cap of "
                f"its stake is {most}"
            )
            yield Finding("slash", number, account, statement)


def check_slashes_told(case: Case) -> Iterator[Finding]:
    """Check that the journal tells the slashes of this run's rounds as they were carried out."""
    told = {(line.round, line.account): line for line in case.record.slashes}
    if len(told) != len(case.record.slashes):
        yield Finding("slash", None, None, "the journal tells a slash twice")
    truth = {
        _place(seen): seen
        for seen in case.facts.events
        if seen.event.name == "Slashed" and _place(seen)[0] in case.rounds
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


def check_issuance(case: Case) -> Iterator[Finding]:
    """Check I1: all balances together shrink by slashes and fees, and by nothing else."""
    facts = case.facts
    case.checks["issuance"] += 1
    if facts.issuance_drop != facts.fees + facts.slashed + facts.forfeited_bonds:
        statement = (
            f"issuance fell by {facts.issuance_drop} planck, the events say {facts.slashed} of "
            f"slashes, {facts.forfeited_bonds} of bonds and {facts.fees} of fees"
        )
        yield Finding("issuance", None, None, statement)


def _check_slash(case: Case, seen: Seen, offence: Seen | None, *, again: bool) -> Iterator[Finding]:
    number, account = _place(seen)
    where = f"round {number}: the slash of {account}"
    if offence is None:
        yield Finding("slash", number, account, f"{where} follows no recorded offence")
        return
    if again:
        yield Finding("slash", number, account, f"{where} was carried out twice")
    burned, amount = seen.event.integer("burned"), offence.event.integer("amount")
    shared = seen.event.integer("shared")
    if burned + shared > amount:
        statement = f"{where} took {burned + shared} planck, the offence asks for {amount}"
        yield Finding("slash", number, account, statement)
    terms = case.facts.terms[case.facts.rounds[number].terms_version]
    if shared * PERBILL_ONE > (burned + shared) * terms.reporter_share:
        statement = f"{where} paid {shared} planck to its reporter, above the terms' share"
        yield Finding("slash", number, account, statement)
    earliest = offence.event.integer("executable_at")
    upheld = any(
        decided.event.account() == account and decided.block.number <= seen.block.number
        for decided in case.facts.of("OffenceUpheld", number)
    )
    if seen.block.number < earliest and not upheld:
        statement = f"{where} was carried out in block {seen.block.number}, before {earliest}"
        yield Finding("slash", number, account, statement)
    burn = (seen.block.number, seen.event.extrinsic, account, burned)
    if burned and burn not in case.facts.burns:
        statement = f"{where} says that {burned} planck burned, the currency burned nothing"
        yield Finding("slash", number, account, statement)


def _place(seen: Seen) -> Place:
    return seen.event.integer("round"), seen.event.account()


def _told(line: SlashLine | None) -> str:
    if line is None:
        return "nothing"
    return f"{line.burned} of {line.amount} planck ({line.kind.value.lower()})"


def _carried_out(seen: Seen | None) -> str:
    if seen is None:
        return "nothing"
    event = seen.event
    burned, amount = event.integer("burned"), event.integer("amount")
    return f"{burned} of {amount} planck ({event.text('kind').lower()})"
