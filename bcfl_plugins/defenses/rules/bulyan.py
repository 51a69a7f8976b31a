"""Bulyan: a committee by iterated Krum, then the values closest to its median."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Floats, RuleTags
from bcfl_plugins.defenses.core.arrays.kernel import Kernel
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.rules.krum import krum_scores

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch


def committee(squared: Floats, f: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the places of the n - 2f points that Krum picks one after the other.

    Krum among k points counts k - f - 2 neighbours; the last pick with f = 1 would count none,
    and counts one.

    Parameters
    ----------
    squared : Floats
        (n, n) squared distances.
    f : int
        With n >= 4f + 3.
    """
    left = np.arange(len(squared))
    chosen = []
    for _ in range(len(squared) - 2 * f):
        scores = krum_scores(squared[np.ix_(left, left)], max(1, len(left) - f - 2))
        best = int(np.argmin(scores))
        chosen.append(int(left[best]))
        left = np.delete(left, best)
    return np.sort(np.array(chosen, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Bulyan(Rule):
    """The committee's mean, per coordinate, of the n - 4f values closest to its median.

    The committee has n - 2f members. This is the paper's rule: Krum picks them one by one, each
    time among those that are left.
    """

    name: ClassVar[str] = "bulyan"
    paper: ClassVar[str] = (
        "El Mhamdi et al., The Hidden Vulnerability of Distributed Learning in Byzantium, ICML 2018"
    )
    # Not box: the values closest to the median may lie just outside of all honest ones.
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
        selects=True,
    )

    gives_shares: ClassVar[bool] = False

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f with n >= 4f + 3."""
        return (n - 3) // 4 if n >= 3 else -1  # noqa: PLR2004 - the paper's bound

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        squared = distances(batch.gram)
        scores = krum_scores(squared, batch.m - batch.f - 2)
        return batch.coordinatewise(
            lambda m, f: Kernel("closest", keep=m - 2 * f),
            chosen=committee(squared, batch.f),
            scores=scores,
        )
