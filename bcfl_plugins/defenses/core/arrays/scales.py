"""No array hides another: those whose entries are far larger than the others' are measured smaller.

An embedding, or a layer that is tied or scaled, may move a hundred times as far as the rest of the
model. All cosines and norms would then be its own, and the rest could point anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import AnyArray, RowBlock
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.arrays.rows import Rows

APART = 16.0
"""An array is measured smaller when its entries are this many times the usual ones."""

_SAMPLE = 256


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
    pieces = [_host(rows, array[places]) for array in layer.arrays]
    sample = np.concatenate(pieces).astype(np.float64).reshape(rows.n, -1)
    with np.errstate(all="ignore"):
        if layer.reference is not None:
            sample -= _host(rows, layer.reference[places])
        squares = np.einsum("ij,ij->i", sample, sample)
        return float(np.sqrt(np.median(squares) / sample.shape[1]))


def _host(rows: Rows, piece: AnyArray) -> RowBlock:
    return piece if rows.device is None else rows.device.host(piece)
