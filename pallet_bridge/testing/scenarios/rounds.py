"""Coordinators and members that hurry, linger, or say what nobody asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge.testing.machine.accounts import BASE
from pallet_bridge.testing.machine.memory import MODEL, REPORT
from pallet_bridge.testing.scenarios.scene import Scene, reaching
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
    scene = Scene.found(chain, _TWO, funds=Planck(0))
    first, _, third = scene.members
    scene.open()
    scene.do("fund", Planck(15 * UNIT), by=third)
    scene.do("open_round", bytes(32), by=scene.stranger)
    scene.open()
    scene.open()
    scene.do("settle", _FAR, MODEL, REPORT, [], by=scene.coordinator)
    scene.settle([])
    scene.do("seal", scene.newest, by=scene.stranger)
    scene.do("abort", scene.newest, by=scene.stranger)
    scene.commit(first)
    scene.commit(third if draw(st.booleans()) else scene.stranger)
    scene.commit(first)
    scene.do("abort", scene.newest, by=scene.coordinator)
    scene.do("abort", scene.newest, by=scene.coordinator)


@reaching(
    "CommitWindowClosed", "AlreadySealed", "VerdictsNotSorted", "NotCommitted", "TotalsImpossible",
    "NotCoordinator", "SettleWindowClosed", "RoundNotOpen", "RoundNotSettled",
)  # fmt: skip
def settle_with_mistakes(chain: CheckedChain, draw: Draw) -> None:
    """Settle with every mistake there is, until it is too late."""
    scene = Scene.found(chain, _TWO, members=3)
    first, second, third = scene.members
    scene.open()
    scene.commit(first, second)
    scene.commit(third)
    scene.do("seal", scene.newest, by=third)
    said = scene.verdicts()
    scene.settle(said * 2)
    scene.settle([*said, MemberVerdict(third.account, bytes(32), Outcome.ACCEPTED, 0, 0, 1)])
    scene.settle(said, by=scene.stranger)
    wrong = (
        Totals(3, 0, 0, 0, Planck(0)),
        Totals(1, 1, 0, 2, Planck(0)),
        Totals(1, 0, 0, 0, Planck(UNIT * _FAR)),
        Totals(0, 0, 1, 0, Planck(1)),
    )[draw(st.integers(0, 3))]
    scene.do("settle_root", scene.newest, MODEL, REPORT, root=bytes(32), totals=wrong,
               by=scene.coordinator)  # fmt: skip
    chain.wait_past(scene.round.settle_until)
    scene.settle(said)
    scene.relay(scene.signed(third))
    scene.do("abort", scene.newest, by=scene.stranger)
    scene.commit(third)
    scene.do("expire", scene.newest, by=scene.stranger)
    scene.do("claim", first.account, [scene.newest], by=first)


@reaching(
    "SettlementDisputable", "NotMerkle", "NothingToClaim", "ClaimsOpen", "RetentionNotOver",
    "RoundExpired", "NothingToPrune", "ZeroAmount", "RoundInProgress", "OffenceNotFound",
)  # fmt: skip
def claim_twice_and_prune_early(chain: CheckedChain, draw: Draw) -> None:
    """Take every reward twice, and the records away while they are needed."""
    scene = Scene.found(chain, _TWO)
    first, second, _ = scene.members
    scene.open()
    scene.do("prune", scene.newest, 9, by=scene.stranger)
    scene.commit(first, second)
    plan = scene.planned()
    scene.settle(plan.verdicts)
    number = scene.newest
    scene.do("claim", first.account, [number], by=first)
    scene.do("apply_leaf", number, plan.posted[0], by=first)
    chain.wait_past(scene.settlement.dispute_until)
    scene.do("apply_leaf", number, plan.posted[0], by=first)
    for _ in range(2):
        scene.do("claim", first.account, [number] * draw(st.integers(1, 3)), by=first)
    scene.do("claim", scene.stranger.account, [number], by=first)
    scene.do("dispute", number, by=first)
    scene.do("expire", number, by=scene.stranger)
    scene.do("prune", number, 9, by=scene.stranger)
    chain.wait_past(scene.settlement.claim_until)
    for _ in range(2):
        scene.do("expire", number, by=scene.stranger)
    scene.do("claim", second.account, [number], by=second)
    until = max(scene.round.ended_at or 0, scene.round.settle_until)
    chain.wait_past(until + _TWO.retention_blocks)
    scene.do("prune", number, 0, by=scene.stranger)
    for limit in (1, 9, 9):
        scene.do("prune", number, limit, by=scene.stranger)
