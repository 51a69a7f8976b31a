"""Rules that go coordinate by coordinate, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules.coordinate import Meamed, Mean, Median, TrimmedMean
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import N, rounds


def test_mean_with_weights() -> None:
    for x in rounds():
        weights = np.arange(N, dtype=float)
        result = Mean().aggregate(x, Extras(weights=weights.tolist()))
        assert np.allclose(result.value, np.average(x, axis=0, weights=weights), rtol=1e-12)
        assert np.allclose(result.decision.weights, weights / weights.sum())
        assert result.decision.kept.tolist() == [False] + [True] * (N - 1)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 11, 31, 32, 33, 40])
def test_median_and_trimmed_mean(n: int) -> None:
    for x in rounds(n, far=0):
        assert np.allclose(Median()(x), np.median(x, axis=0), rtol=1e-14, atol=0)
        for f in {0, (n - 1) // 4, (n - 1) // 2}:
            expected = np.sort(x, axis=0)[f : n - f].mean(axis=0)
            assert np.allclose(TrimmedMean(f=f)(x), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n", [1, 3, 10, 11, 40])
def test_meamed(n: int) -> None:
    for x in rounds(n, far=0):
        f = (n - 1) // 3
        nearest = np.argsort(np.abs(x - np.median(x, axis=0)), axis=0, kind="stable")[: n - f]
        expected = np.take_along_axis(x, nearest, axis=0).mean(axis=0)
        assert np.allclose(Meamed(f=f)(x), expected, rtol=1e-12)


def test_meamed_does_not_lose_digits_to_a_far_value() -> None:
    x = np.array([[-1e30], [1.0], [1.25], [1.5], [1e30]])
    assert Meamed(f=2)(x) == pytest.approx(1.25)
