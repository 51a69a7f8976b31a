"""The tests of MESAS give scipy's probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from bcfl_plugins.defenses.inspection.significance import (
    incomplete_beta,
    kolmogorov_smirnov,
    levenes,
    students_t,
)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=int(rng.integers(2, 25)))
    second = rng.normal(0.3 * (seed % 4), 1.0 + seed % 3, size=int(rng.integers(2, 25)))
    return first, second


@pytest.mark.parametrize("seed", range(40))
def test_probabilities_are_scipys(seed: int) -> None:
    first, second = drawn(seed)
    assert students_t(first, second) == pytest.approx(stats.ttest_ind(first, second).pvalue)
    assert levenes(first, second) == pytest.approx(stats.levene(first, second).pvalue, nan_ok=True)
    exact = stats.ks_2samp(first, second, method="exact").pvalue
    assert kolmogorov_smirnov(first, second) == pytest.approx(exact, abs=1e-12)


def test_the_incomplete_beta_function_is_scipys() -> None:
    for a in (0.5, 1.0, 4.5, 30.0, 250.0):
        for x in (1e-12, 0.01, 0.3, 0.5, 0.9, 1.0 - 1e-9):
            assert incomplete_beta(a, 0.5, x) == pytest.approx(
                special.betainc(a, 0.5, x), rel=1e-9, abs=1e-300
            )


def test_what_says_nothing_says_nothing() -> None:
    none, one, alike = np.array([]), np.array([1.0]), np.full(4, 2.0)
    for test in (students_t, levenes, kolmogorov_smirnov):
        assert test(none, alike) == 1.0
        assert test(alike, alike) == 1.0
    assert students_t(one, one) == 1.0


def test_ties_between_the_samples_count_as_in_scipy() -> None:
    first, second = np.array([0.0, 1.0, 1.0, 2.0, 5.0]), np.array([1.0, 2.0, 2.0, 7.0])
    exact = stats.ks_2samp(first, second, method="exact").pvalue
    assert kolmogorov_smirnov(first, second) == pytest.approx(exact)
