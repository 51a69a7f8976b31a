"""Statements about money: rewards follow the terms, slashes follow offences, and the sum holds.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.facts import place_of
from pallet_bridge.run.reports import RoundReport
from pallet_bridge.types import PERBILL_ONE, Outcome, Payout, Planck, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.audit.facts import BlockEvent, ChainFacts, Place
    from pallet_bridge.run.journal_lines import RoundLine
    from pallet_bridge.types import AccountId


def check_rewards(audited: AuditedRun) -> Iterator[Finding]:
    """Check that rewards follow from the terms and that the journal tells what was credited."""
    for number, settlement, leaves in audited.leaves():
        commitments = audited.facts.commitments[number]
        paid = _rewards(audited.facts, number)
        due = {leaf.account: leaf.reward for leaf in leaves if leaf.outcome is Outcome.ACCEPTED}
        for account in sorted({*due, *paid}):
            credited = paid.get(account)
            if credited is None and commitments[account].payout is Payout.FORFEITED:
                continue
            if settlement.mode is SettlementMode.MERKLE and not commitments[account].judged:
                continue  # nobody has applied this leaf yet
            if _is_due(audited, number, credited, due.get(account)):
                audited.grounds.recompute("rewards")
            else:
                statement = (
                    f"round {number}: {account} was rewarded with {_planck(credited)}, the terms "
                    f"give {_planck(due.get(account))}"
                )
                yield Finding("reward", number, account, statement)
        budget = audited.facts.terms[audited.facts.rounds[number].terms_version].round_reward
        total = sum(due.values())
        if total != settlement.totals.rewards or total > budget:
            statement = (
                f"round {number}: the report's rewards come to {total} planck, the settlement says "
                f"{settlement.totals.rewards} and the terms allow {budget}"
            )
            yield Finding("reward", number, None, statement)
        line = audited.line(number)
        if line is not None:
            paid_then = _rewards(audited.facts, number, block=settlement.settled_at)
            yield from _check_rewards_told(number, line, paid_then, due)


def check_offences(audited: AuditedRun) -> Iterator[Finding]:
    """Check that no offence asks for more than the cap of the stake that was there."""
    for seen in audited.facts.events:
        if seen.event.name != "OffenceRecorded":
            continue
        number, account = place_of(seen)
        terms = audited.facts.terms[audited.facts.rounds[number].terms_version]
        stake, amount = seen.event.integer("stake"), seen.event.integer("amount")
        most = stake * terms.slash.cap // PERBILL_ONE
        if amount <= most:
            audited.grounds.recompute("offences within the cap")
        else:
            statement = (
                f"round {number}: the offence of {account} asks for {amount} planck, the cap of "
                f"its stake is {most}"
            )
            yield Finding("slash", number, account, statement)


def check_slashes(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each slash follows an offence, once, in time, and really burned stake."""
    offences: dict[Place, BlockEvent] = {}
    done: set[Place] = set()
    for seen in audited.facts.events:
        if seen.event.name == "OffenceRecorded":
            offences[place_of(seen)] = seen
            done.discard(place_of(seen))
        elif seen.event.name == "Slashed":
            place = place_of(seen)
            found = list(_check_slash(audited, seen, offences.get(place), again=place in done))
            yield from found
            if not found:
                audited.grounds.recompute("slashes")
            done.add(place)


def check_issuance(audited: AuditedRun) -> Iterator[Finding]:
    """Check I1: all balances together shrink by slashes and fees, and by nothing else."""
    if not audited.closed:
        return
    facts = audited.facts
    if facts.issuance_drop != facts.fees + facts.slashed + facts.forfeited_bonds:
        statement = (
            f"issuance fell by {facts.issuance_drop} planck, the events say {facts.slashed} of "
            f"slashes, {facts.forfeited_bonds} of bonds and {facts.fees} of fees"
        )
        yield Finding("issuance", None, None, statement)
    else:
        audited.grounds.recompute("sums of all balances")


def _is_due(audited: AuditedRun, number: int, credited: Planck | None, due: Planck | None) -> bool:
    """Say whether what the chain credited follows from what a leaf gives.

    An account whose share still grows gets a part of it: so many of the rounds that its tenure
    takes, which the chain counts.
    """
    terms = audited.facts.terms[audited.facts.rounds[number].terms_version]
    grows = terms.tenure_rounds > 1 and isinstance(audited.reports[number], RoundReport)
    if not grows or due is None or credited is None:
        return credited == due
    tenure = terms.tenure_rounds
    return any(credited == due * served // tenure for served in range(1, tenure + 1))


def _check_rewards_told(
    number: int,
    line: RoundLine,
    paid: Mapping[AccountId, Planck],
    due: Mapping[AccountId, Planck],
) -> Iterator[Finding]:
    """Hold the journal against what the settlement itself credited: leaves of a root come later."""
    for account in sorted({*paid, *line.rewards}):
        told, truth = line.rewards.get(account), paid.get(account)
        if told != truth:
            statement = (
                f"round {number}: the journal rewards {account} with {_planck(told)}, the chain "
                f"with {_planck(truth)}; the terms give {_planck(due.get(account))}"
            )
            yield Finding("reward", number, account, statement)


def _check_slash(
    audited: AuditedRun, seen: BlockEvent, offence: BlockEvent | None, *, again: bool
) -> Iterator[Finding]:
    number, account = place_of(seen)
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
    terms = audited.facts.terms[audited.facts.rounds[number].terms_version]
    if shared * PERBILL_ONE > (burned + shared) * terms.reporter_share:
        statement = f"{where} paid {shared} planck to its reporter, above the terms' share"
        yield Finding("slash", number, account, statement)
    earliest = offence.event.integer("executable_at")
    upheld = any(
        decided.event.account() == account and decided.block.number <= seen.block.number
        for decided in audited.facts.of("OffenceUpheld", number)
    )
    if seen.block.number < earliest and not upheld:
        statement = f"{where} was carried out in block {seen.block.number}, before {earliest}"
        yield Finding("slash", number, account, statement)
    burn = (seen.block.number, seen.event.extrinsic, account, burned)
    if burned and burn not in audited.facts.burns:
        statement = f"{where} says that {burned} planck burned, the currency burned nothing"
        yield Finding("slash", number, account, statement)


def _rewards(facts: ChainFacts, number: int, block: int | None = None) -> dict[AccountId, Planck]:
    """Return what was credited for a round, in one block or in all."""
    return {
        seen.event.account(): Planck(seen.event.integer("amount"))
        for seen in facts.of("Rewarded", number)
        if block in {None, seen.block.number}
    }


def _planck(amount: Planck | None) -> str:
    return "nothing" if amount is None else f"{amount} planck"
