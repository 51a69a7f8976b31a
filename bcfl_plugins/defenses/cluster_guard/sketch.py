"""Seeded linear sketches of updates that keep inner products: what a course is made of.

A count sketch (Charikar, Chen, Farach-Colton, ICALP 2002) of s entries: coordinate k goes to entry
k mod s with a random sign. The inner product of two sketches is that of the vectors with an error
of standard deviation about ``norm * norm / sqrt(s)``. Models of s parameters or fewer are kept as
they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.rows import Rows

ENTRIES = 4096
"""s: entries of a sketch; 1.6 % standard error."""


def sketches(rows: Rows, seed: int) -> Floats:
    """Return (n, min(d, s)) sketches of the rows, from one pass over them.

    Sums are taken in the dtype of blocks. A row that leaves its range has entries that are not
    finite.

    Parameters
    ----------
    rows : Rows
        n rows of d entries.
    seed : int
        Fixes the signs: only sketches of one seed and one d can be compared.
    """
    size = rows.d
    if size <= ENTRIES:
        made = np.zeros((rows.n, size))
        for where, block in rows.blocks():
            made[:, where] = block
        return made
    signs = _signs(size, seed).astype(rows.dtype)
    total = np.zeros((rows.n, ENTRIES), rows.dtype)
    folds = max(1, rows.columns(2.0) // ENTRIES)
    with np.errstate(over="ignore", invalid="ignore"):
        for where, block in rows.blocks(folds * ENTRIES):
            np.multiply(block, signs[where], out=block)
            for start in range(0, block.shape[1], ENTRIES):
                fold = block[:, start : start + ENTRIES]
                total[:, : fold.shape[1]] += fold
    return total.astype(np.float64)


def _signs(size: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return (size,) entries of -1 and 1."""
    rng = np.random.Generator(np.random.PCG64(seed))
    bits = np.unpackbits(np.frombuffer(rng.bytes((size + 7) // 8), np.uint8), count=size)
    return bits.astype(np.int8) * np.int8(2) - np.int8(1)
