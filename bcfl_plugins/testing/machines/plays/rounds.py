"""Coordinators and members that hurry, linger, or say what nobody asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.acts import MODEL, REPORT
from bcfl_plugins.testing.machines.cast import BASE
from bcfl_plugins.testing.machines.plays.company import Company, reaching
from pallet_bridge.types import UNIT, MemberVerdict, Outcome, Planck, Quorum, Totals

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage

_FAR = 1_000
_TWO = replace(
    BASE, quorum=Quorum(count=2), commit_blocks=12, settle_blocks=12, unbonding_blocks=40
)
"""Two commitments seal a round; there is time to try many things before it must be settled."""


@reaching(
    "EscrowShort", "NotCoordinator", "RoundInProgress", "RoundNotFound", "RoundNotSealed",
    "SettleWindowOpen", "AlreadyCommitted", "NotParticipant",
)  # fmt: skip
def hurried_coordinator(stage: Stage, draw: Draw) -> None:
    """Open without money, open two rounds at once, and settle before anybody could commit."""
    company = Company.found(stage, _TWO, funds=Planck(0))
    first, _, third = company.members
    company.open()
    company.do("fund", Planck(15 * UNIT), by=third)
    company.do("open_round", bytes(32), by=company.stranger)
    company.open()
    company.open()
    company.do("settle", _FAR, MODEL, REPORT, [], by=company.coordinator)
    company.settle([])
    company.do("seal", company.newest, by=company.stranger)
    company.do("abort", company.newest, by=company.stranger)
    company.commit(first)
    company.commit(third if draw(st.booleans()) else company.stranger)
    company.commit(first)
    company.do("abort", company.newest, by=company.coordinator)
    company.do("abort", company.newest, by=company.coordinator)


@reaching(
    "CommitWindowClosed", "AlreadySealed", "VerdictsNotSorted", "NotCommitted", "TotalsImpossible",
    "NotCoordinator", "SettleWindowClosed", "RoundNotOpen", "RoundNotSettled",
)  # fmt: skip
def clumsy_coordinator(stage: Stage, draw: Draw) -> None:
    """Settle with every mistake there is, until it is too late."""
    company = Company.found(stage, _TWO, members=3)
    first, second, third = company.members
    company.open()
    company.commit(first, second)
    company.commit(third)
    company.do("seal", company.newest, by=third)
    said = company.verdicts()
    company.settle(said * 2)
    company.settle([*said, MemberVerdict(third.account, bytes(32), Outcome.ACCEPTED, 0, 0, 1)])
    company.settle(said, by=company.stranger)
    wrong = (
        Totals(3, 0, 0, 0, Planck(0)),
        Totals(1, 1, 0, 2, Planck(0)),
        Totals(1, 0, 0, 0, Planck(UNIT * _FAR)),
        Totals(0, 0, 1, 0, Planck(1)),
    )[draw(st.integers(0, 3))]
    company.do("settle_root", company.newest, MODEL, REPORT, root=bytes(32), totals=wrong,
               by=company.coordinator)  # fmt: skip
    stage.wait_past(company.round.settle_until)
    company.settle(said)
    company.relay(company.signed(third))
    company.do("abort", company.newest, by=company.stranger)
    company.commit(third)
    company.do("expire", company.newest, by=company.stranger)
    company.do("claim", first.account, [company.newest], by=first)


@reaching(
    "SettlementDisputable", "NotMerkle", "NothingToClaim", "ClaimsOpen", "RetentionNotOver",
    "RoundExpired", "NothingToPrune", "ZeroAmount", "RoundInProgress", "OffenceNotFound",
)  # fmt: skip
def hoarder(stage: Stage, draw: Draw) -> None:
    """Take every reward twice, and the records away while they are needed."""
    company = Company.found(stage, _TWO)
    first, second, _ = company.members
    company.open()
    company.do("prune", company.newest, 9, by=company.stranger)
    company.commit(first, second)
    plan = company.planned()
    company.settle(plan.verdicts)
    number = company.newest
    company.do("claim", first.account, [number], by=first)
    company.do("apply_leaf", number, plan.posted[0], by=first)
    stage.wait_past(company.settlement.dispute_until)
    company.do("apply_leaf", number, plan.posted[0], by=first)
    for _ in range(2):
        company.do("claim", first.account, [number] * draw(st.integers(1, 3)), by=first)
    company.do("claim", company.stranger.account, [number], by=first)
    company.do("dispute", number, by=first)
    company.do("expire", number, by=company.stranger)
    company.do("prune", number, 9, by=company.stranger)
    stage.wait_past(company.settlement.claim_until)
    for _ in range(2):
        company.do("expire", number, by=company.stranger)
    company.do("claim", second.account, [number], by=second)
    until = max(company.round.ended_at or 0, company.round.settle_until)
    stage.wait_past(until + _TWO.retention_blocks)
    company.do("prune", number, 0, by=company.stranger)
    for limit in (1, 9, 9):
        company.do("prune", number, limit, by=company.stranger)
