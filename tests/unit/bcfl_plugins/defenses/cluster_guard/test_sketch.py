from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import NOTHING
from bcfl_plugins.defenses.cluster_guard.sketch import ENTRIES, sketches
from bcfl_plugins.defenses.core.parse import parse


def made(matrix: np.ndarray, seed: int = 0) -> np.ndarray:
    rows = parse(matrix, NOTHING)
    found = sketches(rows, seed)
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
