"""What is taken of the sorted values of each coordinate of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bcfl_plugins.defenses.core.arrays.network import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import RowBlock


@dataclass(frozen=True, slots=True)
class Kernel:
    """What to take of each coordinate's m values, sorted.

    Parameters
    ----------
    kind : str
        ``"trimmed"``: the mean of all but the `cut` least and the `cut` greatest. ``"closest"``:
        the mean of the `keep` values that are closest to the median.
    cut, keep : int
        See above; the median is the trimmed mean with the largest cut.
    """

    kind: Literal["trimmed", "closest"]
    cut: int = 0
    keep: int = 0

    def __call__(self, block: RowBlock, out: RowBlock) -> None:
        """Put (b,) of an (m, b) block, which is overwritten, into `out`."""
        if self.kind == "trimmed":
            trimmed(block, self.cut, out)
        else:
            closest(block, self.keep, out)


def median(m: int) -> Kernel:
    """Return the kernel of the median of m values; of an even m, the mean of the middle two."""
    return Kernel("trimmed", cut=(m - 1) // 2)


def trimmed(block: RowBlock, cut: int, out: RowBlock) -> None:
    """Put the mean of each column without its `cut` least and greatest entries into `out`."""
    m = len(block)
    if cut == 0:
        mean(list(block), out)
    else:
        middle = place(block, range(cut, m - cut))
        mean(middle, out)


def closest(block: RowBlock, keep: int, out: RowBlock) -> None:
    """Put the mean of the `keep` entries of each column closest to its median into `out`.

    They are consecutive when sorted, so a window of `keep` moves over the sorted column; of two
    windows as good the one of lesser entries is taken.
    """
    m = len(block)
    if keep == m:
        mean(list(block), out)
        return
    ordered = place(block, range(m))
    low, high = ordered[(m - 1) // 2], ordered[m // 2]
    middle = low.copy() if m % 2 else low + (high - low) / 2
    for first in range(m - keep):
        # Moving on pays as long as the entry gained is strictly closer than the entry lost, in
        # whose row it is put: the first `keep` rows are the window.
        gained, lost = ordered[first + keep], ordered[first]
        moves = gained - middle < middle - lost
        np.copyto(ordered[first % keep], gained, where=moves)
    mean(ordered[:keep], out)


def mean(rows: Sequence[RowBlock], out: RowBlock) -> None:
    """Put the mean of (b,) rows into `out`; it is added up in float64."""
    if len(rows) == 1:
        np.copyto(out, rows[0])
    elif len(rows) == 2:  # noqa: PLR2004 - half before adding: no overflow
        half = out.dtype.type(0.5)
        np.multiply(rows[0], half, out=rows[0])
        np.multiply(rows[1], half, out=rows[1])
        np.add(rows[0], rows[1], out=out)
    else:
        total = np.zeros(len(out))
        for row in rows:
            total += row
        np.divide(total, len(rows), out=out, casting="same_kind")
