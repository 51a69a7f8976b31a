"""The geometric median where updates lie on scales far apart."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras, Floats
from bcfl_plugins.defenses.rules.geometric import GeometricMedian

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
