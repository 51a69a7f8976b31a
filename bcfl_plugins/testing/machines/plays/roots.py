"""Coordinators that post roots which cannot be right, and members who notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.cast import BASE
from bcfl_plugins.testing.machines.plays.company import Company, reaching
from pallet_bridge.settlement import prove
from pallet_bridge.types import (
    LeafNotCommitted,
    Outcome,
    Planck,
    Quorum,
    TwoLeaves,
)

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage

_ROOTS = replace(BASE, quorum=Quorum(count=3), dispute_blocks=6, unbonding_blocks=40,
                 retention_blocks=20)  # fmt: skip
_ENOUGH = Planck(100)
"""A reward that the honest leaf has, and that the totals do not state."""


def _sealed(stage: Stage) -> Company:
    company = Company.found(stage, _ROOTS, members=3)
    company.open()
    company.commit(*company.members)
    return company


@reaching(
    "SettlementDisputable", "RootNotBad", "ProofInvalid", "LeafUnsound", "CommitmentDiffers",
    "NotCommitted", "AlreadyJudged", "TotalsExceeded", "ReportWindowClosed",
)  # fmt: skip
def liar(stage: Stage, draw: Draw) -> None:
    """Post a root in which hardly a leaf may be applied, and apply them all."""
    company = _sealed(stage)
    leaves = [one.leaf for one in company.planned().posted]
    lie = draw(st.sampled_from([0, 1]))
    unsound = replace(leaves[1], reward=Planck(0), strikes=1)
    judged = replace(leaves[1], outcome=Outcome.EXCLUDED, reward=Planck(1))
    absent = replace(leaves[2], account=company.stranger.account)
    leaves = [replace(leaves[0], reward=_ENOUGH), (unsound, judged)[lie], absent]
    posted = company.post_leaves(leaves, Planck(_ENOUGH - 1))
    number = company.newest
    of = {one.leaf.account: one for one in posted}
    honest = of[leaves[0].account]
    company.do("apply_leaf", number, honest, by=company.stranger)
    company.do("report_bad_root", number, LeafNotCommitted(honest), by=company.stranger)
    moved = replace(honest, index=2)
    company.do("report_bad_root", number, TwoLeaves(honest, moved), by=company.stranger)
    stage.wait_past(company.settlement.dispute_until)
    company.do("report_bad_root", number, LeafNotCommitted(honest), by=company.stranger)
    company.do("apply_leaf", number, moved, by=company.stranger)
    for proven in posted:
        company.do("apply_leaf", number, proven, by=company.stranger)
    _another(stage, company)


def _another(stage: Stage, company: Company) -> None:
    """Post a second root with another commitment in a leaf, and apply one leaf twice."""
    company.open()
    company.commit(*company.members)
    leaves = [one.leaf for one in company.planned().posted]
    leaves[1] = replace(leaves[1], commitment=bytes([5]) * 32)
    posted = company.post_leaves(leaves, Planck(sum(leaf.reward for leaf in leaves)))
    stage.wait_past(company.settlement.dispute_until)
    for proven in (*posted, posted[0]):
        company.do("apply_leaf", company.newest, proven, by=company.stranger)


@reaching("NotMerkle", "RootNotBad", "ProofInvalid", "RoundVoided", "RoundNotSettled")
def twins(stage: Stage, draw: Draw) -> None:
    """Pay one account twice in a root; who shows both leaves voids the round."""
    company = _sealed(stage)
    first, second, third = company.members
    number = company.newest
    leaves = [one.leaf for one in company.planned().posted]
    bad = LeafNotCommitted(next(iter(prove(leaves))))
    company.do("report_bad_root", number, bad, by=first)
    lie = 1 + draw(st.integers(0, 1)) * 4
    if lie == 1:
        twice = [leaves[0], replace(leaves[0], score=3), leaves[1]]
    else:
        twice = [replace(leaves[0], commitment=bytes(32)), leaves[1], leaves[2]]
    posted = company.post_leaves(twice, Planck(0))
    where = [one for one in posted if one.leaf.account == leaves[0].account]
    proof = TwoLeaves(where[0], where[-1]) if lie == 1 else LeafNotCommitted(where[0])
    company.do("report_bad_root", number, TwoLeaves(where[0], where[0]), by=second)
    forged = replace(where[0], leaf=replace(where[0].leaf, score=99))
    company.do("report_bad_root", number, LeafNotCommitted(forged), by=second)
    for _ in range(2):
        company.do("report_bad_root", number, proof, by=third)
    company.do("apply_leaf", number, posted[-1], by=first)
    company.do("claim", first.account, [number], by=first)
    company.do("expire", number, by=first)
    company.open()
    company.commit(*company.members)
    plan = company.planned()
    company.settle(plan.verdicts)
    listed = LeafNotCommitted(plan.posted[0])
    company.do("report_bad_root", company.newest, listed, by=second)
