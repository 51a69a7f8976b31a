"""A weighted sum of rows in which no coordinate lies far from the median of all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.arrays.rows import SLAB_BYTES
from bcfl_plugins.defenses.core.finish import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import AnyArray, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows


def clipped(rows: Rows, shares: Floats, reach: float) -> AnyArray:
    """Return (d,) ``shares @ clip(rows, m - reach * s, m + reach * s)``, column by column.

    m is the median of all rows, whatever their share, and s the median distance from it.
    """
    flat = np.empty(rows.d, rows.dtype)
    for columns, block in rows.blocks():
        middle, room = _room(block, reach)
        np.clip(block, middle - room, middle + room, out=block)
        flat[columns] = np.einsum("i,ij->j", shares, block)
    return placed(rows, flat)


def room_around(
    arrays: Sequence[RowBlock], reference: RowBlock, reach: float
) -> tuple[RowBlock, RowBlock]:
    """Return the least and the greatest entries that `clipped` leaves, of one array of models.

    Parameters
    ----------
    arrays : sequence of RowBlock
        n models' arrays of floats, of any one shape.
    reference : RowBlock
        The array that went out. Medians are of the changes: models agree in too many digits.
    reach : float
        As for `clipped`.
    """
    flats, start = [array.reshape(-1) for array in arrays], reference.reshape(-1)
    least, most = np.empty(start.shape), np.empty(start.shape)
    width = max(64, SLAB_BYTES // (8 * len(flats)))
    for low in range(0, len(start), width):
        part = slice(low, low + width)
        block = np.stack([flat[part] for flat in flats]).astype(np.float64) - start[part]
        middle, room = _room(block, reach)
        least[part], most[part] = start[part] + (middle - room), start[part] + (middle + room)
    return least.reshape(reference.shape), most.reshape(reference.shape)


def _room(block: RowBlock, reach: float) -> tuple[RowBlock, RowBlock]:
    """Return the medians of columns, and how far from them a value may lie."""
    middle = _middle(np.sort(block, axis=0))
    away = np.abs(block - middle)
    away.sort(axis=0)
    return middle, reach * _middle(away)


def _middle(ordered: RowBlock) -> RowBlock:
    """Return the medians of columns in order."""
    n = len(ordered)
    found: RowBlock = 0.5 * ordered[(n - 1) // 2] + 0.5 * ordered[n // 2]
    return found
