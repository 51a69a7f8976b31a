from __future__ import annotations

import numpy as np

from bcfl_plugins.defenses.base import NO_EXTRAS
from bcfl_plugins.defenses.core.arrays.parse import parse


def test_updates_of_equal_samples_are_ordered_by_all_of_their_content() -> None:
    x = np.zeros((3, 5000), np.float32)
    x[0, 7], x[1, 9], x[2, 11] = 3.0, 1.0, 2.0  # off the grid of the sample
    first = parse(x, NO_EXTRAS)
    second = parse(x[::-1], NO_EXTRAS)
    assert np.array_equal(x[first.origin], x[::-1][second.origin])
