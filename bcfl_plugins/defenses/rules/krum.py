"""Krum and MultiKrum: updates with the closest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Floats, RuleTags
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import ratio
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch

PAPER = (
    "Blanchard et al., Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent, "
    "NeurIPS 2017"
)


def krum_scores(squared: Floats, neighbours: int) -> Floats:
    """Return (n,) sums of the squared distances to the `neighbours` nearest other rows.

    Parameters
    ----------
    squared : Floats
        (n, n) squared distances.
    neighbours : int
        From 0 to n - 1.
    """
    others = squared.copy()
    np.fill_diagonal(others, np.inf)
    others.sort(axis=1)
    scores: Floats = others[:, :neighbours].sum(axis=1)
    return scores


def least(scores: Floats, count: int) -> Floats:
    """Return (n,) equal shares, of sum one, of the `count` rows with the least scores."""
    weights = np.zeros(len(scores))
    weights[np.argsort(scores, kind="stable")[:count]] = 1.0 / count
    return weights


@dataclass(frozen=True, slots=True)
class Krum(Rule):
    """The update whose n - f - 2 nearest others are closest; one update, as it was sent."""

    name: ClassVar[str] = "krum"
    paper: ClassVar[str] = PAPER
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        kappa=lambda n, f: 6.0 * (1.0 + ratio(n, f)),
        bounded=True,
        selects=True,
        monotone=True,
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f with n >= 2f + 3."""
        return (n - 3) // 2 if n >= 3 else -1  # noqa: PLR2004 - the paper's bound

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        scores = krum_scores(distances(batch.gram), batch.m - batch.f - 2)
        return batch.weighted(least(scores, 1), scores)


@dataclass(frozen=True, slots=True)
class MultiKrum(Rule):
    """The mean of the `keep` updates with the best Krum scores.

    Parameters
    ----------
    keep : int or None
        How many; ``None`` takes n - f, as practice does (the paper proves it for n - f - 2).
    """

    keep: int | None = None

    name: ClassVar[str] = "multikrum"
    paper: ClassVar[str] = PAPER
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
        selects=True,
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f with n >= 2f + 3."""
        return (n - 3) // 2 if n >= 3 else -1  # noqa: PLR2004 - the paper's bound

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        keep = batch.m - batch.f if self.keep is None else self.keep
        if not 1 <= keep <= batch.m:
            raise BadUpdates("keep", f"must be from 1 to {batch.m}, not {keep}")
        scores = krum_scores(distances(batch.gram), batch.m - batch.f - 2)
        return batch.weighted(least(scores, keep), scores)
