"""What `cluster_guard` says of sketches beside what it says of the updates themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.secure.sizes import MaskScale, bits_for
from bcfl_plugins.secure.sketches import Sketching, SketchSize, as_vector
from tests.unit.bcfl_plugins.secure.nodes import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

NODES, BYZANTINE, SIZE, ROUNDS = 20, 4, 42_000, 5
SCALE = MaskScale(1.0, bits_for(NODES, 1.0))


def judged(rounds: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Return (rounds, n) whom the rule keeps."""
    rule, state, kept = create_rule("cluster_guard"), None, []
    for updates in rounds:
        extras = Extras(
            reference={"w": np.zeros(updates[0].size)}, ids=list(range(NODES)), state=state
        )
        found = rule.aggregate([{"w": one} for one in updates], extras)
        state = found.state
        kept.append(found.decision.kept)
    return np.array(kept)


def attack(kind: str, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, 0.002, SIZE)
    return {
        "flip": -mean + noise,
        "noise": rng.normal(0, 0.02, SIZE),
        "long": 10 * mean + noise,
        "other way": rng.permutation(mean) + noise,
    }[kind]


@pytest.mark.parametrize("kind", ["flip", "noise", "long", "other way"])
def test_verdicts_on_sketches_are_those_on_updates(kind: str) -> None:
    """Of unequal data: each node has a direction of its own beside the common one."""
    equal = total = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        own = rng.normal(0, 0.004, (NODES, SIZE))
        plain, sketched = [], []
        for number in range(ROUNDS):
            common = rng.normal(0, 0.004, SIZE) + 0.002
            updates = [common + own[n] + rng.normal(0, 0.004, SIZE) for n in range(NODES)]
            updates[:BYZANTINE] = [attack(kind, common, rng) for _ in range(BYZANTINE)]
            sketching = Sketching(SketchSize(2, 1024), drawn(f"{seed} {number}"))
            whole = []
            for one in updates:
                vector = np.zeros(SIZE, np.uint32)
                SCALE.write([(np.zeros(SIZE), one)], vector)
                whole.append(as_vector(sketching.of_vector(vector), SCALE.bits))
            plain.append(updates)
            sketched.append(whole)
        one, other = judged(plain), judged(sketched)
        equal += int((one == other).sum())
        total += one.size
    assert equal >= 0.99 * total, f"{equal} of {total}"
