from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.core.arrays.kernel import Kernel


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
