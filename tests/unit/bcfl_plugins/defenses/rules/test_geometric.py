"""The geometric median where updates lie on scales far apart."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.defenses.base import Extras, Floats
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import N, rounds

SCALES = (1e-150, 1e-38, 1e-21, 1e-3, 1e9, 1e145)


def slope(x: Floats, z: Floats) -> float:
    """Return the slope of the mean distance at a point that is no update; zero at the median."""
    steps = (x - z).astype(np.longdouble)
    lengths = np.sqrt((steps**2).sum(axis=1, keepdims=True))
    return float(np.sqrt(((steps / lengths).mean(axis=0) ** 2).sum()))


def test_far_updates_do_not_round_away_that_most_are_zero() -> None:
    byzantine = [[0, 0, 2.350988701644575e-38], [0, 0, nan], [0, 0, 1.6940658945086007e-21]]
    result = GeometricMedian().aggregate(np.array([[0.0, 0.0, 0.0]] * 5 + byzantine))
    assert np.array_equal(result.value, np.zeros(3))
    assert result.decision.kept.tolist() == [True] * 5 + [False] * 3


@pytest.mark.parametrize("size", [0.0, 1e-100, 1e-30, 1.0, 1e100])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_majority_at_one_point_is_the_median_whatever_the_others_scales(
    size: float, weighted: bool
) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        point = size * rng.normal(0.0, 1.0, 4)
        others = rng.normal(0.0, 1.0, (6, 4)) * np.array(SCALES)[:, None]
        x = np.concatenate([np.tile(point, (7, 1)), others])
        weights = np.ones(13)
        if weighted:
            weights[7:] = rng.uniform(0.5, 2.0, 6)
            weights[:7] = 1.01 * weights[7:].sum() / 7.0
        order = rng.permutation(13)
        extras = Extras(weights=weights[order].tolist())
        result = GeometricMedian().aggregate(x[order], extras).value
        assert np.linalg.norm(result - point) <= 1e-15 * np.linalg.norm(point)


@pytest.mark.parametrize("far", [[1e-21], [1e-21, 1e-21], [1e-21, 1.0], [1e-30, 1e-3, 1e100]])
def test_near_updates_keep_their_digits_beside_far_ones(far: list[float]) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        near = 1e-38 * rng.normal(0.0, 1.0, (len(far) + 2, 3))
        x = np.concatenate([near, rng.normal(0.0, 1.0, (len(far), 3)) * np.array(far)[:, None]])
        z = GeometricMedian()(x)
        assert np.linalg.norm(near - z, axis=1).min() == 0.0 or slope(x, z) < 1e-12
        assert np.linalg.norm(z) < 1e-36


@pytest.mark.parametrize("pull", [1.99, 2.002, 2.05, 2.5])
@pytest.mark.parametrize("near", [1e-5, 1e-20, 1e-100])
def test_leaves_two_updates_on_smaller_scales_where_three_pull_more(
    pull: float, near: float
) -> None:
    along = (pull - 1.0) / 2.0
    aside = (1.0 - along**2) ** 0.5
    x = np.array([[near**2, 0], [0, near], [1, 0], [along, aside], [along, -aside]])
    z = GeometricMedian()(x)
    assert np.linalg.norm(x - z, axis=1).min() == 0.0 or slope(x, z) < 1e-9
    assert (np.linalg.norm(z) > 1e-3) == (pull > 2.0)


@pytest.mark.parametrize("seed", [360, 1212, 1341, 2313])
def test_leaves_them_where_steps_of_their_own_scale_would_not_get_far(seed: int) -> None:
    x = np.random.default_rng(seed).normal(0.0, 1.0, (5, 3))
    x[:2] *= np.array([[1e-40], [1e-30]])
    z = GeometricMedian()(x)
    assert np.linalg.norm(x - z, axis=1).min() == 0.0 or slope(x, z) < 1e-12


def weiszfeld(x: Floats, votes: Floats, steps: int) -> Floats:
    z = np.average(x, axis=0, weights=votes)
    for _ in range(steps):
        r = np.maximum(np.linalg.norm(x - z, axis=1), 1e-14)
        z = np.average(x, axis=0, weights=votes / r)
    return z


@pytest.mark.slow
def test_geometric_median_is_what_many_plain_steps_end_in() -> None:
    for x in rounds():
        votes = np.arange(1.0, N + 1)
        expected = weiszfeld(x, votes, 4000)
        result = GeometricMedian().aggregate(x, Extras(weights=votes.tolist()))
        assert np.allclose(result.value, expected, rtol=1e-7, atol=1e-9)
        distances = np.linalg.norm(x - expected, axis=1)
        assert np.allclose(result.decision.scores, distances, rtol=1e-6)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10**6), st.integers(3, 9), st.integers(1, 3), st.sampled_from([0.0, 1e-4, 1]))
def test_geometric_median_is_optimal_near_unanimity(
    seed: int, n: int, d: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    f = (n - 1) // 2
    x = 3.0 + spread * rng.normal(0.0, 1.0, (n, d))
    x[:f] = rng.normal(0.0, 10.0 ** rng.integers(0, 6), (f, d))
    z = GeometricMedian()(x)
    others = [*x, weiszfeld(x, np.ones(n), 99)]
    best = min(float(np.linalg.norm(x - y, axis=1).sum()) for y in others)
    assert np.linalg.norm(x - z, axis=1).sum() <= best * (1 + 1e-12) + 1e-5 * spread
    if spread == 0.0:
        assert np.allclose(z, 3.0, rtol=1e-12)
