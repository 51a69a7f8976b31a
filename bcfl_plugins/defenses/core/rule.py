"""The shape that all rules here share: read, screen, then decide on a batch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import NO_EXTRAS, Aggregate, Defense, Extras, Updates
from bcfl_plugins.defenses.core.batch import prepare

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch, Needs


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

    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """See `Defense.aggregate`.

        What an update holds may overflow or underflow. Whether numpy then warns or raises is a
        setting of the whole process, which any library may have changed, so it is set here.
        """
        with np.errstate(all="ignore"):
            return self.decide(
                prepare(
                    self,
                    updates,
                    extras,
                    needs=self.needs,
                    sketch_seed=self.sketch_seed,
                    evenly=self.evenly,
                )
            )
