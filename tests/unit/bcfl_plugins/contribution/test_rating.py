"""Plackett-Luce ratings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.contribution import Rating, Ratings, by_rating, rate
from bcfl_plugins.errors import BadUpdates


def rated(*rounds: dict[str, int]) -> dict[str, Rating]:
    ratings = Ratings()
    for gains in rounds:
        ratings = rate(ratings, gains)
    return dict(ratings.nodes)


def test_one_win_gives_the_numbers_that_openskill_is_tested_with() -> None:
    # openskill.js, two players, no drift: mu 27.63523138347365, sigma 8.065506316323548.
    after = rated({"winner": 5, "loser": -3})
    assert after["winner"].mu == pytest.approx(27_635_231, abs=1)
    assert after["loser"].mu == pytest.approx(22_364_769, abs=1)
    assert after["winner"].sigma == after["loser"].sigma == pytest.approx(8_065_506, abs=1)


def by_the_paper(before: list[Rating], ranks: list[int]) -> Any:
    """Algorithm 4 of Weng & Lin with floats, written from its five lines."""
    mu = np.array([one.mu for one in before]) / 1e6
    variance = np.square(np.array([one.sigma for one in before]) / 1e6)
    c = np.sqrt((variance + (25 / 6) ** 2).sum())
    e, rank = np.exp(mu / c), np.array(ranks)
    places = range(len(mu))
    a = [int((rank == rank[q]).sum()) for q in places]
    found = []
    for i in places:
        omega = delta = 0.0
        for q in places:
            if rank[q] <= rank[i]:
                p = e[i] / e[rank >= rank[q]].sum()
                omega += variance[i] / c * ((q == i) - p) / a[q]
                delta += (np.sqrt(variance[i]) / c) * variance[i] / c**2 * p * (1 - p) / a[q]
        found.append((mu[i] + omega, np.sqrt(variance[i] * max(1 - delta, 1e-4))))
    return np.array(found)


def test_rounds_with_ties_follow_the_paper() -> None:
    rng = np.random.default_rng(1)
    ratings = Ratings()
    for _ in range(20):
        gains = {name: int(rng.integers(0, 4)) for name in "abcde"}
        before = [dict(ratings.nodes).get(name, Rating()) for name in "abcde"]
        ranks = [sum(other > gain for other in gains.values()) for gain in gains.values()]
        ratings = rate(ratings, gains)
        after = dict(ratings.nodes)
        got = [(after[name].mu / 1e6, after[name].sigma / 1e6) for name in "abcde"]
        np.testing.assert_allclose(got, by_the_paper(before, ranks), atol=2e-6)


def test_only_ranks_count_and_a_draw_between_equals_moves_nobody() -> None:
    assert rated({"a": 3, "b": 1, "c": 2}) == rated({"a": 10**9, "b": -5, "c": 0})
    drawn = rated({"a": 1, "b": 1})
    assert drawn["a"].mu == drawn["b"].mu == 25_000_000
    assert rated({"a": 4}) == {}
    assert rated({}) == {}


def test_an_absent_node_keeps_its_rating() -> None:
    first = rated({"a": 1, "b": 2, "c": 3})
    assert rated({"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 1})["c"] == first["c"]


def test_payment_grows_with_what_a_node_is_at_least() -> None:
    rng = np.random.default_rng(2)
    ratings = Ratings()
    skill = {"good": 2.0, "fair": 1.0, "poor": 0.0, "bad": -3.0}
    for _ in range(60):
        ratings = rate(
            ratings, {name: round((mean + rng.normal()) * 1e6) for name, mean in skill.items()}
        )
    paid = by_rating(ratings, ("bad", "poor", "fair", "good", "new"))
    assert sum(paid.shares) == 10**9
    assert list(paid.shares[:4]) == sorted(paid.shares[:4])
    assert paid.shares[3] > 2 * paid.shares[1]
    assert paid.scores[4] == pytest.approx(0, abs=2)
    assert paid.shares[4] < 10
    with pytest.raises(BadUpdates):
        by_rating(ratings, ("good",), 0)
