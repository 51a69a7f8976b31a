"""Coordinators that post roots that cannot be right, and members who notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge.settlement.merkle import prove
from pallet_bridge.testing.machine.accounts import BASE
from pallet_bridge.testing.scenarios.scenario import ScenarioFederation, reaching
from pallet_bridge.types import (
    AccountOmitted,
    LeafNotCommitted,
    LeavesOutOfOrder,
    Outcome,
    Planck,
    Quorum,
)

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_ROOTS = replace(BASE, quorum=Quorum(count=3), dispute_blocks=6, unbonding_blocks=40,
                 retention_blocks=20)  # fmt: skip
_ENOUGH = Planck(100)
"""A reward that the honest leaf has, and that the totals do not state."""


def _sealed(chain: CheckedChain) -> ScenarioFederation:
    federation = ScenarioFederation.found(chain, _ROOTS, members=3)
    federation.open()
    federation.commit(*federation.members)
    return federation


@reaching(
    "SettlementDisputable", "RootNotBad", "ProofInvalid", "LeafUnsound", "CommitmentDiffers",
    "NotCommitted", "AlreadyJudged", "TotalsExceeded", "ReportWindowClosed",
)  # fmt: skip
def post_unsound_leaves(chain: CheckedChain, draw: Draw) -> None:
    """Post a root in which hardly a leaf may be applied, and apply them all."""
    federation = _sealed(chain)
    leaves = [one.leaf for one in federation.planned().posted]
    lie = draw(st.sampled_from([0, 1]))
    unsound = replace(leaves[1], reward=Planck(0), strikes=1)
    judged = replace(leaves[1], outcome=Outcome.EXCLUDED, reward=Planck(1))
    absent = replace(leaves[2], account=federation.stranger.account)
    leaves = [replace(leaves[0], reward=_ENOUGH), (unsound, judged)[lie], absent]
    posted = federation.post_leaves(leaves, Planck(_ENOUGH - 1))
    number = federation.newest
    of = {one.leaf.account: one for one in posted}
    honest = of[leaves[0].account]
    federation.do("apply_leaf", number, honest, by=federation.stranger)
    federation.do("report_bad_root", number, LeafNotCommitted(honest), by=federation.stranger)
    moved = replace(honest, index=2)
    federation.do(
        "report_bad_root", number, LeavesOutOfOrder(honest, moved), by=federation.stranger
    )
    chain.wait_past(federation.settlement.dispute_until)
    federation.do("report_bad_root", number, LeafNotCommitted(honest), by=federation.stranger)
    federation.do("apply_leaf", number, moved, by=federation.stranger)
    for proven in posted:
        federation.do("apply_leaf", number, proven, by=federation.stranger)
    _another(chain, federation)


def _another(chain: CheckedChain, federation: ScenarioFederation) -> None:
    """Post a second root with another commitment in a leaf, and apply one leaf twice."""
    federation.open()
    federation.commit(*federation.members)
    leaves = [one.leaf for one in federation.planned().posted]
    leaves[1] = replace(leaves[1], commitment=bytes([5]) * 32)
    posted = federation.post_leaves(leaves, Planck(sum(leaf.reward for leaf in leaves)))
    chain.wait_past(federation.settlement.dispute_until)
    for proven in (*posted, posted[0]):
        federation.do("apply_leaf", federation.newest, proven, by=federation.stranger)


@reaching("NotMerkle", "RootNotBad", "ProofInvalid", "RoundVoided", "RoundNotSettled")
def post_two_leaves_of_one_account(chain: CheckedChain, draw: Draw) -> None:
    """Pay one account twice in a root; who shows both leaves voids the round."""
    federation = _sealed(chain)
    first, second, third = federation.members
    number = federation.newest
    leaves = [one.leaf for one in federation.planned().posted]
    bad = LeafNotCommitted(next(iter(prove(leaves))))
    federation.do("report_bad_root", number, bad, by=first)
    lie = 1 + draw(st.integers(0, 1)) * 4
    if lie == 1:
        twice = [leaves[0], replace(leaves[0], score=3), leaves[1]]
    else:
        twice = [replace(leaves[0], commitment=bytes(32)), leaves[1], leaves[2]]
    posted = federation.post_leaves(twice, Planck(0))
    where = [one for one in posted if one.leaf.account == leaves[0].account]
    proof = LeavesOutOfOrder(where[0], where[-1]) if lie == 1 else LeafNotCommitted(where[0])
    federation.do("report_bad_root", number, LeavesOutOfOrder(where[0], where[0]), by=second)
    forged = replace(where[0], leaf=replace(where[0].leaf, score=99))
    federation.do("report_bad_root", number, LeafNotCommitted(forged), by=second)
    for _ in range(2):
        federation.do("report_bad_root", number, proof, by=third)
    federation.do("apply_leaf", number, posted[-1], by=first)
    federation.do("claim", first.account, [number], by=first)
    federation.do("expire", number, by=first)
    federation.open()
    federation.commit(*federation.members)
    plan = federation.planned()
    federation.settle(plan.verdicts)
    listed = LeafNotCommitted(plan.posted[0])
    federation.do("report_bad_root", federation.newest, listed, by=second)


@reaching("RootNotBad", "ProofInvalid", "RoundVoided")
def leave_somebody_out(chain: CheckedChain, draw: Draw) -> None:
    """Post a root in which another has the place of a member, who shows that it is not there."""
    federation = _sealed(chain)
    number, who = federation.newest, federation.stranger
    leaves = [one.leaf for one in federation.planned().posted]
    place = draw(st.integers(0, 2))
    lost = leaves.pop(place).account
    leaves.append(replace(leaves[-1], account=type(lost)(bytes([255]) * 32)))
    before, *others = federation.post_leaves(leaves, Planck(0))
    around = {0: (None, before), 1: (before, others[0]), 2: (others[0], others[1])}
    proof = AccountOmitted(lost, *around[place])
    forged = replace(before, leaf=replace(before.leaf, score=77))
    for claimed in (
        replace(proof, account=who.account),
        replace(proof, before=others[-1]),
        replace(proof, before=forged),
        proof,
        proof,
    ):
        federation.do("report_bad_root", number, claimed, by=who)
    federation.open()
