from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.core.tiles import inner, mix_columns


@pytest.mark.parametrize("m", [1, 3, 40])
@pytest.mark.parametrize("width", [1, 15, 5000])
def test_mixed_columns_are_the_product(m: int, width: int) -> None:
    rng = np.random.default_rng(m + width)
    shares, block = rng.random((m, 40)), rng.standard_normal((40, width))
    out = np.full((m, width), np.nan)
    assert mix_columns(shares, block, out) is out
    assert np.allclose(out, shares @ block, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", [1, 20, 70])
@pytest.mark.parametrize("size", [0, 1, 512, 4096, 5000])
def test_inner_products_of_vectors_at_hand(n: int, size: int) -> None:
    vectors = np.random.default_rng(n + size).standard_normal((n, size))
    found = inner(vectors)
    assert np.allclose(found, vectors @ vectors.T, rtol=1e-12, atol=1e-11)
    assert np.array_equal(found, found.T)
