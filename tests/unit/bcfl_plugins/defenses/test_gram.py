"""Streamed inner products are those of the whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses import gram


@pytest.fixture
def arrays() -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(7, 5)).astype(np.float32)
    return reference, [reference + rng.normal(size=(7, 5)).astype(np.float32) for _ in range(4)]


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left @ right.T) / np.outer(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))


@pytest.mark.parametrize("block", [1, 3, 35, 1000])
def test_blocks_give_what_the_whole_gives(
    arrays: tuple[np.ndarray, list[np.ndarray]], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gram, "BLOCK", block)
    reference, updates = arrays
    deltas = np.array([(u.astype(float) - reference).ravel() for u in updates])
    unit = deltas / np.linalg.norm(deltas, axis=1, keepdims=True)
    old = np.random.default_rng(2).normal(size=(4, 35)).astype(np.float32)

    squared = gram.squared_norms({"w": reference}, [{"w": u} for u in updates])["w"]
    found, courses = gram.array_gram(reference, updates, squared, [*old[:3], None], 0.5)

    course = unit + 0.5 * np.vstack([old[:3], np.zeros((1, 35))])
    assert found.norms == pytest.approx(np.linalg.norm(deltas, axis=1))
    assert found.fresh == pytest.approx(cosines(unit, course))
    assert found.past == pytest.approx(cosines(course, course))
    assert np.array(courses) == pytest.approx(course, rel=1e-6)
    assert courses[0].dtype == np.float32


def test_deltas_survive_a_model_that_is_a_million_times_larger() -> None:
    rng = np.random.default_rng(3)
    deltas = rng.normal(size=(3, 50))
    reference = rng.normal(size=50) * 1e6
    squared = gram.squared_norms({"w": reference}, [{"w": reference + d} for d in deltas])["w"]
    found, _ = gram.array_gram(reference, [*(reference + deltas)], squared, [None] * 3, 0.5)
    assert found.fresh == pytest.approx(cosines(deltas, deltas), abs=1e-8)


def test_half_precision_does_not_overflow() -> None:
    reference = np.zeros(1000, dtype=np.float16)
    update = np.full(1000, 60_000, dtype=np.float16)
    squared = gram.squared_norms({"w": reference}, [{"w": update}])["w"]
    assert squared[0] == pytest.approx(1000 * float(update[0]) ** 2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_what_cannot_be_squared_has_no_finite_norm(value: float) -> None:
    reference = {"w": np.zeros(3)}
    bad = {"w": np.array([0.0, value, 0.0])}
    squared = gram.squared_norms(reference, [bad, {"w": np.ones(3)}])["w"]
    assert not np.isfinite(squared[0])
    assert squared[1] == 3.0


def test_an_unmoved_array_has_no_direction() -> None:
    reference = np.ones(4)
    found, courses = gram.array_gram(reference, [reference], np.zeros(1), [None], 0.5)
    assert found.fresh.tolist() == [[0.0]]
    assert courses[0].tolist() == [0.0] * 4


def test_counters_are_left_out() -> None:
    reference = {"w": np.zeros(2), "steps": np.array(5), "mask": np.array([True])}
    assert gram.float_names(reference) == ("w",)
