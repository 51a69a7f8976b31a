"""Who signed something else than the sketch of its update, and how much of a sum each is."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.secure.signed_sketches import SketchedUpdate, fixed, sketched
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.types import ClientUpdate, JudgedUpdate, NodeId, NodeRef
from strategies.server.sketched.phases import false_sketches, parts_of
from tests.unit.bcfl_plugins.secure.nodes import account, drawn

SIZE = SketchSize(2, 256)
SEED = drawn("seed")
BASE = {
    "w": np.linspace(-1, 1, 3000, dtype=np.float32),
    "bn.running_mean": np.zeros(5, np.float32),
    "steps": np.array(3),
}


def update(number: int) -> ClientUpdate:
    step = np.random.default_rng(number).normal(0, 0.01, 3000).astype(np.float32)
    return ClientUpdate(
        NodeRef(NodeId(number), account(number)), {**BASE, "w": BASE["w"] + step}, 10
    )


UPDATES = {account(n): update(n) for n in range(5)}


def signed(number: int, change: int = 0) -> SketchedUpdate:
    vector = fixed(BASE, UPDATES[account(number)].arrays, SIZE.width)
    sketch = sketched(vector, SIZE, SEED)
    sketch[0, 7:8] += np.uint32(change % 2**32)
    return SketchedUpdate(account(number), vector.bits, sketch, bytes(64))


def test_honest_nodes_are_left_alone() -> None:
    found = {account(n): signed(n) for n in range(5)}
    assert false_sketches(BASE, UPDATES, found, SEED) == []
    assert false_sketches(BASE, UPDATES, {}, SEED) == []


@pytest.mark.parametrize("liars", [{2}, {0, 4}, {0, 1, 2, 3, 4}])
def test_who_signs_something_else_is_named(liars: set[int]) -> None:
    """Two that lie by as much and as little do not cancel: the mixture is drawn each time."""
    found = {
        account(n): signed(n, (1 << 27) * (1 if n % 4 else -1) if n in liars else 0)
        for n in range(5)
    }
    assert {*false_sketches(BASE, UPDATES, found, SEED)} == {account(n) for n in liars}


def test_an_update_counts_by_its_share_or_else_by_its_examples() -> None:
    def judged(number: int, share: int | None, *, accepted: bool = True) -> JudgedUpdate:
        node = NodeRef(NodeId(number), account(number))
        return JudgedUpdate(node, 10 * number, None, accepted=accepted, share=share)

    assert parts_of([judged(1, None), judged(2, None, accepted=False), judged(3, None)]) == {
        account(1): 0.25,
        account(3): 0.75,
    }
    assert parts_of([judged(1, 400_000_000), judged(3, 100_000_000)]) == {
        account(1): 0.4,
        account(3): 0.1,
    }
