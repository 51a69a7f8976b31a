"""Sorting networks."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.core.arrays.network import WIDEST, network, place


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
