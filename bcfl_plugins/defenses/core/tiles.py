"""Inner products of rows, tile by tile.

A product of all rows with all rows over many columns is one that a BLAS library splits among its
own threads, which wait for each other and go on spinning afterwards. Products of a few rows over a
few hundred columns stay in one thread and in its cache, and `numpy.matmul` takes a stack of them in
one call.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.lanes import each_lane, spans, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.lanes import Span
    from bcfl_plugins.defenses.core.rows import Block, Rows

TILE = 34
"""Rows of a tile, at most."""
DEPTH = 256
"""Columns of one product; twice as many where tiles are small enough."""
SMALL_TILE = 22
ONE_THREAD = 1 << 18
"""Multiplications of a product that OpenBLAS leaves to one thread."""
SLABS = 2.5
"""Size of a block, in cache slabs."""


def products(rows: Rows) -> Floats:
    """Return the (n, n) inner products of rows, on and above the diagonal.

    Products over a few hundred columns are taken in the dtype of blocks, and added up in float64.
    A row that is not finite spoils its own row and column of the matrix and nothing else.
    """
    n = rows.n
    bounds = np.linspace(0, n, -(-n // TILE) + 1).astype(np.int64).tolist()
    most = max((b - a for a, b in pairwise(bounds)), default=0)
    depth = min(DEPTH * (2 if most <= SMALL_TILE else 1), max(rows.d, 1))
    blocks = spans(rows.d, width(rows, SLABS))

    def work(lane: Sequence[Span]) -> Floats:
        total = np.zeros((n, n))
        buffer = rows.buffer(_padded(max(stop - start for start, stop in lane), depth))
        for start, stop in lane:
            rows.fill(start, stop, buffer)
            full = _padded(stop - start, depth)
            buffer[:, stop - start : full] = 0.0
            _add(total, buffer[:, :full], bounds, depth)
        return total

    matrix = np.zeros((n, n))
    for part in each_lane(blocks, work):
        matrix += part
    return matrix


def _padded(columns: int, depth: int) -> int:
    return -(-columns // depth) * depth


def _add(total: Floats, block: Block, bounds: Sequence[int], depth: int) -> None:
    """Add the upper tiles of the products of an (n, k depth) block to an (n, n) total."""
    tiles = [slice(a, b) for a, b in pairwise(bounds)]
    stacks = [
        block[tile].reshape(tile.stop - tile.start, -1, depth).transpose(1, 0, 2) for tile in tiles
    ]  # (k, rows, depth) each
    for i, left in enumerate(stacks):
        for j in range(i, len(stacks)):
            pairs = np.matmul(left, stacks[j].transpose(0, 2, 1))
            total[tiles[i], tiles[j]] += pairs.sum(axis=0, dtype=np.float64)


def mix_columns(shares: Block, block: Block, out: Block) -> Block:
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
