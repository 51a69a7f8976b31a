"""Sorting the columns of a small block: a pruned network of min and max, or a sort.

Batcher's odd-even merge sort compares rows in a fixed order that does not depend on the data, so
a comparison is one `minimum` and one `maximum` of two whole rows. Comparisons, and halves of them,
whose outcome the wanted ranks do not need are left out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import RowBlock

Wanted: TypeAlias = Literal["both", "least", "greatest"]

WIDEST = 32
"""Rows up to which the network beats a sort."""


def place(block: RowBlock, ranks: range) -> list[RowBlock]:
    """Return the (b,) rows that hold the entries of some ranks of an (m, b) block, least first.

    The block is overwritten, and most of the rows are parts of it.

    Parameters
    ----------
    block : RowBlock
        (m, b).
    ranks : range
        Consecutive, in [0, m).
    """
    m = len(block)
    if m > WIDEST:
        found = block[ranks.start : ranks.stop]
        if len(ranks) == m:
            block.sort(axis=0)
        else:
            across = np.ascontiguousarray(block.T)  # neighbours in memory are sorted a third faster
            across.sort(axis=1)
            found[:] = across[:, ranks.start : ranks.stop].T
        return list(found)
    rows = list(block)
    free = np.empty_like(block[0])
    for low, high, wanted in steps(m, ranks.start, ranks.stop):
        left, right = rows[low], rows[high]
        if wanted == "least":
            np.minimum(left, right, out=left)
        elif wanted == "greatest":
            np.maximum(left, right, out=right)
        else:
            np.minimum(left, right, out=free)
            np.maximum(left, right, out=right)
            rows[low], free = free, left  # a row changes its place, not its content
    return rows[ranks.start : ranks.stop]


@lru_cache(maxsize=256)
def steps(m: int, start: int, stop: int) -> tuple[tuple[int, int, Wanted], ...]:
    """Return the comparisons (lower row, higher row, what of it is read again) for some ranks."""
    needed = set(range(start, stop))
    found: list[tuple[int, int, Wanted]] = []
    for low, high in reversed(network(m, start, stop)):
        both = low in needed and high in needed
        found.append((low, high, "both" if both else "least" if low in needed else "greatest"))
        needed |= {low, high}
    return tuple(reversed(found))


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
