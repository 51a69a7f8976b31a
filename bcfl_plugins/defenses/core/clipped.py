"""A weighted sum of rows in which no coordinate lies far from the median of all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.finish import placed

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import AnyArray, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows


def clipped(rows: Rows, shares: Floats, reach: float) -> AnyArray:
    """Return (d,) ``shares @ clip(rows, m - reach * s, m + reach * s)``, column by column.

    m is the median of all rows, whatever their share, and s the median distance from it.
    """
    flat = np.empty(rows.d, rows.dtype)
    for columns, block in rows.blocks():
        middle = _middle(np.sort(block, axis=0))
        away = np.abs(block - middle)
        away.sort(axis=0)
        room = reach * _middle(away)
        np.clip(block, middle - room, middle + room, out=block)
        flat[columns] = np.einsum("i,ij->j", shares, block)
    return placed(rows, flat)


def _middle(ordered: RowBlock) -> RowBlock:
    """Return the medians of columns in order."""
    n = len(ordered)
    found: RowBlock = 0.5 * ordered[(n - 1) // 2] + 0.5 * ordered[n // 2]
    return found
