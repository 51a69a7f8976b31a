"""The Gram matrix of rows, in one pass; distances from it; and weighted sums, in another.

Products are taken in float32, block by block, and added up in float64. That loses the distances
when rows point the same way (raw models, say), or when squares leave the range of float32. Then
the matrix is built again from float64 products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.core.lanes import added, each_lane, spans, width
from bcfl_plugins.defenses.core.screen import finite_rows
from bcfl_plugins.defenses.core.sketch import sketches
from bcfl_plugins.defenses.core.tiles import products, squares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.lanes import Span
    from bcfl_plugins.defenses.core.sketch import Signs

CANCELLED = 0.01
"""Squared distance, as a share of the two squared norms, under which float32 is not enough."""
SMALL = 1e-25
"""Squared norm under which float32 products may have vanished."""
SLABS = 5.0
"""Size of a block that is summed, in cache slabs."""


def gram(rows: Rows) -> Floats:
    """Return the (n, n) inner products of screened rows, exactly symmetric.

    Raises
    ------
    ValueError
        If a row is not finite: use `measure`, which tells which.
    """
    matrix, good, _ = measure(rows)
    if not good.all():
        raise ValueError("a row is not finite; screen the rows first")
    return matrix


def measure(
    rows: Rows, signs: Signs | None = None, *, norms_only: bool = False
) -> tuple[Floats, Flags, Floats]:
    """Return inner products and sketches of the rows that can be used, and which these are.

    A row that is not finite spoils its own row and column of the matrix and nothing else, so
    screening needs no pass of its own.

    Parameters
    ----------
    rows : Rows
        n rows, of which m can be used.
    signs : Signs or None
        Of the sketches; ``None``: they are empty.
    norms_only : bool
        Whether squared norms are enough: the work then grows with n, and not with its square.

    Returns
    -------
    (Floats, Flags, Floats)
        (m, m), or (m,) squared norms; (n,); and (m, s), zeros for a row that leaves the range of
        its dtype in sums.
    """
    take = _squares if norms_only else _products
    found, sketched = take(rows, signs)
    norms = found if norms_only else np.diag(found)
    doubtful = ~np.isfinite(norms) | (norms < SMALL)
    good = np.ones(rows.n, dtype=np.bool_)
    wide = rows.dtype == np.float64
    if doubtful.any():
        usable, zero = finite_rows(rows.take(doubtful))
        good[doubtful] = usable
        redo = bool((usable & ~zero).any()) and not wide
    else:
        redo = False
    found = found[good] if norms_only else found[np.ix_(good, good)]
    if not wide and (redo or (not norms_only and _cancels(found))):
        found, _ = take(rows.take(good).widened())
    sketched[~np.isfinite(sketched).all(axis=1)] = 0.0
    return found, good, sketched[good]


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
    if rows.device is not None:
        return rows.device.combine(some, weights[used])
    if len(used) == 0:
        return np.zeros(rows.d, rows.dtype)
    out = np.empty(rows.d, rows.dtype)
    shares = weights[used].astype(rows.dtype)

    def work(lane: Sequence[Span], buffer: RowBlock) -> None:
        for start, stop in lane:
            block = some.fill(start, stop, buffer)
            np.einsum("i,ij->j", shares, block, out=out[start:stop])

    each_lane(some, spans(rows.d, width(some, SLABS)), work)
    return out


def project(rows: Rows, vector: Floats) -> Floats:
    """Return (n,) inner products of the rows with a (d,) vector, in float64."""
    wide = rows.widened()

    def work(lane: Sequence[Span], buffer: RowBlock) -> Floats:
        total = np.zeros(rows.n)
        for start, stop in lane:
            total += np.einsum("ij,j->i", wide.fill(start, stop, buffer), vector[start:stop])
        return total

    return added(np.zeros(rows.n), each_lane(wide, spans(rows.d, width(wide, 1.0)), work))


def _products(rows: Rows, signs: Signs | None = None) -> tuple[Floats, Floats]:
    if rows.device is not None:
        matrix = rows.device.products(rows)
        sketched = np.zeros((rows.n, 0)) if signs is None else sketches(rows, signs)
    else:
        matrix, sketched = products(rows, signs)
    upper = np.triu(matrix)
    return upper + np.triu(matrix, 1).T, sketched


def _squares(rows: Rows, signs: Signs | None = None) -> tuple[Floats, Floats]:
    if rows.device is not None and signs is None:
        return np.diag(rows.device.products(rows)), np.zeros((rows.n, 0))
    return squares(rows, signs)  # sketches are made here, so norms need no pass on the device


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
