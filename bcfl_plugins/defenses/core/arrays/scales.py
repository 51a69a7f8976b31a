"""No array hides another: those whose entries are far larger than the others' are measured smaller.

An embedding, or a layer that is tied or scaled, may move a hundred times as far as the rest of the
model. All cosines and norms would then be its own, and the rest could point anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.arrays.rows import Rows

APART = 16.0
"""An array is measured smaller when its entries are this many times the usual ones."""

_SAMPLE = 512


def even(rows: Rows) -> Rows:
    """Return the rows with their largest arrays scaled down to what is usual; to be measured only.

    What is usual is the lower median over the arrays that move of the root mean square of their
    entries; that of an array is the median over nodes, so no minority sets it. It is estimated from
    a sample of entries. Arrays that stand still, or nearly, are never scaled up: their changes
    are rounding.
    """
    sizes = np.array([_size(rows, layer) for layer in rows.layers])
    moving = np.sort(sizes[np.isfinite(sizes) & (sizes > 0.0)])
    if not moving.size:
        return rows
    usual = float(moving[(len(moving) - 1) // 2])
    large = np.isfinite(sizes) & (sizes > APART * usual)
    if not large.any():
        return rows
    layers = tuple(
        replace(layer, scale=usual / size) if far else layer
        for layer, size, far in zip(rows.layers, sizes.tolist(), large.tolist(), strict=True)
    )
    return replace(rows, layers=layers)


def _size(rows: Rows, layer: Layer) -> float:
    """Return the root mean square of an array's entries at the median node; 0: not judged."""
    length = layer.stop - layer.start
    if not length:
        return 0.0
    places = slice(0, length, max(1, length // _SAMPLE))
    start = 0.0 if layer.reference is None else _host(rows, layer.reference[places])
    with np.errstate(all="ignore"):
        squares = [
            float(np.square(_host(rows, array[places]) - start).mean()) for array in layer.arrays
        ]
    return float(np.sqrt(np.median(squares)))


def _host(rows: Rows, piece: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    host = piece if rows.device is None else rows.device.host(piece)
    return np.asarray(host, dtype=np.float64)
