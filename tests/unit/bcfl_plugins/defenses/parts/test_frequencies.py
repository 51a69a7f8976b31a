from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dct

from bcfl_plugins.defenses.parts.frequencies import cosine_transform


@pytest.mark.parametrize("size", [0, 1, 2, 3, 8, 101])
def test_it_is_scipys(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    expected = dct(values, norm="ortho") if size else values
    np.testing.assert_allclose(cosine_transform(values), expected, atol=1e-12)
