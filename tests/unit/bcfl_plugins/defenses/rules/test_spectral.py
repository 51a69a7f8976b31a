"""The eigenvector that spectral filters look along."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.rules.spectral import CAF, DnC, spread, top_eigenpair
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import N, rounds


def with_values(values: list[float], seed: int = 0) -> np.ndarray:
    n = len(values)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    made: np.ndarray = (turn * np.array(values)) @ turn.T
    return (made + made.T) / 2


@pytest.mark.parametrize("n", [1, 2, 7, 50, pytest.param(90, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e160])
def test_it_is_that_of_a_decomposition(n: int, scale: float) -> None:
    for seed in range(5):
        rows = np.random.default_rng(seed).standard_normal((n, n + 3))
        matrix = rows @ rows.T * scale
        values, vectors = np.linalg.eigh(matrix)
        value, vector = top_eigenpair(matrix)
        assert value == pytest.approx(values[-1], rel=1e-12)
        assert abs(vector @ vectors[:, -1]) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9])
def test_values_close_to_each_other_are_told_apart(gap: float) -> None:
    matrix = with_values([1.0, 1.0 - gap, 0.5, 0.0, 0.0])
    vector = top_eigenpair(matrix)[1]
    apart = np.linalg.norm(matrix @ vector - vector)
    assert apart < 1e-14
    assert abs(vector @ np.linalg.eigh(matrix)[1][:, -1]) > 1.0 - 1e-6


def test_of_equal_values_any_vector_will_do() -> None:
    matrix = with_values([2.0, 2.0, 2.0, 0.5])
    value, vector = top_eigenpair(matrix)
    assert value == pytest.approx(2.0)
    assert matrix @ vector == pytest.approx(2.0 * vector, abs=1e-12)


def test_a_direction_in_which_the_longest_point_has_no_part_is_found() -> None:
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 0.9, 0.9], [0.0, 0.9, 0.9]])
    value, vector = top_eigenpair(matrix)
    assert value == pytest.approx(1.8)
    assert np.abs(vector) == pytest.approx([0.0, np.sqrt(0.5), np.sqrt(0.5)], abs=1e-12)


def test_of_rounding_noise_that_is_all_negative_the_greatest_is_found() -> None:
    value, vector = top_eigenpair(np.full((6, 6), -2.96e-16))
    assert abs(value) < 1e-30
    assert vector.sum() == pytest.approx(0.0, abs=1e-10)
    assert np.linalg.norm(vector) == pytest.approx(1.0)


def test_points_that_are_one_have_no_spread() -> None:
    value, squared = spread(np.zeros((4, 4)), np.full(4, 0.25))
    assert value == 0.0
    assert squared.tolist() == [0.0] * 4


@pytest.mark.parametrize("f", [0, 2, 5])
def test_caf(f: int) -> None:
    for x in rounds(far=min(f, 3)):
        c, best, least = np.ones(N), x.mean(axis=0), np.inf
        while c.sum() > N - 2 * f:
            mu = np.average(x, axis=0, weights=c)
            value, vectors = np.linalg.eigh(np.cov(x.T, aweights=c, bias=True))
            if value[-1] < least:
                best, least = mu, value[-1]
            tau = ((x - mu) @ vectors[:, -1]) ** 2
            c = c * (1 - tau / tau[c > 0].max())
            c[c < 1e-13] = 0.0
        assert np.allclose(CAF(f=f)(x), best, rtol=1e-8)


@pytest.mark.parametrize("size", [1e70, 1e80, 3e153])
def test_caf_leaves_out_what_overflows_when_squared_twice(size: float) -> None:
    rows = np.array([[1.0], [1.0], [1.0], [size]])
    assert CAF(f=1).aggregate(rows).value == pytest.approx([1.0])


@pytest.mark.parametrize("f", [1, 3])
def test_dnc(f: int) -> None:
    for x in rounds():
        centred = x - x.mean(axis=0)
        projected = (centred @ np.linalg.svd(centred)[2][0]) ** 2
        expected = np.sort(np.argsort(projected)[: N - f])
        result = DnC(f=f).aggregate(x)
        assert np.array_equal(np.flatnonzero(result.decision.kept), expected)
        assert np.allclose(result.decision.scores, projected, rtol=1e-8)
        assert np.allclose(result.value, x[expected].mean(axis=0))


def test_dnc_on_drawn_coordinates_is_seeded_and_intersects() -> None:
    for x in rounds(d=200):
        one = DnC(f=2, coordinates=20, iterations=4, seed=5).aggregate(x)
        again = DnC(f=2, coordinates=20, iterations=4, seed=5).aggregate(x)
        assert np.array_equal(one.decision.kept, again.decision.kept)
        assert 1 <= one.decision.kept.sum() <= N - 2
        everything = DnC(f=2, coordinates=200, seed=1).aggregate(x)
        assert np.array_equal(everything.decision.kept, DnC(f=2).aggregate(x).decision.kept)
