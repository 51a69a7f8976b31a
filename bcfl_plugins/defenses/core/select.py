"""Work on each coordinate for itself, over blocks that fit a core's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.core.lanes import added, each_lane, spans, width
from bcfl_plugins.defenses.core.tiles import mix_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.kernel import Kernel
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.lanes import Span

SLABS = 2.0
"""Size of a block, in cache slabs."""


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
    if rows.device is not None:
        return rows.device.coordinatewise(rows, kernel, mix)
    out = np.empty(rows.d, rows.dtype)
    shares = None if mix is None else mix.astype(rows.dtype)

    def work(lane: Sequence[Span], buffer: RowBlock) -> Floats:
        total = np.zeros(rows.n)
        mixed = buffer[rows.n :]
        for start, stop in lane:
            block = rows.fill(start, stop, buffer[: rows.n])
            total += np.einsum("ij,ij->i", block, block)
            if shares is not None:
                block = mix_columns(shares, block, mixed[:, : stop - start])
            kernel(block, out[start:stop])
        return total

    columns = width(rows, SLABS, buffers=1 if shares is None else 2)
    height = rows.n + (0 if shares is None else len(shares))
    parts = each_lane(rows, spans(rows.d, columns), work, height=height)
    return out, added(np.zeros(rows.n), parts)
