"""Who signed something else than the sketch of its update, as a mixture of all shows it."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.secure.signed_sketches import SketchedUpdate, fixed, sketched
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef
from strategies.server.sketched.mixture import Mixture, mixing
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
LIE = 1 << 27
"""About 200 tolerances of one update's share."""


def signed(number: int, change: int = 0, cell: int = 7) -> SketchedUpdate:
    vector = fixed(BASE, UPDATES[account(number)].arrays, SIZE.width)
    sketch = sketched(vector, SIZE, SEED)
    sketch[0, cell : cell + 1] += np.uint32(change % 2**32)
    return SketchedUpdate(account(number), vector.bits, sketch, bytes(64))


@pytest.mark.parametrize("silent", [set(), {1}, {0, 3}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}])
def test_honest_nodes_are_left_alone_whoever_is_silent(silent: set[int]) -> None:
    found = {account(n): signed(n) for n in range(5) if n not in silent}
    assert Mixture.of(BASE, UPDATES).false_sketches(found, SEED) == []


@pytest.mark.parametrize("liars", [{2}, {0, 4}, {0, 1, 2, 3, 4}])
@pytest.mark.parametrize("silent", [set(), {1, 3}])
def test_who_signs_something_else_is_named(liars: set[int], silent: set[int]) -> None:
    found = {account(n): signed(n, LIE if n in liars else 0, cell=n) for n in {*range(5)} - silent}
    with mixing(BASE, UPDATES) as mixture:
        named = mixture().false_sketches(found, SEED)
    assert {*named} == {account(n) for n in liars - silent}


def test_lies_that_add_up_to_nothing_cancel_in_few_mixtures() -> None:
    """One draw in 160 misses them, so more than 6 of 60 do so once in millions of runs."""
    found = {account(n): signed(n, LIE * (1, 1, -1, -1, 0)[n]) for n in range(5)}
    drawn_anew = (Mixture.of(BASE, UPDATES) for _ in range(60))
    missed = [one for one in drawn_anew if not one.false_sketches(found, SEED)]
    assert len(missed) <= 6


def test_no_update_is_no_mixture() -> None:
    assert Mixture.of(BASE, {}).false_sketches({}, SEED) == []


def test_shares_are_drawn_each_time() -> None:
    one, other = (Mixture.of(BASE, UPDATES) for _ in range(2))
    assert one.shares != other.shares
    assert sum(one.shares.values()) == pytest.approx(1)
