"""What signed sketches show, on rounds that were made up: real signatures, real rules, no chain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.published.inputs import LiveInputs
from bcfl_plugins.published.sketches import RoundSketches
from bcfl_plugins.published.stops import DoesNotHold
from bcfl_plugins.replay.bearing import Bearing
from bcfl_plugins.replay.material import Material
from bcfl_plugins.replay.sketched import SignedRound
from bcfl_plugins.secure.signed_sketches import (
    SketchedUpdate,
    fixed,
    seed_of,
    sketch_payload,
    sketched,
)
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Sealed
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from pallet_bridge.run.judgements import Evidence, Level
from pallet_bridge.run.store import FolderStore
from pallet_bridge.types import BlockRef
from tests.unit.pallet_bridge.audit.paper import MEMBERS, report

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.published.inputs import KeptInputs
    from pallet_bridge.run.reports import RoundReport

SIZE = SketchSize(3, 1024)
LENGTH = 6000
EVENING = frozenset({"cluster_guard"})
SEAL = BlockRef(9, b"\x09" * 32)


def steps(number: int) -> np.ndarray:
    rng = np.random.default_rng([7, number])
    way = np.random.default_rng(7).standard_normal(LENGTH)
    return np.asarray(0.01 * (way + rng.standard_normal(LENGTH)), np.float64)


@dataclass
class Made:
    """A round in which each member moved the model, and signed sketches of that."""

    moved: list[np.ndarray] = field(default_factory=lambda: [steps(n) for n in range(3)])
    second: dict[int, np.ndarray] = field(default_factory=dict)
    arrays: tuple[str, ...] = ("w",)
    report: RoundReport = field(default_factory=lambda: report(0))

    @property
    def base(self) -> dict[str, np.ndarray]:
        parts = np.array_split(np.zeros(LENGTH), len(self.arrays))
        return dict(zip(self.arrays, parts, strict=True))

    def model(self, moved: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self.arrays, np.array_split(moved, len(self.arrays)), strict=True))

    def signed(self) -> SignedRound:
        commitments = {one.account: one.commitment for one in self.report.entries}
        sealed = Sealed(SEAL.hash, SEAL.number, commitments)
        listed: list[list[SketchedUpdate]] = []
        for model in (None, self.report.model):
            seed = seed_of(sealed, self.report.key, model)
            made = []
            for number, member in enumerate(MEMBERS):
                moved = self.moved[number]
                if model is not None:
                    moved = self.second.get(number, moved)
                vector = fixed(self.base, self.model(moved), SIZE.width)
                sketch = sketched(vector, SIZE, seed)
                who = member.account
                said = sketch_payload(
                    self.report.key, who, seed, commitments[who], vector.bits, sketch
                )
                made.append(SketchedUpdate(who, vector.bits, sketch, member.sign(said)))
            listed.append(made)
        kept = RoundSketches(SEAL.hash, SEAL.number, SIZE, tuple(listed[0]), tuple(listed[1]))
        return SignedRound(self.report, kept, sealed)

    def kept(self, method: str) -> KeptInputs:
        """Return what a rule reads of these updates."""
        updates = tuple(
            ClientUpdate(NodeRef(NodeId(number), member.account), self.model(moved), 7)
            for number, (member, moved) in enumerate(zip(MEMBERS, self.moved, strict=True))
        )
        ctx = RoundContext(RunInfo(1, 1), 1, None, self.base)
        live = LiveInputs(ctx, updates)
        rule = create_rule(method)
        live.decided(rule, Extras(ids=[str(one.account) for one in MEMBERS]))
        live.lengths(())
        return live.kept()


def test_an_honest_round_has_no_problem() -> None:
    made = Made()
    assert list(made.signed().problems(SEAL)) == []
    for method in ("multikrum", "cluster_guard"):
        bearing = Bearing(made.kept(method), made.signed(), EVENING)
        assert list(bearing.problems()) == []
        assert bearing.is_whole()


def test_a_node_that_takes_a_lie_of_the_model_upon_itself_is_named() -> None:
    """By its second sketch alone the model would be the sum; the first one was signed before."""
    lie = 0.02 * np.random.default_rng(1).standard_normal(LENGTH)
    signed = Made(second={1: steps(1) + lie}).signed()
    (problem,) = signed.problems(SEAL)
    assert problem == (MEMBERS[1].account, "its two sketches are not of one update")


@pytest.mark.parametrize("seal", [BlockRef(8, SEAL.hash), BlockRef(9, b"\x08" * 32)])
def test_a_seed_of_another_block_is_named(seal: BlockRef) -> None:
    ((_, problem),) = Made().signed().problems(seal)
    assert "by a seed of block 9" in problem


def test_one_more_member_of_the_round_is_another_seed() -> None:
    """The server cannot leave a commitment out of its report: the seed depends on all."""
    signed = Made().signed()
    fewer = dict(list(signed.sealed.commitments.items())[1:])
    told = replace(signed, sealed=replace(signed.sealed, commitments=fewer))
    assert "is not the one that it signed" in str(list(told.problems(SEAL)))


@pytest.mark.parametrize("method", ["multikrum", "cluster_guard"])
@pytest.mark.parametrize("factor", [2.0, 0.0])
def test_statistics_of_other_updates_are_named(method: str, factor: float) -> None:
    told = Made(moved=[steps(0), steps(1), factor * steps(2)])
    problems = list(Bearing(told.kept(method), Made().signed(), EVENING).problems())
    assert problems
    assert {None if node is None else node.account for node, _ in problems} <= {
        MEMBERS[2].account,
        MEMBERS[0].account,
    }


def test_an_update_that_is_said_to_be_equal_or_too_long_is_named() -> None:
    kept, signed = Made().kept("multikrum"), Made().signed()
    kept.equal = (0, 0, 2)
    assert "equal to another" in str(list(Bearing(kept, signed, EVENING).problems()))
    kept = Made().kept("multikrum")
    (one,) = kept.statistics.values()
    usable = one.usable.copy()
    usable[0] = False
    less = replace(one, usable=usable, gram=one.gram[1:, 1:], squares=one.squares[1:])
    kept.statistics = {"multikrum": less}
    assert "too long, and is not" in str(list(Bearing(kept, signed, EVENING).problems()))


def test_a_rule_that_measures_a_large_array_smaller_is_not_accused_but_not_borne_out() -> None:
    """`cluster_guard` holds arrays apart; sketches are of the whole update."""
    moved = [np.concatenate([100 * one[:2000], one[2000:]]) for one in map(steps, range(3))]
    made = Made(moved=moved, arrays=("embedding", "w", "v"))
    bearing = Bearing(made.kept("cluster_guard"), made.signed(), EVENING)
    assert list(bearing.problems()) == []
    assert not bearing.is_whole()
    strict = Bearing(made.kept("multikrum"), made.signed(), EVENING)
    assert list(strict.problems()) == []
    assert strict.is_whole()


def test_who_leaves_other_arrays_out_is_not_compared() -> None:
    made = Made(arrays=("w", "bn.running_mean"))
    bearing = Bearing(made.kept("multikrum"), made.signed(), EVENING)
    assert bearing.is_comparable(["bn.running_mean"])
    assert not bearing.is_comparable([])
    assert not bearing.is_comparable(["bn.running_mean", "w"])


def test_a_report_that_names_no_sketches_does_not_hold(tmp_path: Path) -> None:
    told = replace(report(0), evidence=Evidence(Level.SKETCH))
    with pytest.raises(DoesNotHold, match="does not say where the list of signed sketches is"):
        SignedRound.read(told, Material(FolderStore(tmp_path)))
