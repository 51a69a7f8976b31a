"""What a rule reads of a round besides the updates themselves, and rows that are not there.

Most rules decide on inner products, norms and sketches. Who has these can decide a round again
without an update: `batch.batch_of` makes the batch, and a rule that reaches for more than the
statistics is told so by `NeedsUpdates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from bcfl_plugins.defenses.core.arrays.rows import Rows
from bcfl_plugins.errors import NeedsUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """The small numbers of n updates, of which m can be used.

    Parameters
    ----------
    origin : Ints
        (n,) place of each row, in canonical order, among the updates that were given.
    usable : Flags
        (n,) False for a row that is thrown out: not finite, or too long to square.
    size : int
        d: the float entries of an update.
    dtype : str
        Of blocks of rows, as numpy writes it.
    referenced : bool
        Whether rows are deltas to a reference.
    weights : Floats
        (n,) as in `Extras`, ones without it.
    gram, squares, sketches : Floats
        As in `Batch`, of the m rows.
    screened : bool
        As in `Batch`.
    """

    origin: Ints
    usable: Flags
    size: int
    dtype: str
    referenced: bool
    weights: Floats
    gram: Floats
    squares: Floats
    sketches: Floats
    screened: bool


@dataclass(frozen=True, slots=True, eq=False)
class BlindRows(Rows):
    """Rows of which only the statistics are at hand.

    Parameters
    ----------
    size : int
        d: the float entries of an update.
    rule : str
        Whose call this is; it names errors.
    """

    size: int = 0
    rule: str = ""

    @classmethod
    def of(cls, rule: str, statistics: Statistics) -> BlindRows:
        """Return the rows that statistics are of, without those that were thrown out."""
        return cls(
            form="mapping",
            layers=(),
            origin=statistics.origin[statistics.usable],
            total=len(statistics.origin),
            library=None,
            device=None,
            dtype=np.dtype(statistics.dtype),
            referenced=statistics.referenced,
            size=statistics.size,
            rule=rule,
        )

    @property
    def d(self) -> int:
        """See `Rows.d`."""
        return self.size

    @property
    def nbytes(self) -> int:
        """See `Rows.nbytes`."""
        return self.n * self.size * self.dtype.itemsize

    @property
    def judged(self) -> NoReturn:
        """See `Rows.judged`."""
        raise NeedsUpdates(self.rule)

    def pieces(self, start: int, stop: int) -> NoReturn:
        """See `Rows.pieces`."""
        del start, stop
        raise NeedsUpdates(self.rule)
