"""Arrays that nodes measure and do not train: running means and variances of a normalisation.

Their numbers may be thousands of times those of an update, and are much the same whatever a node
does to the weights. In the same vector as the weights they would hide everything else. So they
are not judged, and no node moves them farther than others do: they become a median.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows

_ENDS = re.compile(r"[./]")
_NUMBERED = re.compile(r":\d+$")  # TensorFlow's "moving_mean:0"
_CHUNK = 1 << 16
_ROUNDING = 1e-9


def is_buffer(name: str | int, patterns: Sequence[str]) -> bool:
    """Say whether an array's name, or what follows its last ``.`` or ``/``, is one of these."""
    whole = _NUMBERED.sub("", str(name))
    end = _ENDS.split(whole)[-1]
    return any(fnmatchcase(whole, one) or fnmatchcase(end, one) for one in patterns)


def finite_buffers(rows: Rows) -> Flags:
    """Return (n,) whose buffers are all finite."""
    good = np.ones(rows.n, dtype=np.bool_)
    for layer in rows.layers:
        if layer.buffer:
            for row, array in enumerate(layer.arrays):
                host = array if rows.device is None else rows.device.host(array)
                good[row] &= bool(np.isfinite(host[:]).all())
    return good


def weighted_medians(values: Sequence[RowBlock], weights: Floats) -> Floats:
    """Return (d,) the weighted median of each entry: equal weights give the median.

    No set of rows with less than half of the weight moves it beyond what the others hold. Weights
    that are all zero count as equal.

    Parameters
    ----------
    values : sequence of arrays
        n finite rows of d entries.
    weights : Floats
        (n,) finite, not negative.
    """
    counts = weights if (weights > 0.0).any() else np.ones(len(weights))
    used = np.flatnonzero(counts).tolist()
    out = np.empty(len(values[0]))
    for start in range(0, len(out), _CHUNK):
        block = np.stack([values[row][start : start + _CHUNK] for row in used]).astype(np.float64)
        out[start : start + _CHUNK] = _medians(block, counts[used] / counts[used].sum())
    return out


def _medians(block: Floats, shares: Floats) -> Floats:
    order = np.argsort(block, axis=0, kind="stable")
    ordered = np.take_along_axis(block, order, axis=0)
    sums = np.cumsum(shares[order], axis=0)
    lower = np.argmax(sums >= 0.5 - _ROUNDING, axis=0)
    upper = np.argmax(sums > 0.5 + _ROUNDING, axis=0)
    low = np.take_along_axis(ordered, lower[None], axis=0)[0]
    high = np.take_along_axis(ordered, upper[None], axis=0)[0]
    found: Floats = low / 2.0 + high / 2.0
    return np.where(low == high, low, found)
