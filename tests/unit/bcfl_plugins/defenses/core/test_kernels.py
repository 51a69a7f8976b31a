"""Sorting networks, the Gram matrix and its precision, blocks, and the search for covers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bcfl_plugins.defenses.base import NO_EXTRAS, Extras
from bcfl_plugins.defenses.core.arrays.kernel import Kernel, median
from bcfl_plugins.defenses.core.arrays.network import WIDEST, network, place
from bcfl_plugins.defenses.core.arrays.parse import flatten, parse
from bcfl_plugins.defenses.core.gram import combine, distances, gram, measure, project
from bcfl_plugins.defenses.core.screen import screen
from bcfl_plugins.defenses.core.select import coordinatewise
from bcfl_plugins.defenses.core.sketch import Signs
from bcfl_plugins.errors import BadUpdates


@pytest.mark.parametrize("m", range(1, 13))
def test_a_network_sorts_every_pattern_of_zeros_and_ones(m: int) -> None:
    # A comparison network that sorts all 0-1 inputs sorts everything (Knuth, vol. 3, 5.3.4).
    bits = ((np.arange(2**m)[None, :] >> np.arange(m)[:, None]) & 1).astype(np.float32)
    for start in range(m):
        stop = min(m, start + 2)
        wanted = np.sort(bits, axis=0)[start:stop]
        assert np.array_equal(np.array(place(bits.copy(), range(start, stop))), wanted)


def test_a_network_for_the_median_is_smaller_than_one_that_sorts() -> None:
    assert len(network(20, 9, 11)) < len(network(20, 0, 20))


@pytest.mark.parametrize("m", [2, 17, WIDEST, WIDEST + 1, 50])
def test_ranks_are_placed_among_random_values(m: int) -> None:
    block = np.random.default_rng(m).normal(size=(m, 40))
    wanted = np.sort(block, axis=0)
    assert np.array_equal(np.array(place(block.copy(), range(m))), wanted)


@pytest.mark.parametrize("m", [5, 8, 20, 40])
def test_the_closest_are_those_with_the_least_distance_to_the_median(m: int) -> None:
    block = np.random.default_rng(m).normal(size=(m, 60))
    far = np.abs(block - np.median(block, axis=0))
    for keep in range(2, m + 1, 1 + (m % 2 == 0)):  # of an even m the middle two are as near
        nearest = np.argsort(far, axis=0, kind="stable")[:keep]
        wanted = np.take_along_axis(block, nearest, axis=0).mean(axis=0)
        out = np.empty(60)
        Kernel("closest", keep=keep)(block.copy(), out)
        assert np.allclose(out, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 7, 50, 101])
@pytest.mark.parametrize("d", [0, 1, 63, 5000, 70_000])
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


def test_norms_alone_come_from_a_device_too() -> None:
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(9, 3000))).bfloat16()
    here, there = (parse(one, Extras(ids=range(9))) for one in (x.float(), x))
    signs = Signs.draw(3000, 1)
    left, right = (measure(rows, signs, norms_only=True) for rows in (here, there))
    assert there.device is not None
    assert np.allclose(left[0], right[0], rtol=1e-5)
    assert np.array_equal(left[2], right[2])


def test_blocks_do_not_depend_on_where_arrays_end() -> None:
    x = np.random.default_rng(1).normal(size=(4, 1000)).astype(np.float32)
    ids = Extras(ids=range(4))
    cut = parse([[row[:1], row[1:333].reshape(4, 83), row[:0], row[333:]] for row in x], ids)
    assert cut.d == 1000
    for where, block in cut.blocks(70):
        assert np.array_equal(block, x[:, where])
    model = np.arange(1000, dtype=np.float32)
    moved = parse(x + model, Extras(reference=model, ids=range(4)))
    for where, block in moved.blocks(99):
        assert np.allclose(block, x[:, where], atol=1e-4)
        assert np.array_equal(moved.reference_block(where.start, where.stop), model[where])


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


@pytest.mark.parametrize(
    "kernel", [median(9), Kernel("trimmed", cut=2), Kernel("trimmed"), Kernel("closest", keep=5)]
)
@pytest.mark.parametrize("mixed", [False, True])
def test_the_device_gives_what_numpy_gives(kernel: Kernel, mixed: bool) -> None:
    # bfloat16 stays with torch; its values are exact in float32, which numpy works on.
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(9, 3000))).bfloat16()
    here = parse(x.float(), Extras(ids=range(9)))
    there = parse(x, Extras(ids=range(9)))
    assert there.device is not None
    assert here.device is None
    mix = np.full((9, 9), 1 / 18) + np.eye(9) / 2 if mixed else None
    left, norms = coordinatewise(here, kernel, mix)
    right, same_norms = coordinatewise(there, kernel, mix)
    assert np.allclose(left, right.numpy(), rtol=1e-5, atol=1e-6)
    assert np.allclose(norms, same_norms, rtol=1e-5)
    assert np.allclose(there.device.products(there), gram(here), rtol=1e-5, atol=1e-2)
    weights = np.linspace(0.0, 0.2, 9)
    assert np.allclose(combine(there, weights).numpy(), combine(here, weights), atol=1e-5)


def test_updates_of_equal_samples_are_ordered_by_all_of_their_content() -> None:
    x = np.zeros((3, 5000), np.float32)
    x[0, 7], x[1, 9], x[2, 11] = 3.0, 1.0, 2.0  # off the grid of the sample
    first = parse(x, NO_EXTRAS)
    second = parse(x[::-1], NO_EXTRAS)
    assert np.array_equal(x[first.origin], x[::-1][second.origin])
