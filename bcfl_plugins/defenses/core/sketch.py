"""Seeded linear sketches of updates that keep inner products.

A count sketch (Charikar, Chen, Farach-Colton, ICALP 2002) of s entries: coordinate k goes to entry
k mod s with a random sign. The inner product of two sketches is that of the vectors with an error
of standard deviation about ``norm * norm / sqrt(s)``. Models of s parameters or fewer are kept as
they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.core.lanes import added, each_lane, spans, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.lanes import Span

ENTRIES = 4096
"""s: entries of a sketch; 1.6 % standard error."""


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """The signs of a sketch. Only sketches of one seed and one d can be compared.

    Parameters
    ----------
    size : int
        d: entries of a row.
    bits : numpy array of uint8
        A bit for each entry of a row, eight in one; set: plus. Empty where rows are kept as they
        are.
    """

    size: int
    bits: np.ndarray[Any, np.dtype[np.uint8]]

    @classmethod
    def draw(cls, size: int, seed: int) -> Signs:
        """Draw the signs of d entries."""
        count = (size + 7) // 8 if size > ENTRIES else 0
        rng = np.random.Generator(np.random.PCG64(seed))
        return cls(size, np.frombuffer(rng.bytes(count), np.uint8))

    @property
    def entries(self) -> int:
        """Entries of a sketch."""
        return min(self.size, ENTRIES)

    def of(self, start: int, stop: int, dtype: np.dtype[Any]) -> RowBlock | None:
        """Return the signs of columns [start, stop), `start` a multiple of 8; none if all plus."""
        if not self.bits.size:
            return None
        octets = self.bits[start // 8 : (stop + 7) // 8]
        found: RowBlock = np.take(_of_octets(dtype), octets, axis=0, mode="clip")
        return found.reshape(-1)[: stop - start]

    def fold(self, block: RowBlock, start: int, total: Floats) -> None:
        """Add the signed columns of an (n, b) block to the (n, s) `total`.

        The block begins at column `start`, a multiple of s. Sums within it are taken in its dtype:
        a row that leaves the range has entries that are not finite.
        """
        n, entries = total.shape
        size = block.shape[1]
        signs = self.of(start, start + size, block.dtype)
        if signs is None:
            total[:, :size] += block
            return
        full = size // entries * entries
        if full:
            folded = block[:, :full].reshape(n, -1, entries)  # (n, k, s)
            total += np.einsum("ikj,kj->ij", folded, signs[:full].reshape(-1, entries))
        total[:, : size - full] += block[:, full:] * signs[full:]


@cache
def _of_octets(dtype: np.dtype[Any]) -> RowBlock:
    """Return the (256, 8) signs that each value of eight bits stands for."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    found: RowBlock = bits.astype(dtype) * 2 - 1
    found.flags.writeable = False
    return found


def sketches(rows: Rows, signs: Signs) -> Floats:
    """Return (n, min(d, s)) sketches of the rows, from a pass of their own."""

    def work(lane: Sequence[Span], buffer: RowBlock) -> Floats:
        total = np.zeros((rows.n, signs.entries))
        for start, stop in lane:
            signs.fold(rows.fill(start, stop, buffer), start, total)
        return total

    blocks = spans(rows.d, width(rows, 1.0), ENTRIES)
    return added(np.zeros((rows.n, signs.entries)), each_lane(rows, blocks, work))


def reference_sketch(rows: Rows, seed: int) -> Floats:
    """Return the (min(d, s),) sketch of the reference, to be compared with that of rows."""
    signs = Signs.draw(rows.d, seed)
    total = np.zeros((1, signs.entries))
    for start, stop in rows.spans(ENTRIES):
        signs.fold(rows.reference_block(start, stop)[None], start, total)
    found: Floats = total[0]
    return found
