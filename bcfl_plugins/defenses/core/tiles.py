"""Inner products of rows, tile by tile, or their squared norms alone.

A product of all rows with all rows over many columns is one that a BLAS library splits among its
own threads, which wait for each other and go on spinning afterwards. Products of a few rows over a
few hundred columns stay in one thread and in its cache, and `numpy.matmul` takes a stack of them in
one call.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.lanes import added, each_lane, padded, spans, width
from bcfl_plugins.defenses.core.sketch import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bcfl_plugins.defenses.base import Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.lanes import Span
    from bcfl_plugins.defenses.core.sketch import Signs

TILE = 34
"""Rows of a tile, at most."""
DEPTH = 256
"""Columns of one product; twice as many where tiles are small enough."""
SMALL_TILE = 22
ONE_THREAD = 1 << 18
"""Multiplications of a product that OpenBLAS leaves to one thread."""
SLABS = 5.0
"""Size of a block, in cache slabs."""


def products(rows: Rows, signs: Signs | None = None) -> tuple[Floats, Floats]:
    """Return the (n, n) inner products of rows, on and above the diagonal, and their sketches.

    Products over a few hundred columns are taken in the dtype of blocks, and added up in float64.
    A row that is not finite spoils its own row and column of the matrix, its own sketch, and
    nothing else. With `signs` the sketches, (n, s), are made on the way. Without they are (n, 0).
    """
    bounds, depth = _tiling(rows.n, rows.d)
    return _summed(
        rows,
        signs,
        (rows.n, rows.n),
        depth,
        lambda total, block: _add(total, block, bounds, depth),
    )


def squares(rows: Rows, signs: Signs | None = None) -> tuple[Floats, Floats]:
    """Return the (n,) squared norms of rows, and their sketches: as `products`, but far less."""
    depth = min(2 * DEPTH, max(rows.d, 1))

    def add(total: Floats, block: RowBlock) -> None:
        pieces = block.reshape(rows.n, -1, depth)
        total += np.vecdot(pieces, pieces).sum(axis=1, dtype=np.float64)

    return _summed(rows, signs, (rows.n,), depth, add)


def _summed(
    rows: Rows,
    signs: Signs | None,
    shape: tuple[int, ...],
    depth: int,
    add: Callable[[Floats, RowBlock], None],
) -> tuple[Floats, Floats]:
    """Return what `add` adds up over blocks of a multiple of `depth` columns, and the sketches."""
    blocks = spans(rows.d, width(rows, SLABS), depth if signs is None else ENTRIES)
    sketch = (rows.n, 0 if signs is None else signs.entries)

    def work(lane: Sequence[Span], buffer: RowBlock) -> tuple[Floats, Floats]:
        total, folded = np.zeros(shape), np.zeros(sketch)
        for start, stop in lane:
            block = rows.fill(start, stop, buffer)
            if signs is not None:
                signs.fold(block, start, folded)
            full = padded(stop - start, depth)
            buffer[:, stop - start : full] = 0.0
            add(total, buffer[:, :full])
        return total, folded

    parts = each_lane(rows, blocks, work, unit=depth)
    found = added(np.zeros(shape), (total for total, _ in parts))
    return found, added(np.zeros(sketch), (folded for _, folded in parts))


def inner(vectors: Floats) -> Floats:
    """Return the (n, n) inner products of (n, s) vectors, taken in this thread alone."""
    n, size = vectors.shape
    bounds, depth = _tiling(n, size)
    full = size // depth * depth
    total = np.zeros((n, n))
    _add(total, vectors[:, :full], bounds, depth)
    if full < size:
        _add(total, vectors[:, full:], bounds, size - full)
    upper = np.triu(total)
    return upper + np.triu(total, 1).T


def _tiling(n: int, size: int) -> tuple[list[int], int]:
    """Return where tiles of n rows end, and the columns of one product."""
    tiles = -(-n // TILE)
    bounds = [n * k // tiles for k in range(tiles + 1)] if tiles else [0]
    most = max((stop - start for start, stop in pairwise(bounds)), default=0)
    return bounds, min(DEPTH * (2 if most <= SMALL_TILE else 1), max(size, 1))


def _add(total: Floats, block: RowBlock, bounds: Sequence[int], depth: int) -> None:
    """Add the upper tiles of the products of an (n, k depth) block to an (n, n) total."""
    tiles = [slice(a, b) for a, b in pairwise(bounds)]
    stacks = [
        block[tile].reshape(tile.stop - tile.start, -1, depth).transpose(1, 0, 2) for tile in tiles
    ]  # (k, rows, depth) each
    for i, left in enumerate(stacks):
        for j in range(i, len(stacks)):
            pairs = np.matmul(left, stacks[j].transpose(0, 2, 1))
            total[tiles[i], tiles[j]] += pairs.sum(axis=0, dtype=np.float64)


def mix_columns(shares: RowBlock, block: RowBlock, out: RowBlock) -> RowBlock:
    """Put the (m, b) combinations ``shares @ block`` of an (n, b) block into `out`; return it."""
    m, n = shares.shape
    depth = max(16, ONE_THREAD // max(m * n, 1))
    full = block.shape[1] // depth * depth
    if full:
        np.matmul(
            shares,
            block[:, :full].reshape(n, -1, depth).transpose(1, 0, 2),
            out=out[:, :full].reshape(m, -1, depth).transpose(1, 0, 2),
        )
    np.matmul(shares, block[:, full:], out=out[:, full:])
    return out
