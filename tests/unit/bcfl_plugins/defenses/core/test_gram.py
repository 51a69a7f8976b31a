"""Inner products, their precision, sums and projections."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.arrays.parse import flatten, parse
from bcfl_plugins.defenses.core.gram import combine, distances, gram, measure, project
from bcfl_plugins.defenses.core.screen import screen
from bcfl_plugins.defenses.core.sketch import Signs
from bcfl_plugins.errors import BadUpdates


@pytest.mark.parametrize("n", [1, 7, 50, 101])
@pytest.mark.parametrize("d", [0, 1, 63, 5000, pytest.param(70_000, marks=pytest.mark.slow)])
def test_gram_is_the_product_in_float64(d: int, n: int) -> None:
    x = np.random.default_rng(d).normal(size=(n, d)).astype(np.float32)
    ids = Extras(ids=range(n))
    exact = x.astype(np.float64) @ x.T.astype(np.float64)
    matrix = gram(parse(x, ids))
    assert np.allclose(matrix, exact, rtol=1e-6, atol=1e-6 * max(d, 1))
    assert np.array_equal(matrix, matrix.T)


def test_gram_of_rows_that_nearly_agree_keeps_their_distances() -> None:
    rng = np.random.default_rng(0)
    delta = rng.normal(size=(7, 400))
    x = (delta + 30_000.0 * rng.normal(size=400)).astype(np.float32)
    apart = ((x[:, None].astype(np.float64) - x[None].astype(np.float64)) ** 2).sum(axis=2)
    assert np.allclose(distances(gram(parse(x, Extras(ids=range(7))))), apart, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e25])
def test_gram_beyond_the_squares_of_float32(scale: float) -> None:
    x = (np.random.default_rng(0).normal(size=(5, 30)) * scale).astype(np.float32)
    exact = x.astype(np.float64) @ x.T.astype(np.float64)
    assert np.allclose(gram(parse(x, Extras(ids=range(5)))), exact, rtol=1e-6, atol=0)


def test_measure_tells_which_rows_are_finite_and_gram_refuses() -> None:
    x = np.ones((5, 9), np.float32)
    x[2, 3] = np.inf
    rows = parse(x, Extras(ids=range(5)))
    matrix, good, sketches = measure(rows)
    assert good.tolist() == [True, True, False, True, True]
    assert np.array_equal(matrix, np.full((4, 4), 9.0))
    assert sketches.shape == (4, 0)
    with pytest.raises(ValueError, match="screen"):
        gram(rows)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1.0, 1e18, 1e25])
@pytest.mark.parametrize("d", [0, 1, 511, 5000, 70_000])
def test_norms_alone_are_the_diagonal_of_the_gram(d: int, scale: float) -> None:
    x = (np.random.default_rng(d).normal(size=(9, d)) * scale).astype(np.float32)
    if d:
        x[2] = 0.0
        x[4, d // 2], x[6, -1] = np.nan, -np.inf
    rows, signs = parse(x, Extras(ids=range(9))), Signs.draw(d, 1)
    matrix, good, sketches = measure(rows, signs)
    norms, same, also = measure(rows, signs, norms_only=True)
    assert np.allclose(norms, np.diag(matrix), rtol=1e-6, atol=0)
    assert np.array_equal(good, same)
    assert np.array_equal(sketches, also)
    assert np.array_equal(screen(rows), good)
    assert good.sum() == (7 if d else 9)


def test_sums_and_projections() -> None:
    x = np.random.default_rng(2).normal(size=(6, 5000))
    rows = parse(x, Extras(ids=range(6)))
    weights = np.array([0.5, 0.0, 0.25, 0.0, 0.125, 0.125])
    assert np.allclose(combine(rows, weights), weights @ x)
    assert np.array_equal(combine(rows, np.zeros(6)), np.zeros(5000))
    assert np.array_equal(combine(rows, np.eye(6)[3]), x[3])
    assert np.allclose(project(rows, x[0]), x @ x[0])
    assert np.array_equal(flatten(rows, x[1], "trusted"), x[1])
    with pytest.raises(BadUpdates) as caught:
        flatten(rows, np.full(5000, np.nan), "trusted")
    assert caught.value.field == "trusted"
