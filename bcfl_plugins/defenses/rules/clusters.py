"""Rules that cluster the updates and keep one cluster."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.hdbscan import majority_cluster
from bcfl_plugins.defenses.parts.linkage import larger_cluster
from bcfl_plugins.defenses.parts.planes import least_alike, near_sums, plane
from bcfl_plugins.defenses.parts.points import angles, by_row, nodes, norms, overlong
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import AnyArray, Flags, Floats
    from bcfl_plugins.defenses.core.batch import Batch

_TWO = 2  # this many points or fewer are not clustered
_MAD_TO_SIGMA = 1.4826  # of a normal distribution


@dataclass(frozen=True, slots=True)
class Flame(Rule):
    """The majority cluster by cosine distance, clipped to the median norm, and noise if wanted.

    The paper adds noise of standard deviation lambda times the median norm, lambda = 0.001 for
    images and 0.01 for network traffic, to drown what is left of a backdoor. Here lambda is 0 by
    default: noise costs accuracy every round, attack or not, and makes the result differ from what
    others compute from the same updates. Cosines are those of the updates; the paper's are those
    of the models, which agree in all digits once training slows down.

    Rejects over a third of the nodes in every round, whether anybody attacks or not.

    Parameters
    ----------
    noise : float
        Lambda.
    seed : int
        Of the noise: it is the same for the same updates, and another for others.
    """

    name: ClassVar[str] = "flame"
    paper: ClassVar[str] = (
        "Nguyen et al., FLAME: Taming Backdoors in Federated Learning, USENIX Security 2022"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True, false_rejection=0.5)

    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("noise", self.noise, low=0.0)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep the majority cluster; scores are median cosine distances to the others."""
        away = 1.0 - angles(batch)
        kept = majority_cluster(away, batch.m // 2 + 1)
        lengths = norms(batch)
        limit = float(np.median(lengths))
        weights = kept * _clip(lengths, limit) / kept.sum()
        return batch.weighted(
            weights,
            np.median(away, axis=1),
            note=f"clipped to norm {limit:.3g}; noise {self.noise * limit:.3g}",
            plus=self._drawn(batch, limit) if self.noise > 0 and limit > 0 else None,
        )

    def _drawn(self, batch: Batch, limit: float) -> AnyArray:
        # The norms go into the seed: the same noise in each round would be a bias.
        entropy = [self.seed, *np.frombuffer(norms(batch).tobytes(), dtype=np.uint32).tolist()]
        rng = np.random.Generator(np.random.PCG64(entropy))
        drawn = rng.standard_normal(batch.rows.d, dtype=np.float32)
        drawn *= np.float32(self.noise * limit)
        return drawn


@dataclass(frozen=True, slots=True)
class ClippedClustering(Rule):
    """The larger of two clusters by cosine distance, of updates clipped to the usual norm.

    The usual norm is the median of all norms in the last rounds. Two clusters are always made
    (average linkage), so somebody is rejected in every round of three updates and more, unless all
    point the same way. Of two clusters of one size the narrower is kept.

    Parameters
    ----------
    memory : int
        Rounds whose norms count.
    """

    name: ClassVar[str] = "clipped_clustering"
    paper: ClassVar[str] = (
        "Li, Ngai, Voigt, An Experimental Study of Byzantine-Robust Aggregation Schemes in "
        "Federated Learning, IEEE Transactions on Big Data 2023"
    )
    tags: ClassVar[RuleTags] = RuleTags(selects=True, false_rejection=0.5, stateful=True)

    memory: int = 100

    def __post_init__(self) -> None:
        check_range("memory", self.memory, low=1)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep the larger cluster; scores are mean cosine distances to the kept."""
        lengths = norms(batch)
        history = (*_norm_history(batch.extras.state, self.name), tuple(lengths.tolist()))[
            -self.memory :
        ]
        limit = float(np.median(list(chain.from_iterable(history))))
        away = 1.0 - angles(batch)  # clipping turns no update
        one = batch.m <= _TWO or not away.any()
        kept = np.ones(batch.m, dtype=np.bool_) if one else larger_cluster(away)
        return batch.weighted(
            kept * _clip(lengths, limit) / kept.sum(),
            away[:, kept].mean(axis=1),
            note=f"clipped to norm {limit:.3g}",
            state=history,
        )


@dataclass(frozen=True, slots=True)
class Rflbat(Rule):
    """The least alike cluster on the plane of the two first principal components.

    Made against backdoors, whose updates are thought to be more alike than honest ones: of several
    clusters the one with the *smallest* median cosine is kept. Attackers who differ from each other
    more than honest nodes do are therefore kept instead of them. Updates over a thousand median
    norms are rejected first.

    Parameters
    ----------
    first, second : float
        epsilon 1 and 2: an update is dropped whose sum of distances is over this many median sums,
        before and after the clustering.
    most : int
        Greatest number of clusters.
    references : int
        Reference sets of the gap statistic.
    seed : int
        Of the clustering.
    """

    name: ClassVar[str] = "rflbat"
    paper: ClassVar[str] = (
        "Wang, Zhai, Zhan, Zhang, RFLBAT: A Robust Federated Learning Algorithm against Backdoor "
        "Attack, arXiv 2201.03772, 2022"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True)

    first: float = 10.0
    second: float = 4.0
    most: int = 9
    references: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("first", self.first, low=1.0)
        check_range("second", self.second, low=1.0)
        check_range("most", self.most, low=1)
        check_range("references", self.references, low=2)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Filter, cluster, filter; scores are sums of distances on the plane."""
        long = overlong(norms(batch))
        left = np.flatnonzero(~long)
        points = np.zeros((batch.m, 2))
        points[left] = plane(batch.gram[np.ix_(left, left)])
        cosine = angles(batch)
        left = left[near_sums(points[left], self.first)]
        rng = np.random.Generator(np.random.PCG64(self.seed))
        near = left[
            least_alike(points[left], cosine[np.ix_(left, left)], self.most, self.references, rng)
        ]
        near = near[near_sums(points[near], self.second)]
        kept = np.zeros(batch.m, dtype=np.bool_)
        kept[near] = True
        scores = np.linalg.norm(points[:, None] - points[None, near], axis=2).sum(axis=1)
        scores[long] = scores.max() + 1.0
        reasons = [Reason.OUTLIER_NORM if one else Reason.OUTLIER_CLUSTER for one in long]
        return batch.weighted(kept / kept.sum(), scores, by_row(batch, reasons))


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """What `SecuredStyle` remembers: the smoothed limit, in median distances."""

    medians: float


@dataclass(frozen=True, slots=True)
class SecuredStyle(Rule):
    """Members only, then the larger of two clusters if they are apart, then a moving threshold.

    In the style of Secured-FL, whose paper names three steps: authentication, elimination of
    outliers by clustering, and a dynamic threshold. Its algorithm is not public; this one is ours.

    1. Updates of nodes that are no members are rejected. Who sent an update must be proven before:
       the plugin ``round_log`` verifies a signature of each.
    2. Average linkage by cosine distance makes two clusters. The smaller is rejected if the mean
       distance between the two is over `apart` times the mean distance within the larger.
    3. An update is rejected whose distance to the mean of the rest is over a limit: the median
       distance plus `spread` scaled median deviations, smoothed over rounds by `decay`.

    Parameters
    ----------
    members : tuple of keys
        Ids of the nodes that may take part; empty: all.
    apart, spread : float
        As above.
    decay : float
        What is left of the limit after a round, from 0 to 1.
    """

    name: ClassVar[str] = "secured_style"
    paper: ClassVar[str] = (
        "In the style of Secured-FL, Computers, Materials and Continua 86(3):28, 2026"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True, stateful=True)

    members: tuple[int | str | bytes, ...] = ()
    apart: float = 1.5
    spread: float = 3.0
    decay: float = 0.5

    def __post_init__(self) -> None:
        check_range("apart", self.apart, low=1.0)
        check_range("spread", self.spread, low=0.0)
        check_range("decay", self.decay, low=0.0, high=1.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Judge in three steps; scores are distances to the mean of the rest, in medians."""
        before = _reach(batch.extras.state, self.name)
        reasons = [Reason.NONE] * batch.m
        kept = self._members(batch)
        _mark(reasons, ~kept, Reason.BAD_SIGNATURE)
        long = overlong(norms(batch))
        kept &= ~long
        _mark(reasons, long, Reason.OUTLIER_NORM)
        kept &= self._clustered(1.0 - angles(batch), kept)
        _mark(reasons, ~kept, Reason.OUTLIER_CLUSTER)
        if not kept.any():
            return batch.weighted(np.zeros(batch.m), np.zeros(batch.m), by_row(batch, reasons))
        distance = _to_mean(batch.gram, kept)
        middle = float(np.median(distance[kept]))
        reach = self._moved(distance[kept], middle, before)
        kept &= distance <= reach * middle
        _mark(reasons, ~kept, Reason.OUTLIER_NORM)
        return batch.weighted(
            kept / kept.sum(),
            distance / middle if middle > 0 else distance,
            by_row(batch, reasons),
            note=f"limit {reach:.3g} median distances",
            state=_Reach(reach),
        )

    def _members(self, batch: Batch) -> Flags:
        if not self.members:
            return np.ones(batch.m, dtype=np.bool_)
        members = frozenset(self.members)
        return np.array([node in members for node in nodes(batch)])

    def _clustered(self, away: Floats, among: Flags) -> Flags:
        """Return the points that are not in a smaller cluster apart from the larger."""
        kept = np.ones(len(away), dtype=np.bool_)
        places = np.flatnonzero(among)
        if len(places) <= _TWO:
            return kept
        away = away[np.ix_(places, places)]
        large = larger_cluster(away)
        inner = away[np.ix_(large, large)]
        within = float(inner.sum()) / max(1, inner.size - len(inner))  # without the diagonal
        if float(away[np.ix_(large, ~large)].mean()) > self.apart * within:
            kept[places[~large]] = False
        return kept

    def _moved(self, distance: Floats, middle: float, before: float | None) -> float:
        """Return this round's limit in median distances, smoothed with the last round's."""
        if middle == 0.0:
            return 1.0 if before is None else before
        deviation = _MAD_TO_SIGMA * float(np.median(np.abs(distance - middle)))
        reach = 1.0 + self.spread * deviation / middle
        return reach if before is None else self.decay * before + (1.0 - self.decay) * reach


def _mark(reasons: list[Reason], which: Flags, reason: Reason) -> None:
    for place in np.flatnonzero(which).tolist():
        if reasons[place] is Reason.NONE:
            reasons[place] = reason


def _to_mean(gram: Floats, kept: Flags) -> Floats:
    """Return (m,) distances of all points to the mean of some."""
    weights = kept / kept.sum()
    to_mean = gram @ weights
    squared = np.diag(gram) - 2.0 * to_mean + float(weights @ to_mean)
    distance: Floats = np.sqrt(np.maximum(squared, 0.0))
    return distance


def _reach(state: object, rule: str) -> float | None:
    if state is None:
        return None
    if not isinstance(state, _Reach):
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    return state.medians


def _clip(lengths: Floats, limit: float) -> Floats:
    """Return (m,) factors from 0 to 1 that bring norms down to a limit."""
    factors: Floats = np.minimum(
        1.0, np.divide(limit, lengths, out=np.ones(len(lengths)), where=lengths > 0)
    )
    return factors


def _norm_history(state: object, rule: str) -> tuple[tuple[float, ...], ...]:
    if state is None:
        return ()
    if not isinstance(state, tuple):
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    return state
