from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import NO_EXTRAS, Extras
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.gram import gram, measure
from bcfl_plugins.defenses.core.sketch import ENTRIES, Signs, reference_sketch, sketches


def made(matrix: np.ndarray, seed: int = 0) -> np.ndarray:
    rows = parse(matrix, NO_EXTRAS)
    found = sketches(rows, Signs.draw(rows.d, seed))
    out = np.empty_like(found)
    out[rows.origin] = found
    return out


def test_small_models_are_kept_as_they_are() -> None:
    matrix = np.random.default_rng(0).standard_normal((3, 50))
    assert made(matrix).tolist() == matrix.tolist()


def test_inner_products_survive() -> None:
    rng = np.random.default_rng(1)
    common = -np.abs(rng.standard_normal(30_000))  # all of one sign, as in ALIE
    matrix = common + 0.7 * rng.standard_normal((6, 30_000))
    true = matrix @ matrix.T
    norms = np.sqrt(np.diag(true))
    error = (made(matrix) @ made(matrix).T - true) / np.outer(norms, norms)
    assert np.abs(error).max() < 5 / np.sqrt(ENTRIES)


def test_sketching_is_linear() -> None:
    matrix = np.random.default_rng(2).standard_normal((2, 9000))
    both = made(np.concatenate([matrix, matrix.sum(axis=0, keepdims=True)]))
    assert both[2] == pytest.approx(both[0] + both[1])


def test_the_seed_decides() -> None:
    matrix = np.random.default_rng(3).standard_normal((2, 9000))
    assert made(matrix, 1).tolist() == made(matrix, 1).tolist()
    assert made(matrix, 1).tolist() != made(matrix, 2).tolist()


def near(found: np.ndarray, wanted: np.ndarray) -> bool:
    bound = np.maximum(1e-4, 1e-5 * np.abs(wanted))
    return bool((np.abs(found - wanted) <= bound).all())


@pytest.mark.parametrize("d", [1, 900, ENTRIES, ENTRIES + 1, 70_001])
def test_sketches_made_with_the_products_are_those_of_their_own_pass(d: int) -> None:
    x = np.random.default_rng(d).standard_normal((23, d), dtype=np.float32)
    rows = parse(x, Extras(ids=range(23)))
    signs = Signs.draw(d, 7)
    matrix, good, found = measure(rows, signs)
    assert good.all()
    assert np.allclose(matrix, gram(rows), rtol=1e-6, atol=1e-3)
    assert near(found, sketches(rows, signs))
    plus = np.array([1.0] * d) if d <= ENTRIES else signs.of(0, d, np.dtype(np.float64))
    assert plus is not None
    width = min(d, ENTRIES)
    whole = np.zeros((23, -(-d // width) * width))
    whole[:, :d] = plus * x
    folded = whole.reshape(23, -1, width).sum(axis=1)
    assert near(found, folded)


def test_a_row_out_of_range_has_no_sketch_and_spoils_no_other() -> None:
    x = np.ones((4, 2 * ENTRIES), np.float32)
    x[1] = 3e38
    x[2, 5] = np.nan
    x[3] *= 2
    rows = parse(x, Extras(ids=range(4)))
    _, good, found = measure(rows, Signs.draw(rows.d, 0))
    assert good.tolist() == [True, True, False, True]
    assert not found[1].any()
    assert found[0].any()
    assert np.array_equal(found[2], 2 * found[0])


def test_signs_do_not_depend_on_where_blocks_begin() -> None:
    signs = Signs.draw(3 * ENTRIES + 5, 1)
    whole = signs.of(0, 3 * ENTRIES + 5, np.dtype(np.float32))
    part = signs.of(ENTRIES, 2 * ENTRIES + 3, np.dtype(np.float32))
    assert whole is not None
    assert part is not None
    assert np.array_equal(whole[ENTRIES : 2 * ENTRIES + 3], part)
    assert set(np.unique(whole).tolist()) == {-1.0, 1.0}
    assert abs(float(whole.mean())) < 0.1


@pytest.mark.parametrize("d", [50, 9000])
def test_the_sketch_of_the_reference_is_that_of_a_row_like_it(d: int) -> None:
    reference = np.random.default_rng(d).standard_normal(d)
    rows = parse(2.0 * reference[None], Extras(reference=reference))
    row = sketches(rows, Signs.draw(d, 3))[0]
    assert reference_sketch(rows, 3) == pytest.approx(row, abs=1e-12)
