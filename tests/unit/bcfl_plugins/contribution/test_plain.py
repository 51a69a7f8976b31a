"""Shares, and the scores that need no validation data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.contribution import (
    by_cosine,
    by_examples,
    contribution,
    split,
    uniform,
)
from bcfl_plugins.errors import BadUpdates

ONE = 10**9
WEIGHTS = st.lists(st.floats(-1e300, 1e300, allow_subnormal=True), max_size=30)


@settings(deadline=None, derandomize=True, database=None)
@given(WEIGHTS)
def test_shares_sum_to_one_and_are_off_by_less_than_one_part(weights: list[float]) -> None:
    exact = [Fraction(one) for one in weights]
    shares = split(exact)
    whole = sum(max(one, Fraction(0)) for one in exact)
    assert sum(shares) == (ONE if whole else 0)
    for one, share in zip(exact, shares, strict=True):
        assert type(share) is int
        quota = max(one, Fraction(0)) * ONE / whole if whole else Fraction(0)
        assert abs(share - quota) < 1
        assert share == 0 or one > 0


@settings(deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=10), st.integers(0, 10**6))
def test_a_larger_weight_never_gets_less(weights: list[int], more: int) -> None:
    shares = split(weights)
    for one, first in zip(weights, shares, strict=True):
        for other, second in zip(weights, shares, strict=True):
            assert one <= other or first >= second
    raised = split([weights[0] + more, *weights[1:]])
    assert raised[0] >= shares[0]


def test_the_first_of_equal_remainders_gets_the_unit() -> None:
    assert split([1, 1, 1]) == (333_333_334, 333_333_333, 333_333_333)
    assert split([1, 1, 1], total=2) == (1, 1, 0)
    assert split([]) == ()
    assert split([0, -3]) == (0, 0)


def test_scores_are_fixed_point_and_finite() -> None:
    result = contribution(np.array([0.25, -1.5, 0.75]))
    assert result.scores == (250_000, -1_500_000, 750_000)
    assert result.shares == (250_000_000, 0, 750_000_000)
    for wrong in (np.nan, np.inf):
        with pytest.raises(BadUpdates):
            contribution(np.array([1.0, wrong]))


def test_uniform_pays_the_accepted() -> None:
    assert uniform(np.array([True, False, True])).shares == (ONE // 2, 0, ONE // 2)
    assert uniform(np.array([False, False])).shares == (0, 0)


def test_examples_are_paid_up_to_the_clip() -> None:
    kept = np.array([True, True, True, True, False])
    result = by_examples([10, 30, 20, 10**12, 5000], kept)
    assert result.scores == (10_000_000, 30_000_000, 20_000_000, 40_000_000, 0)
    assert result.shares == (ONE // 10, 3 * ONE // 10, ONE // 5, 2 * ONE // 5, 0)
    assert by_examples([5, 5], np.array([False, False])).shares == (0, 0)
    for claims, clip in (([-1, 1], 2), ([1, 1], 0)):
        with pytest.raises(BadUpdates):
            by_examples(claims, np.array([True, True]), clip)


def test_cosines_are_those_with_the_aggregate() -> None:
    rows = np.random.default_rng(1).normal(0.4, 1.0, (6, 30))
    rows[4] = -rows[:4].sum(axis=0)
    rows[5] = 0.0
    weights = np.array([0.25, 0.25, 0.25, 0.25, 0.0, 0.0])
    result = by_cosine(rows @ rows.T, weights)
    mean = weights @ rows
    for node in range(4):
        cosine = rows[node] @ mean / np.linalg.norm(rows[node]) / np.linalg.norm(mean)
        assert result.scores[node] == pytest.approx(cosine * 1e6, abs=1)
    assert result.scores[4:] == (0, 0)
    assert sum(result.shares) == ONE
    opposed = by_cosine(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([0.9, 0.1]))
    assert opposed.scores == (1_000_000, -1_000_000)
    assert opposed.shares == (ONE, 0)


def test_cosines_without_any_movement_pay_nobody() -> None:
    result: Any = by_cosine(np.zeros((2, 2)), np.array([0.5, 0.5]))
    assert result.shares == result.scores == (0, 0)
