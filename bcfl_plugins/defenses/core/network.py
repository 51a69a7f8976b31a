"""Sorting the columns of a small block: a pruned network of min and max, or a sort.

Batcher's odd-even merge sort compares rows in a fixed order that does not depend on the data, so
a comparison is one `minimum` and one `maximum` of two whole rows. Comparisons whose outcome the
wanted ranks do not need are left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.rows import Block

WIDEST = 32
"""Rows up to which the network beats a sort."""


def place(block: Block, ranks: range) -> Block:
    """Return the rows of an (m, b) block that hold the entries of some ranks, least first.

    The block is overwritten: afterwards row r holds each column's entry of rank r, for the ranks
    that were asked for.
    """
    m = len(block)
    if m > WIDEST:
        block.sort(axis=0)
    else:
        spare = np.empty_like(block[0])
        for low, high in network(m, ranks.start, ranks.stop):
            np.minimum(block[low], block[high], out=spare)
            np.maximum(block[low], block[high], out=block[high])
            block[low] = spare
    return block[ranks.start : ranks.stop]


@lru_cache(maxsize=256)
def network(m: int, start: int, stop: int) -> tuple[tuple[int, int], ...]:
    """Return the comparisons (lower row, higher row) that put ranks [start, stop) in place."""
    needed = set(range(start, stop))
    pruned: list[tuple[int, int]] = []
    for low, high in reversed(_batcher(m)):
        if low in needed or high in needed:
            needed |= {low, high}
            pruned.append((low, high))
    return tuple(reversed(pruned))


def _batcher(m: int) -> list[tuple[int, int]]:
    pairs = []
    p = 1
    while p < m:
        k = p
        while k >= 1:
            for j in range(k % p, m - k, 2 * k):
                pairs += [
                    (i + j, i + j + k)
                    for i in range(min(k, m - j - k))
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p)
                ]
            k //= 2
        p *= 2
    return pairs
