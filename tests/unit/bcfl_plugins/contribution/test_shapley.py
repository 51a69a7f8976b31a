"""Leave-one-out and Shapley values against their definitions and axioms."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.contribution import (
    Sampling,
    leave_one_out,
    of_loss,
    shapley_exact,
    shapley_monte_carlo,
    shapley_quadratic,
)
from bcfl_plugins.errors import BadUpdates


class Table:
    """A random utility on all coalitions of n nodes."""

    def __init__(self, n: int, seed: int = 0) -> None:
        self.n = n
        self.worth = np.random.default_rng(seed).normal(size=1 << n)
        self.calls = 0

    def __call__(self, members: Any) -> float:
        self.calls += 1
        return float(self.worth[int((members << np.arange(self.n)).sum())])


def by_definition(utility: Any, n: int) -> Any:
    """The mean of what each node adds over all n! orders."""
    values = np.zeros(n)
    for order in permutations(range(n)):
        members = np.zeros(n, bool)
        for node in order:
            before = utility(members.copy())
            members[node] = True
            values[node] += utility(members.copy()) - before
    return values / math.factorial(n)


def scores(result: Any) -> Any:
    return np.array(result.scores) / 1e6


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_exact_shapley_is_the_mean_over_all_orders(n: int) -> None:
    table = Table(n, n)
    result = shapley_exact(table, n)
    assert result.evaluations == table.calls == 2**n
    np.testing.assert_allclose(scores(result), by_definition(table, n), atol=1e-6)


@pytest.mark.parametrize(
    "estimate",
    [
        shapley_exact,
        lambda v, n: shapley_monte_carlo(
            v, n, rng=np.random.default_rng(4), sampling=Sampling(3, 0.0)
        ),
    ],
)
def test_the_values_share_out_exactly_what_all_are_worth(estimate: Any) -> None:
    table = Table(5, 7)
    total = table.worth[-1] - table.worth[0]
    assert scores(estimate(table, 5)).sum() == pytest.approx(total, abs=1e-5)


def test_symmetric_nodes_get_the_same_and_a_null_player_nothing() -> None:
    def utility(members: Any) -> float:
        # Nodes 0 and 1 do the same, 2 does nothing, 3 adds 2 alone.
        return float(max(members[0], members[1]) * 3 + members[3] * 2)

    assert shapley_exact(utility, 4).scores == (1_500_000, 1_500_000, 0, 2_000_000)
    sampled = shapley_monte_carlo(utility, 4, rng=np.random.default_rng(0))
    assert sampled.scores[2:] == (0, 2_000_000)
    assert leave_one_out(utility, 4).scores == (0, 0, 0, 2_000_000)
    assert shapley_exact(utility, 4).shares == (300_000_000, 300_000_000, 0, 400_000_000)


def test_leave_one_out_is_its_definition() -> None:
    table = Table(6, 9)
    result = leave_one_out(table, 6)
    assert result.evaluations == table.calls == 7
    for node in range(6):
        assert result.scores[node] == round((table.worth[63] - table.worth[63 ^ 1 << node]) * 1e6)


def test_sampling_comes_near_and_is_the_same_for_the_same_seed() -> None:
    table = Table(6, 2)
    true = by_definition(table, 6)
    draw = [
        shapley_monte_carlo(table, 6, rng=np.random.default_rng(seed), sampling=Sampling(2000, 0.0))
        for seed in (1, 1, 2)
    ]
    assert draw[0] == draw[1]
    assert draw[0] != draw[2]
    np.testing.assert_allclose(scores(draw[0]), true, atol=0.1)
    assert draw[0].evaluations == 2 + 2000 * 5


def test_truncation_saves_evaluations_and_bounds_what_is_missing() -> None:
    def utility(members: Any) -> float:
        return 1.0 - 0.3 ** int(members.sum())

    short = shapley_monte_carlo(
        utility, 10, rng=np.random.default_rng(1), sampling=Sampling(50, 0.05)
    )
    assert short.evaluations < 50 * 9 / 2
    assert scores(short).sum() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_the_gram_shortcut_is_exact_shapley_of_the_quadratic(n: int) -> None:
    rng = np.random.default_rng(n)
    rows, trusted = rng.normal(size=(n, 8)), rng.normal(size=8)

    def utility(members: Any) -> float:
        if not members.any():
            return 0.0
        gap = rows[members].mean(axis=0) - trusted
        return float(trusted @ trusted - gap @ gap) / 2

    result = shapley_quadratic(rows @ trusted, rows @ rows.T)
    assert result.evaluations == 0
    np.testing.assert_allclose(scores(result), by_definition(utility, n), atol=1.1e-6)


def test_the_gram_shortcut_is_fast_enough_for_many_nodes_and_efficient() -> None:
    rows = np.random.default_rng(3).normal(size=(300, 20)) + 0.5
    trusted = np.full(20, 0.5)
    result = shapley_quadratic(rows @ trusted, rows @ rows.T)
    gap = rows.mean(axis=0) - trusted
    whole = (trusted @ trusted - gap @ gap) / 2
    assert scores(result).sum() == pytest.approx(whole, abs=300e-6)
    assert sum(result.shares) == 10**9


def test_a_loss_becomes_a_utility_of_the_mean() -> None:
    rows, points = np.array([[1.0], [3.0], [-2.0]]), np.array([2.0, 4.0])

    def loss(coefficients: Any) -> Any:
        return np.square(points - coefficients @ rows)

    utility = of_loss(loss)
    assert utility(np.array([True, True, False])) == -2.0
    assert utility(np.zeros(3, bool)) == -10.0
    result = leave_one_out(utility, 3)
    whole = utility(np.ones(3, bool))
    assert result.scores[2] == round((whole + 2.0) * 1e6)
    assert result.shares[2] == 0


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(BadUpdates):
        shapley_exact(Table(3), 13)
    with pytest.raises(BadUpdates, match="finite"):
        leave_one_out(lambda members: math.nan, 2)
    with pytest.raises(BadUpdates):
        Sampling(0)
    with pytest.raises(BadUpdates):
        Sampling(1, -0.1)
