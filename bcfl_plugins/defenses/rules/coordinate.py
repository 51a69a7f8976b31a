"""Rules that work on each coordinate for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.arrays.kernel import Kernel
from bcfl_plugins.defenses.core.arrays.kernel import median as median_of
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority, ratio

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch, Needs


@dataclass(frozen=True, slots=True)
class Mean(Rule):
    """The weighted mean: no defense, but what all others are compared with."""

    name: ClassVar[str] = "mean"
    paper: ClassVar[str] = (
        "McMahan et al., Communication-Efficient Learning of Deep Networks from Decentralized "
        "Data, AISTATS 2017"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        box=True,
        false_rejection=0.0,
        weighted=True,
    )
    needs: ClassVar[Needs] = "rows"

    def max_byzantine(self, n: int) -> int:
        """Return 0: one byzantine update moves the mean anywhere."""
        return 0 if n >= 1 else -1

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        weights = batch.weights / batch.weights.sum()
        return batch.weighted(weights, np.zeros(batch.m))


@dataclass(frozen=True, slots=True)
class Median(Rule):
    """The median of each coordinate."""

    name: ClassVar[str] = "median"
    paper: ClassVar[str] = (
        "Yin et al., Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates, "
        "ICML 2018"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        box=True,
        kappa=lambda n, f: 4.0 * (1.0 + ratio(n, f)) ** 2,
        bounded=True,
        false_rejection=0.0,
    )
    needs: ClassVar[Needs] = "columns"
    gives_shares: ClassVar[bool] = False

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        return batch.coordinatewise(lambda m, _f: median_of(m))


@dataclass(frozen=True, slots=True)
class TrimmedMean(Rule):
    """The mean of each coordinate without its f least and f greatest values."""

    name: ClassVar[str] = "trimmed_mean"
    paper: ClassVar[str] = Median.paper
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        box=True,
        kappa=lambda n, f: 6.0 * ratio(n, f) * (1.0 + ratio(n, f)),
        bounded=True,
        false_rejection=0.0,
    )
    needs: ClassVar[Needs] = "columns"
    gives_shares: ClassVar[bool] = False

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        return batch.coordinatewise(lambda _m, f: Kernel("trimmed", cut=f))


@dataclass(frozen=True, slots=True)
class Meamed(Rule):
    """The mean, per coordinate, of the n - f values that are closest to the median."""

    name: ClassVar[str] = "meamed"
    paper: ClassVar[str] = "Xie et al., Generalized Byzantine-tolerant SGD, arXiv 1802.10116, 2018"
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
        false_rejection=0.0,
    )
    needs: ClassVar[Needs] = "columns"
    gives_shares: ClassVar[bool] = False

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        return batch.coordinatewise(lambda m, f: Kernel("closest", keep=m - f))
