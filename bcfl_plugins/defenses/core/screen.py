"""Which rows can be used at all: finite, and not too long to square in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.tiles import squares

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags
    from bcfl_plugins.defenses.core.arrays.rows import Rows

LONGEST = 1e300
"""Largest squared norm: sums over many rows must not overflow either."""


def screen(rows: Rows) -> Flags:
    """Return (n,) which rows can be used, from one pass and a closer look at the doubtful ones."""
    good = np.ones(rows.n, dtype=np.bool_)
    doubtful = ~np.isfinite(squares(rows)[0])
    if doubtful.any():
        good[doubtful], _ = finite_rows(rows.take(doubtful))
    return good


def finite_rows(rows: Rows) -> tuple[Flags, Flags]:
    """Return, for each row, whether it can be used and whether it is all zeros.

    The check is exact: every entry is read, in float64.
    """
    norms, _ = squares(rows.widened())
    usable = np.isfinite(norms) & (norms <= LONGEST)
    return usable, norms == 0.0
