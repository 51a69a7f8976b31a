"""The Gram matrix of rows, in one pass; distances from it; and weighted sums, in another.

Products are taken in float32, block by block, and added up in float64. That loses the distances
when rows point the same way (raw models, say), or when squares leave the range of float32. Then
the matrix is built again from float64 products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.core.rows import SLAB_BYTES
from bcfl_plugins.defenses.core.screen import finite_rows

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.defenses.core.rows import Rows

CANCELLED = 0.01
"""Squared distance, as a share of the two squared norms, under which float32 is not enough."""
SMALL = 1e-25
"""Squared norm under which float32 products may have vanished."""


def gram(rows: Rows) -> Floats:
    """Return the (n, n) inner products of screened rows, exactly symmetric.

    Raises
    ------
    ValueError
        If a row is not finite: use `measure`, which tells which.
    """
    matrix, good = measure(rows)
    if not good.all():
        raise ValueError("a row is not finite; screen the rows first")
    return matrix


def measure(rows: Rows) -> tuple[Floats, Flags]:
    """Return the inner products of the rows that can be used, and (n,) which these are.

    A row that is not finite spoils its own row and column of the matrix and nothing else, so
    screening needs no pass of its own.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = _products(rows)
    norms = np.diag(matrix)
    doubtful = ~np.isfinite(norms) | (norms < SMALL)
    good = np.ones(rows.n, dtype=np.bool_)
    wide = rows.dtype == np.float64
    if doubtful.any():
        usable, zero = finite_rows(rows.take(doubtful))
        good[doubtful] = usable
        redo = bool((usable & ~zero).any()) and not wide
    else:
        redo = False
    matrix = matrix[np.ix_(good, good)]
    if not wide and (redo or _cancels(matrix)):
        matrix = _products(rows.take(good).widened())
    return matrix, good


def distances(matrix: Floats) -> Floats:
    """Return the (n, n) squared distances of a Gram matrix: not negative, zero on the diagonal."""
    norms = np.diag(matrix)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2.0 * matrix, 0.0)
    np.fill_diagonal(squared, 0.0)
    return squared


def combine(rows: Rows, weights: Floats) -> Any:  # noqa: ANN401 - numpy, or a tensor on the device
    """Return the (d,) weighted sum of rows, in the dtype of blocks.

    Rows of weight zero are not read. A single row of weight one is returned as it is.

    Parameters
    ----------
    rows : Rows
        n rows.
    weights : Floats
        (n,) finite.
    """
    used = np.flatnonzero(weights)
    some = rows.take(used)
    if rows.device:
        return _torch().combine(some, weights[used])
    out = np.zeros(rows.d, rows.dtype)
    if len(used) == 0:
        return out
    shares = weights[used].astype(rows.dtype)
    for where, block in some.blocks():
        np.dot(shares, block, out=out[where])
    return out


def project(rows: Rows, vector: Floats) -> Floats:
    """Return (n,) inner products of the rows with a (d,) vector, in float64."""
    total = np.zeros(rows.n)
    for where, block in rows.widened().blocks():
        total += block @ vector[where]
    return total


def _products(rows: Rows) -> Floats:
    if rows.device:
        matrix: Floats = _torch().products(rows)
    else:
        matrix = np.zeros((rows.n, rows.n))
        for _, block in rows.blocks(_width(rows)):
            matrix += block @ block.T
    upper = np.triu(matrix)
    return upper + np.triu(matrix, 1).T


def _width(rows: Rows) -> int:
    """Return the columns of a block: wide, because each product makes its threads wait."""
    size = rows.n * rows.d * rows.dtype.itemsize
    return rows.columns(min(8.0, max(1.0, size / (16 * SLAB_BYTES))))


def _cancels(matrix: Floats) -> bool:
    """Whether at least half of the rows lie close, for their length, to some row.

    Half, because fewer could be attackers who send the same and only want to be slow to judge.
    """
    n = len(matrix)
    if n < 2:  # noqa: PLR2004 - a pair
        return False
    norms = np.diag(matrix)
    sums = norms[:, None] + norms[None, :]
    ratios = np.divide(distances(matrix), sums, out=np.ones_like(sums), where=sums > 0)
    np.fill_diagonal(ratios, np.inf)
    ratios.sort(axis=1)
    return bool((ratios[:, (n - 2) // 2] < CANCELLED).any())


def _torch() -> Any:  # noqa: ANN401 - a module
    from bcfl_plugins.defenses.core import _torch as backend  # noqa: PLC0415 - torch is optional

    return backend
