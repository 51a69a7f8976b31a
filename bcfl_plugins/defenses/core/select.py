"""Kernels that work on each coordinate for itself, over blocks that fit a core's cache."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bcfl_plugins.defenses.core.network import place
from bcfl_plugins.defenses.core.rows import SLAB_BYTES

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.rows import Block, Rows

WORKERS = 2
"""Threads: numpy releases the interpreter lock. Each block is one thread's alone, so that the
number of threads cannot change a result."""


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

    def __call__(self, block: Block) -> Block:
        """Return (b,) from an (m, b) block, which is overwritten."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.kind == "trimmed":
                return trimmed(block, self.cut)
            return closest(block, self.keep)


def median(m: int) -> Kernel:
    """Return the kernel of the median of m values; of an even m, the mean of the middle two."""
    return Kernel("trimmed", cut=(m - 1) // 2)


def coordinatewise(rows: Rows, kernel: Kernel, mix: Floats | None = None) -> tuple[Any, Floats]:
    """Return the (d,) result of a kernel over all columns, and (n,) squared norms of the rows.

    Parameters
    ----------
    rows : Rows
        n rows. They need not be screened: a norm that is not finite says that they should be.
    kernel : Kernel
        What to take of each column.
    mix : Floats or None
        (m, n) the kernel sees these combinations of rows instead of the rows.
    """
    if rows.device:
        result: tuple[Any, Floats] = _torch().coordinatewise(rows, kernel, mix)
        return result
    out = np.empty(rows.d, rows.dtype)
    width = _width(rows) if kernel.kind == "trimmed" else rows.columns(0.2)
    spans = rows.spans(width)
    groups = [spans[k::WORKERS] for k in range(min(WORKERS, len(spans)))]
    shares = None if mix is None else mix.astype(rows.dtype)

    def work(group: list[tuple[int, int]]) -> list[Floats]:
        buffer = rows.buffer(min(width, rows.d))
        norms = []
        for start, stop in group:
            block = rows.fill(start, stop, buffer)
            with np.errstate(over="ignore", invalid="ignore"):
                norms.append(np.einsum("ij,ij->i", block, block).astype(np.float64))
            out[start:stop] = kernel(block if shares is None else shares @ block)
        return norms

    total = np.zeros(rows.n)
    if len(groups) > 1:
        with ThreadPoolExecutor(WORKERS) as pool:
            parts = list(pool.map(work, groups))
    else:
        parts = [work(group) for group in groups]
    for norms in parts:
        for one in norms:
            total += one
    return out, total


def _width(rows: Rows) -> int:
    """Return the columns of a block: wide, as threads wait for each other between short steps."""
    size = rows.n * rows.d * rows.dtype.itemsize
    return rows.columns(min(2.0, max(0.5, size / (64 * SLAB_BYTES))))


def trimmed(block: Block, cut: int) -> Block:
    """Return the mean of each column without its `cut` least and greatest entries."""
    m = len(block)
    if cut == 0:
        return mean(block)
    middle = place(block, range(cut, m - cut))
    return mean(middle)


def closest(block: Block, keep: int) -> Block:
    """Return the mean of the `keep` entries of each column that are closest to its median.

    They are consecutive when sorted, so a window of `keep` moves over the sorted column; of two
    windows as good the one of lesser entries is taken.
    """
    m = len(block)
    if keep == m:
        return mean(block)
    ordered = place(block, range(m))
    low, high = ordered[(m - 1) // 2], ordered[m // 2]
    middle = low if m % 2 else low + (high - low) / 2
    start = np.zeros(block.shape[1], dtype=np.intp)
    for first in range(m - keep):
        # Moving on pays as long as the entry gained is strictly closer than the entry lost.
        start += ordered[first + keep] - middle < middle - ordered[first]
    window = np.take_along_axis(ordered, start + np.arange(keep)[:, None], axis=0)
    return mean(window)


def mean(block: Block) -> Block:
    """Return the mean of each column, added up in float64."""
    if len(block) == 1:
        only: Block = block[0]
        return only
    if len(block) == 2:  # noqa: PLR2004 - half before adding: no overflow
        half = block.dtype.type(0.5)
        middle: Block = block[0] * half + block[1] * half
        return middle
    total: Block = block.mean(axis=0, dtype=np.float64)
    return total.astype(block.dtype)


def _torch() -> Any:  # noqa: ANN401 - a module
    from bcfl_plugins.defenses.core import _torch as backend  # noqa: PLC0415 - torch is optional

    return backend
