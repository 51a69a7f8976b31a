"""The shape that all rules here share: read, screen, then decide on a batch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import NO_EXTRAS, Aggregate, Defense, Extras, Updates
from bcfl_plugins.defenses.core.batch import batch_of, measured

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.batch import Batch, Needs
    from bcfl_plugins.defenses.core.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Rule(Defense):
    """A defense that decides on a `Batch`, so that pre-aggregators can stand before it."""

    needs: ClassVar[Needs] = "gram"
    """``"gram"``: `decide` reads ``batch.gram``. ``"norms"``: of it only ``batch.squares``.
    ``"rows"``: neither, but it wants screened rows. ``"columns"``: its answer is
    ``batch.coordinatewise``, which screens on the way."""

    gives_shares: ClassVar[bool] = True
    """Whether the answer is a sum of updates by shares, and `decide` ends in ``batch.weighted``."""

    @property
    def evenly(self) -> bool:
        """Whether no array may hide another in what is measured, see `scales.even`."""
        return False

    @property
    def sketch_seed(self) -> int | None:
        """Seed of ``batch.sketches``, made along with the others; ``None``: none are."""
        return None

    @abstractmethod
    def decide(self, batch: Batch) -> Aggregate:
        """Return the answer for screened points, of which ``batch.f`` may be byzantine."""

    def measured(self, updates: Updates, extras: Extras) -> tuple[Rows, Statistics]:
        """Return the rows of a round, and all that `decide` may read besides them."""
        with np.errstate(all="ignore"):
            return measured(
                self,
                updates,
                extras,
                needs=self.needs,
                sketch_seed=self.sketch_seed,
                evenly=self.evenly,
            )

    def decide_on(
        self, statistics: Statistics, extras: Extras, rows: Rows | None = None
    ) -> Aggregate:
        """Return the answer for the statistics of some updates; without rows it has no value.

        Raises
        ------
        NeedsUpdates
            If there are no rows, and the rule reads them.
        TooFewUpdates, BadUpdates
            As in `aggregate`.
        """
        with np.errstate(all="ignore"):
            return self.decide(batch_of(self, statistics, extras, rows))

    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """See `Defense.aggregate`.

        What an update holds may overflow or underflow. Whether numpy then warns or raises is a
        setting of the whole process, which any library may have changed, so it is set here.
        """
        rows, statistics = self.measured(updates, extras)
        return self.decide_on(statistics, extras, rows)
