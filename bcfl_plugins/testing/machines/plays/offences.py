"""Members that sign two things, coordinators that accuse, and everybody who is early or late."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.cast import BASE
from bcfl_plugins.testing.machines.plays.company import STAKE, Company, reaching
from pallet_bridge import calls
from pallet_bridge.types import (
    Arbiter,
    LeafNotCommitted,
    Outcome,
    Planck,
    Quorum,
    TwoCommitments,
)

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage
    from pallet_bridge.keys import Signer

_SLOW = replace(
    BASE,
    quorum=Quorum(count=2),
    settle_blocks=8,
    dispute_blocks=16,
    unbonding_blocks=60,
    retention_blocks=30,
    strikes_to_slash=1,
)
"""One strike is an offence, and there is time to argue about it."""


def _caught(stage: Stage, arbiter: Arbiter | None = None) -> Company:
    """Let the first member sign twice in round 0, and the coordinator relay both."""
    terms = _SLOW if arbiter is None else replace(_SLOW, arbiter=arbiter)
    company = Company.found(stage, terms)
    first, second, _ = company.members
    company.open()
    company.relay(company.signed(first, 0), company.signed(second, 0))
    company.relay(company.signed(first, 1))
    return company


def _proof(company: Company, who: Signer, *seeds: int) -> TwoCommitments:
    one, other = (company.signed(who, seed).signed() for seed in seeds)
    return TwoCommitments(who.account, one, other)


@reaching(
    "AlreadyReported", "NotAnOffence", "ProofInvalid", "DisputeWindowOpen", "OffenceNotDisputed",
    "OffencePending", "Suspended", "OffenceNotFound", "NotParticipant",
)  # fmt: skip
def two_faces(stage: Stage, draw: Draw) -> None:
    """Sign two updates for one round, be caught, and go on as if nothing was."""
    company = _caught(stage)
    first, second, third = company.members
    number, who = company.newest, company.stranger
    company.do("report_equivocation", number, _proof(company, first, 0, 1), by=who)
    company.do("report_equivocation", number, _proof(company, second, 0, 0), by=who)
    company.do("report_equivocation", number, _proof(company, third, 0, 1), by=who)
    forged = _proof(company, second, 0, 1)
    forged = replace(forged, second=replace(forged.second, signature=bytes(64)))
    company.do("report_equivocation", number, forged, by=who)
    company.do("execute_slash", number, first.account, by=who)
    company.do("execute_slash", number, second.account, by=who)
    uphold = bool(draw(st.booleans()))
    company.do("resolve", number, first.account, uphold=uphold, by=company.arbiter)
    company.do("lapse", number, first.account, by=who)
    company.do("withdraw", first.account, by=who)
    company.settle(company.verdicts())
    company.open()
    company.commit(first)
    company.do("register_attester", bytes(32), by=first)
    company.do("abort", company.newest, by=company.coordinator)


@reaching(
    "AlreadyDisputed", "DisputeOpen", "NotArbiter", "CoordinatorConflict", "DisputeClosed",
    "OffenceNotFound",
)  # fmt: skip
def quarrel(stage: Stage, draw: Draw) -> None:
    """Dispute an offence, and let everybody decide it who must not."""
    company = _caught(stage)
    first = company.members[0]
    number, who = company.newest, company.stranger
    for _ in range(2):
        company.do("dispute", number, by=first)
    company.do("execute_slash", number, first.account, by=who)
    company.do("lapse", number, first.account, by=who)
    for judge in (who, first):
        company.do("resolve", number, first.account, uphold=False, by=judge)
    arbiter, coordinator = company.arbiter, company.coordinator
    company.do("replace_coordinator", arbiter.account, by=coordinator)
    company.do("resolve", number, first.account, uphold=True, by=arbiter)
    company.do("replace_coordinator", coordinator.account, by=arbiter)
    if draw(st.booleans()):
        company.do("resolve", number, first.account, uphold=bool(draw(st.booleans())), by=arbiter)
    found = company.books.offences[number, first.account]
    if found.dispute is not None:
        stage.wait_past(found.dispute.until)
        company.do("resolve", number, first.account, uphold=True, by=arbiter)
        company.do("lapse", number, first.account, by=who)
    company.do("execute_slash", number, first.account, by=who)
    company.do("execute_slash", number, first.account, by=who)
    again = _caught(stage)
    again.do("dispute", again.newest, by=first)
    found = again.books.offences[again.newest, first.account]
    stage.wait_past(0 if found.dispute is None else found.dispute.until)
    again.do("resolve", again.newest, first.account, uphold=True, by=arbiter)


@reaching("ReportWindowClosed", "DisputeClosed", "OffencePending", "RoundOffencesPending")
def slow_justice(stage: Stage, draw: Draw) -> None:
    """Leave an offence alone until all windows are over, and then do everything at once."""
    company = Company.found(stage, _SLOW)
    first, second, _ = company.members
    company.open()
    company.commit(first, second)
    company.settle(company.verdicts())
    number, reporter = company.newest, (company.stranger, second)[draw(st.integers(0, 1))]
    company.do("report_equivocation", number, _proof(company, first, 0, 1), by=reporter)
    stage.wait_past(company.settlement.dispute_until)
    company.do("report_equivocation", number, _proof(company, second, 0, 1), by=reporter)
    company.do("claim", first.account, [number], by=first)
    stage.wait_past(company.settlement.claim_until)
    company.do("dispute", number, by=first)
    company.do("expire", number, by=first)
    until = max(company.round.ended_at or 0, company.round.settle_until)
    stage.wait_past(until + _SLOW.retention_blocks)
    company.do("prune", number, 9, by=first)
    company.do("execute_slash", number, first.account, by=reporter)
    company.do("prune", number, 9, by=reporter)


@reaching(
    "RoundNotSettled", "NotAnOffence", "AlreadyReported", "ProofInvalid", "NotCommitted",
    "RoundVoided",
)  # fmt: skip
def false_witness(stage: Stage, draw: Draw) -> None:
    """Post a digest that a member never revealed, accuse it of the difference, and be refuted."""
    company = Company.found(stage, replace(_SLOW, quorum=Quorum(count=3)), members=3)
    company.open()
    company.commit(*company.members)
    number = company.newest
    victim, bystander, third = sorted(company.members, key=lambda member: member.account)
    openings = [company.signed(who).opening() for who in (victim, bystander, third)]
    leaves = [one.leaf for one in company.planned().posted]
    honest = company.planned().posted[1]
    company.do("report_mismatch", number, honest, openings[1], by=company.stranger)
    leaves[0] = replace(leaves[0], digest=bytes([draw(st.integers(1, 9))]) * 32)
    leaves[2] = replace(leaves[2], commitment=bytes(32))
    posted = company.post_leaves(leaves, Planck(sum(leaf.reward for leaf in leaves)))
    for place, opening in ((0, 1), (1, 1), (2, 2), (0, 0), (0, 0)):
        proven = posted[place]
        company.do("report_mismatch", number, proven, openings[opening], by=company.stranger)
    company.do("report_bad_root", number, LeafNotCommitted(posted[2]), by=bystander)
    stage.wait_past(company.books.offences[number, victim.account].executable_at)
    company.do("execute_slash", number, victim.account, by=third)
    company.do("lapse", number, victim.account, by=third)


@reaching("OffencePending", "DisputeWindowOpen")
def streak(stage: Stage, draw: Draw) -> None:
    """Be rejected until it is an offence, and unbond everything before the slash."""
    company = _caught(stage, Arbiter.COUNCIL)
    first, second, _ = company.members
    company.settle(company.verdicts(Outcome.REJECTED))
    number = company.newest
    company.do("unbond", STAKE, by=second)
    company.do("execute_slash", number, second.account, by=company.stranger)
    company.do("withdraw", second.account, by=second)
    company.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    company.do("resolve", number, first.account, uphold=uphold, by=company.arbiter)
    company.by_council(calls.resolve(company.number, number, first.account, uphold=uphold))
    company.do("execute_slash", number, first.account, by=company.stranger)
    stage.wait_past(company.books.offences[number, second.account].executable_at)
    company.do("execute_slash", number, second.account, by=company.stranger)
