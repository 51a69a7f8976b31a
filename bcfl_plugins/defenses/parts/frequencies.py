"""The discrete cosine transform, without a library for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def cosine_transform(values: Floats) -> Floats:
    """Return the orthonormal DCT-II of (k,) values: (k,) from the lowest frequency up.

    By one Fourier transform of as many values, in another order (Makhoul, IEEE Transactions on
    Acoustics, Speech, and Signal Processing 28(1), 1980).
    """
    size = len(values)
    if size == 0:
        return np.zeros(0)
    spectrum = np.fft.fft(np.concatenate([values[::2], values[1::2][::-1]]))
    turned = spectrum * np.exp(-0.5j * np.pi * np.arange(size) / size)
    found: Floats = turned.real * np.sqrt(2.0 / size)
    found[0] /= np.sqrt(2.0)
    return found
