"""Blocks of columns in lanes: threads take whole lanes, so who takes which cannot change a result.

Which blocks a lane has, and in what order lanes are added up, depends on the size of the round
alone. numpy releases the interpreter lock, so that lanes run side by side; a block is wide because
each step on a block makes its thread ask for that lock again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from bcfl_plugins.defenses.core.arrays.rows import SLAB_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bcfl_plugins.defenses.base import Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows

Span: TypeAlias = tuple[int, int]
T = TypeVar("T")

LANES = 4
"""Lanes of a round that has more than one block."""
HELPERS = 1
"""Threads that take them, besides the caller's."""


def width(rows: Rows, slabs: float, buffers: int = 1) -> int:
    """Return the columns of a block: `slabs` cache slabs, less for rounds that are small.

    Each worker has `buffers` blocks of its own: they are a 24th of the updates, at most.
    """
    return rows.columns(min(slabs, max(0.25, rows.nbytes / (24 * SLAB_BYTES))) / buffers)


def spans(size: int, columns: int, unit: int = 1) -> list[Span]:
    """Return the (start, stop) of blocks of about `columns`, about as many for each lane.

    All but the last have a multiple of `unit` columns, and at most `columns` rounded up to that.
    """
    count = -(-size // columns)
    if count > 1:
        count = padded(count, LANES)
    step = padded(max(1, -(-size // max(count, 1))), unit)
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def padded(size: int, unit: int) -> int:
    """Return the least multiple of `unit` that is not under `size`."""
    return -(-size // unit) * unit


def each_lane(
    rows: Rows,
    blocks: Sequence[Span],
    work: Callable[[Sequence[Span], RowBlock], T],
    *,
    height: int | None = None,
    unit: int = 1,
) -> list[T]:
    """Return what `work` makes of each lane's blocks, in the order of lanes.

    Overflow and invalid values make no warnings: what they leave is looked for afterwards.

    Parameters
    ----------
    rows : Rows
        n rows.
    blocks : sequence of Span
        From `spans`.
    work : callable
        Takes the blocks of a lane, and a buffer for one block of them.
    height : int or None
        Rows of the buffer; ``None``: n.
    unit : int
        The columns of the buffer are a multiple of it.
    """
    lanes = [blocks[k::LANES] for k in range(min(LANES, len(blocks)))]
    most = max((stop - start for start, stop in blocks), default=0)
    # One piece of memory for all workers: small ones would be given back to the system after each
    # pass, and be asked for again page by page.
    free = rows.buffers(min(HELPERS + 1, len(lanes)), padded(most, unit), height)

    def silent(lane: Sequence[Span]) -> T:
        buffer = free.pop()
        try:
            with np.errstate(all="ignore"):  # a thread has settings of its own
                return work(lane, buffer)
        finally:
            free.append(buffer)

    if len(lanes) == 1:
        return [silent(lanes[0])]
    helpers = _helpers(HELPERS)
    futures = [helpers.submit(silent, lane) for lane in lanes]
    # Helpers take lanes from the first on, this thread from the last on: all of them where the
    # helpers are busy for others, or were left behind by a fork.
    taken: dict[int, T] = {}
    try:
        for k in reversed(range(len(lanes))):
            if futures[k].cancel():
                taken[k] = silent(lanes[k])
        return [taken[k] if k in taken else future.result() for k, future in enumerate(futures)]
    finally:
        # A lane that was taken back stays in the helpers' queue until one of them comes to it, and
        # would keep the buffers for as long.
        free.clear()


def added(total: Floats, parts: Iterable[Floats]) -> Floats:
    """Add what lanes made to `total`, in their order and as silently; return it."""
    with np.errstate(all="ignore"):
        for part in parts:
            total += part
    return total


@cache
def _helpers(count: int) -> ThreadPoolExecutor:
    """Return the threads that help every caller; they are kept, as starting one takes long."""
    return ThreadPoolExecutor(count, thread_name_prefix="bcfl-lanes")
