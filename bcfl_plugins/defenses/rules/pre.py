"""Pre-aggregators: they replace the updates by combinations of them before a rule decides."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch, Needs


@dataclass(frozen=True, slots=True)
class Pre(Rule):
    """A rule that can stand before others: ``NNM() + TrimmedMean()``. Alone, it ends in the mean.

    What it makes of n updates are m points, combinations of them with shares that are not
    negative.
    """

    keeps: ClassVar[RuleTags] = RuleTags()
    """Which tags of the rule that comes after it still hold; `tags` is about it alone."""

    @abstractmethod
    def mix(self, batch: Batch) -> Batch:
        """Return the batch of the points."""

    def points(self, n: int) -> int:
        """Return m for n updates."""
        return n

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        points = self.mix(batch)
        return points.weighted(np.full(points.m, 1.0 / points.m), np.zeros(points.m))

    def __add__(self, rule: Rule) -> Composed:
        """Return this pre-aggregator, then the rule."""
        return Composed(self, rule, f=self.f if rule.f is None else rule.f)


@dataclass(frozen=True, slots=True)
class Composed(Rule):
    """A pre-aggregator, then a rule, with one f for both: `f` of this, not theirs.

    Parameters
    ----------
    pre : Pre
        Comes first.
    rule : Rule
        Decides on the points. It may be composed again.
    """

    pre: Pre
    rule: Rule

    @property
    def name(self) -> str:  # type: ignore[override]
        """The names in order, joined by a plus sign."""
        return f"{self.pre.name}+{self.rule.name}"

    @property
    def paper(self) -> str:  # type: ignore[override]
        """Both papers."""
        return f"{self.pre.paper}; {self.rule.paper}"

    @property
    def version(self) -> int:  # type: ignore[override]
        """Goes up with either."""
        return self.pre.version + self.rule.version - 1

    @property
    def needs(self) -> Needs:  # type: ignore[override]
        """What the more demanding of the two needs; norms of points come of inner products."""
        if self.pre.needs == "gram" or self.rule.needs in {"gram", "norms"}:
            return "gram"
        return self.pre.needs

    @property
    def sketch_seed(self) -> int | None:
        """What the rule asks for."""
        return self.rule.sketch_seed

    @property
    def evenly(self) -> bool:
        """What the rule asks for."""
        return self.rule.evenly

    @property
    def needs_trusted(self) -> bool:  # type: ignore[override]
        """Whether the rule needs the server's own update."""
        return self.rule.needs_trusted

    @property
    def tags(self) -> RuleTags:  # type: ignore[override]
        """What is left of the rule's; NNM brings the published bound of the composition."""
        first, last = self.pre.keeps, self.rule.tags
        inner = last.kappa
        kappa = None
        if inner is not None and isinstance(self.pre, NNM):
            known = inner

            def kappa(n: int, f: int) -> float:
                return 8.0 * f / (n - f) * (known(n, f) + 1.0)

        return RuleTags(
            translation=first.translation and last.translation,
            scale=first.scale and last.scale,
            unanimity=first.unanimity and last.unanimity,
            mean_without_byzantine=first.mean_without_byzantine and last.mean_without_byzantine,
            kappa=kappa,
            bounded=first.bounded and last.bounded,
            stateful=last.stateful,
            layerwise=last.layerwise,
            claims=last.claims,
            reads_model=last.reads_model,
        )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f that both tolerate, the rule among the points."""
        return min(self.pre.max_byzantine(n), self.rule.max_byzantine(self.pre.points(n)))

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        return self.rule.decide(self.pre.mix(batch))

    def __add__(self, rule: Rule) -> Composed:
        """Return all of this, then the rule."""
        if not isinstance(self.rule, Pre | Composed):
            raise BadUpdates("method", f"{self.rule.name} is no pre-aggregator; it must come last")
        return replace(self, rule=self.rule + rule, f=self.f if rule.f is None else rule.f)


@dataclass(frozen=True, slots=True)
class NNM(Pre):
    """Nearest-neighbour mixing: each update becomes the mean of the n - f closest to it."""

    name: ClassVar[str] = "nnm"
    paper: ClassVar[str] = (
        "Allouah et al., Fixing by Mixing: A Recipe for Optimal Byzantine ML under Heterogeneity, "
        "AISTATS 2023"
    )
    tags: ClassVar[RuleTags] = RuleTags(translation=True, scale=True, mean_without_byzantine=True)
    keeps: ClassVar[RuleTags] = RuleTags(
        translation=True, scale=True, unanimity=True, mean_without_byzantine=True, bounded=True
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def mix(self, batch: Batch) -> Batch:
        """See `Pre.mix`."""
        keep = batch.m - batch.f
        squared = distances(batch.gram)
        np.fill_diagonal(squared, -1.0)  # an update is its own nearest neighbour, even among copies
        nearest = np.argsort(squared, axis=1, kind="stable")[:, :keep]
        mix = np.zeros((batch.m, batch.m))
        np.put_along_axis(mix, nearest, 1.0 / keep, axis=1)
        return batch.mixed(mix)


@dataclass(frozen=True, slots=True)
class Bucketing(Pre):
    """The means of buckets of updates drawn by lot.

    Parameters
    ----------
    size : int
        Updates in a bucket; the last one may have fewer.
    seed : int
        Of the lots. They are drawn over the updates in canonical order, so they do not depend on
        the order of arrival; give each round its own seed.
    """

    size: int = 2
    seed: int = 0

    name: ClassVar[str] = "bucketing"
    paper: ClassVar[str] = (
        "Karimireddy et al., Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, "
        "ICLR 2022"
    )
    keeps: ClassVar[RuleTags] = RuleTags(bounded=True)
    needs: ClassVar[Needs] = "rows"

    def __post_init__(self) -> None:
        """Check the size."""
        if self.size < 1:
            raise BadUpdates("size", f"must be at least 1, not {self.size}")

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under half of the buckets: each may spoil one."""
        return minority(self.points(n))

    def points(self, n: int) -> int:
        """See `Pre.points`."""
        return -(-n // self.size)

    def mix(self, batch: Batch) -> Batch:
        """See `Pre.mix`."""
        lots = np.random.Generator(np.random.PCG64(self.seed)).permutation(batch.m)
        owner = np.empty(batch.m, dtype=np.int64)
        owner[lots] = np.arange(batch.m) // self.size
        mix = np.zeros((self.points(batch.m), batch.m))
        mix[owner, np.arange(batch.m)] = 1.0
        return batch.mixed(mix / mix.sum(axis=1, keepdims=True), owner=owner)


@dataclass(frozen=True, slots=True)
class CoordinateClip(Pre):
    """What the rule after it sums is clipped, entry by entry, around the median of all updates.

    The rule decides on the updates as they are, and its shares count: this stands before any rule
    that gives shares. A backdoor needs a few coordinates to move much farther than they do in most
    updates; so does an honest node with data of its own, which is heard less.

    Parameters
    ----------
    mads : float
        Median distances from the median that an entry may lie off.
    """

    mads: float = 2.0

    name: ClassVar[str] = "coordinate_clip"
    paper: ClassVar[str] = (
        "own; after Hampel, The Influence Curve and Its Role in Robust Estimation, JASA 1974"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True, scale=True, unanimity=True, bounded=True, false_rejection=0.0
    )
    keeps: ClassVar[RuleTags] = RuleTags(translation=True, scale=True, unanimity=True, bounded=True)
    needs: ClassVar[Needs] = "rows"

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("mads", self.mads, low=0.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def mix(self, batch: Batch) -> Batch:
        """See `Pre.mix`."""
        return replace(batch, reach=self.mads)

    def __add__(self, rule: Rule) -> Composed:
        """Return this, then a rule that gives shares."""
        last = rule
        while isinstance(last, Composed):
            last = last.rule
        if not last.gives_shares:
            raise BadUpdates(
                "method",
                f"{self.name} clips what the rule after it sums, and {rule.name} sums no updates",
            )
        return Pre.__add__(self, rule)
