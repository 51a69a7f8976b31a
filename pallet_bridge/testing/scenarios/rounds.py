"""Coordinators and members that hurry, linger, or say what nobody asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge.testing.machine.accounts import BASE
from pallet_bridge.testing.machine.memory import MODEL, REPORT
from pallet_bridge.testing.scenarios.scenario import ScenarioFederation, reaching
from pallet_bridge.types import UNIT, MemberVerdict, Outcome, Planck, Quorum, Totals

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_FAR = 1_000
_TWO = replace(
    BASE, quorum=Quorum(count=2), commit_blocks=12, settle_blocks=12, unbonding_blocks=40
)
"""Two commitments seal a round; there is time to try many things before it must be settled."""


@reaching(
    "EscrowShort", "NotCoordinator", "RoundInProgress", "RoundNotFound", "RoundNotSealed",
    "SettleWindowOpen", "AlreadyCommitted", "NotParticipant",
)  # fmt: skip
def open_and_settle_too_early(chain: CheckedChain, draw: Draw) -> None:
    """Open without money, open two rounds at once, and settle before anybody could commit."""
    federation = ScenarioFederation.found(chain, _TWO, funds=Planck(0))
    first, _, third = federation.members
    federation.open()
    federation.do("fund", Planck(15 * UNIT), by=third)
    federation.do("open_round", bytes(32), by=federation.stranger)
    federation.open()
    federation.open()
    federation.do("settle", _FAR, MODEL, REPORT, [], by=federation.coordinator)
    federation.settle([])
    federation.do("seal", federation.newest, by=federation.stranger)
    federation.do("abort", federation.newest, by=federation.stranger)
    federation.commit(first)
    federation.commit(third if draw(st.booleans()) else federation.stranger)
    federation.commit(first)
    federation.do("abort", federation.newest, by=federation.coordinator)
    federation.do("abort", federation.newest, by=federation.coordinator)


@reaching(
    "CommitWindowClosed", "AlreadySealed", "VerdictsNotSorted", "NotCommitted", "TotalsImpossible",
    "NotCoordinator", "SettleWindowClosed", "RoundNotOpen", "RoundNotSettled",
)  # fmt: skip
def settle_with_mistakes(chain: CheckedChain, draw: Draw) -> None:
    """Settle with every mistake there is, until it is too late."""
    federation = ScenarioFederation.found(chain, _TWO, members=3)
    first, second, third = federation.members
    federation.open()
    federation.commit(first, second)
    federation.commit(third)
    federation.do("seal", federation.newest, by=third)
    verdicts = federation.verdicts()
    federation.settle(verdicts * 2)
    federation.settle(
        [*verdicts, MemberVerdict(third.account, bytes(32), Outcome.ACCEPTED, 0, 0, 1)]
    )
    federation.settle(verdicts, by=federation.stranger)
    wrong = (
        Totals(3, 0, 0, 0, Planck(0)),
        Totals(1, 1, 0, 2, Planck(0)),
        Totals(1, 0, 0, 0, Planck(UNIT * _FAR)),
        Totals(0, 0, 1, 0, Planck(1)),
    )[draw(st.integers(0, 3))]
    federation.do("settle_root", federation.newest, MODEL, REPORT, root=bytes(32), totals=wrong,
               by=federation.coordinator)  # fmt: skip
    chain.wait_past(federation.round.settle_until)
    federation.settle(verdicts)
    federation.relay(federation.signed(third))
    federation.do("abort", federation.newest, by=federation.stranger)
    federation.commit(third)
    federation.do("expire", federation.newest, by=federation.stranger)
    federation.do("claim", first.account, [federation.newest], by=first)


@reaching(
    "SettlementDisputable", "NotMerkle", "NothingToClaim", "ClaimsOpen", "RetentionNotOver",
    "RoundExpired", "NothingToPrune", "ZeroAmount", "RoundInProgress", "OffenceNotFound",
)  # fmt: skip
def claim_twice_and_prune_early(chain: CheckedChain, draw: Draw) -> None:
    """Take every reward twice, and the records away while they are needed."""
    federation = ScenarioFederation.found(chain, _TWO)
    first, second, _ = federation.members
    federation.open()
    federation.do("prune", federation.newest, 9, by=federation.stranger)
    federation.commit(first, second)
    plan = federation.planned()
    federation.settle(plan.verdicts)
    number = federation.newest
    federation.do("claim", first.account, [number], by=first)
    federation.do("apply_leaf", number, plan.posted[0], by=first)
    chain.wait_past(federation.settlement.dispute_until)
    federation.do("apply_leaf", number, plan.posted[0], by=first)
    for _ in range(2):
        federation.do("claim", first.account, [number] * draw(st.integers(1, 3)), by=first)
    federation.do("claim", federation.stranger.account, [number], by=first)
    federation.do("dispute", number, by=first)
    federation.do("expire", number, by=federation.stranger)
    federation.do("prune", number, 9, by=federation.stranger)
    chain.wait_past(federation.settlement.claim_until)
    for _ in range(2):
        federation.do("expire", number, by=federation.stranger)
    federation.do("claim", second.account, [number], by=second)
    until = max(federation.round.ended_at or 0, federation.round.settle_until)
    chain.wait_past(until + _TWO.retention_blocks)
    federation.do("prune", number, 0, by=federation.stranger)
    for limit in (1, 9, 9):
        federation.do("prune", number, limit, by=federation.stranger)
