"""Which rows can be used at all: finite, and not too long to square in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.lanes import each_lane, spans, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.defenses.core.lanes import Span
    from bcfl_plugins.defenses.core.rows import Rows

LONGEST = 1e300
"""Largest squared norm: sums over many rows must not overflow either."""


def screen(rows: Rows) -> Flags:
    """Return (n,) which rows can be used, from one pass and a closer look at the doubtful ones."""
    good = np.ones(rows.n, dtype=np.bool_)
    doubtful = ~np.isfinite(squared_norms(rows))
    if doubtful.any():
        good[doubtful], _ = finite_rows(rows.take(doubtful))
    return good


def finite_rows(rows: Rows) -> tuple[Flags, Flags]:
    """Return, for each row, whether it can be used and whether it is all zeros.

    The check is exact: every entry is read, in float64.
    """
    norms = squared_norms(rows.widened())
    usable = np.isfinite(norms) & (norms <= LONGEST)
    return usable, norms == 0.0


def squared_norms(rows: Rows) -> Floats:
    """Return (n,) squared Euclidean norms; inf or NaN is possible.

    Squares are taken in the dtype of blocks, and those of blocks are added up in float64.
    """

    def work(lane: Sequence[Span]) -> Floats:
        total = np.zeros(rows.n)
        buffer = rows.buffer(max(stop - start for start, stop in lane))
        for start, stop in lane:
            block = rows.fill(start, stop, buffer)
            total += np.einsum("ij,ij->i", block, block)
        return total

    total = np.zeros(rows.n)
    for part in each_lane(spans(rows.d, width(rows, 1.0)), work):
        total += part
    return total
