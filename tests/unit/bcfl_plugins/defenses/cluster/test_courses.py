"""Cosines of updates with courses are those of the whole arrays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.cluster.courses import advance, read_arrays
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.arrays.rows import Rows
from bcfl_plugins.defenses.core.sketch import ENTRIES


def batch(updates: Any, reference: Any = None, mix: Any = None) -> Any:
    rows = parse(updates, Extras(reference=reference, ids=range(len(updates))))
    return SimpleNamespace(rows=rows, mix=mix, m=rows.n if mix is None else len(mix))


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left @ right.T) / np.outer(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))


def test_a_course_is_the_decayed_sum_of_unit_updates() -> None:
    rng = np.random.default_rng(1)
    deltas, old = rng.normal(size=(4, 35)), rng.normal(size=(4, 35))
    old[3] = 0.0
    reference = rng.normal(size=(7, 5))
    (array,) = read_arrays(batch([[reference + d.reshape(7, 5)] for d in deltas], [reference]), 0)
    found, courses = advance(array, old, 0.5)
    unit = deltas / np.linalg.norm(deltas, axis=1, keepdims=True)
    course = unit + 0.5 * old
    assert array.squares == pytest.approx((deltas**2).sum(axis=1))
    assert found.fresh == pytest.approx(cosines(unit, course))
    assert found.past == pytest.approx(cosines(course, course))
    assert courses == pytest.approx(course)


def test_arrays_are_read_one_by_one_and_counters_not_at_all() -> None:
    rng = np.random.default_rng(2)
    shapes = {"w": (3, 4), "steps": None, "b": (2,)}
    updates = [
        {k: np.array(3) if s is None else rng.normal(size=s) for k, s in shapes.items()}
        for _ in range(3)
    ]
    w, b = read_arrays(batch(updates), 0)
    assert (w.size, b.size) == (12, 2)
    for array, name in ((w, "w"), (b, "b")):
        whole = np.array([one[name].ravel() for one in updates])
        assert array.sketches.tolist() == whole.tolist()
        assert array.squares == pytest.approx((whole**2).sum(axis=1))


@pytest.mark.parametrize("columns", [1, ENTRIES, 3 * ENTRIES])
def test_a_long_array_is_sketched_wherever_blocks_end(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(3).normal(size=(3, 40_000))
    updates = [[row[:7], row[7:]] for row in x]
    (_, whole) = read_arrays(batch(updates), 0)
    monkeypatch.setattr(Rows, "columns", lambda *_: columns)
    (_, found) = read_arrays(batch(updates), 0)
    assert found.sketches.shape == (3, ENTRIES)
    assert found.sketches == pytest.approx(whole.sketches)
    assert found.squares == pytest.approx((x[:, 7:] ** 2).sum(axis=1))
    norms = np.sqrt(found.squares)
    error = found.sketches @ found.sketches.T / np.outer(norms, norms) - cosines(x, x)
    assert np.abs(error).max() < 5 / np.sqrt(ENTRIES)


def test_points_are_read_as_combinations_of_rows() -> None:
    x = np.random.default_rng(4).normal(size=(3, 6))
    mix = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    (array,) = read_arrays(batch(x, mix=mix), 0)
    assert array.sketches == pytest.approx(mix @ x)


def test_deltas_survive_a_model_that_is_a_million_times_larger() -> None:
    rng = np.random.default_rng(3)
    deltas, reference = rng.normal(size=(3, 50)), rng.normal(size=50) * 1e6
    (array,) = read_arrays(batch(reference + deltas, reference), 0)
    found, _ = advance(array, np.zeros((3, 50)), 0.5)
    assert found.fresh == pytest.approx(cosines(deltas, deltas), abs=1e-8)


def test_half_precision_does_not_overflow() -> None:
    update = np.full((1, 1000), 60_000, dtype=np.float16)
    (array,) = read_arrays(batch(update), 0)
    assert array.squares[0] == pytest.approx(1000 * float(update[0, 0]) ** 2)


def test_an_unmoved_array_has_no_direction() -> None:
    (array,) = read_arrays(batch(np.zeros((1, 4))), 0)
    found, courses = advance(array, np.zeros((1, 4)), 0.5)
    assert found.fresh.tolist() == [[0.0]]
    assert courses.tolist() == [[0.0] * 4]
