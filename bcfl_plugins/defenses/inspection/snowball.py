"""Snowball's bottom-up election: each update votes for those that stand with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.arrays.layer import is_matrix
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.inspection.arrays import named, products
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats, Ints
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_STEPS = 300
_TOLERANCE = 1e-4
_FEW = 2
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Snowball(Rule):
    """The mean of the few updates that win the bottom-up election of Snowball.

    In each array that votes, every update is an agent. It starts k-means at itself and at the `far`
    updates farthest from it, and gives its voice to all that end up in its cluster. The voice
    counts as much as the Calinski-Harabasz index of the clustering, scaled to [0, 1] over the
    agents of the array. The share `elected` of the updates with the most votes is averaged.

    This is what the authors' code calls ``snowball_minus`` (the paper's Snowball without its second
    half). The top-down election is left out: it trains a variational autoencoder in every round,
    whose answer depends on the number of threads, while a rule here answers to the last bit. So
    nine of ten updates are rejected by construction, as `elected` says, and attackers who stand
    close together can win the election.

    The paper's arrays are the first and the last layer of the model; here these are its first and
    its last array of two dimensions, each with the array of one dimension that follows it.

    Parameters
    ----------
    voting : tuple of str
        How the names of the arrays that vote begin; empty: as above.
    far : int
        Farthest updates of each agent; the paper's M, which its code takes as an argument.
    elected : float
        Share of the updates that are elected.
    """

    name: ClassVar[str] = "snowball"
    paper: ClassVar[str] = (
        "Qin, Chen, Zhi, Yan, Deng, Resisting Backdoor Attacks in Federated Learning via "
        "Bidirectional Elections and Individual Perspective, AAAI 2024"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True, scale=True, selects=True, false_rejection=0.95, layerwise=True
    )
    needs: ClassVar[Needs] = "norms"

    voting: tuple[str, ...] = ()
    far: int = 5
    elected: float = 0.1

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("far", self.far, low=1)
        check_range("elected", self.elected, low=1e-9, high=1.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Elect; scores are the votes that an update has fewer than the first."""
        votes = np.zeros(batch.m)
        for layer in self._voters(batch):
            votes += election(
                products(batch, layer, centred=True), self.far, layer.stop - layer.start
            )
        votes = np.round(votes, _DIGITS)  # sums in another order make no order of equals
        first = np.argsort(-votes, kind="stable")[: math.ceil(self.elected * batch.m)]
        kept = np.zeros(batch.m, dtype=np.bool_)
        kept[first] = True
        return batch.weighted(
            kept / kept.sum(),
            votes.max(initial=0.0) - votes,
            note=f"{int(kept.sum())} of {batch.m} elected",
        )

    def _voters(self, batch: Batch) -> tuple[Layer, ...]:
        layers = batch.rows.judged
        if self.voting:
            return named(layers, self.voting, "voting")
        places = [place for place, one in enumerate(layers) if is_matrix(one)]
        if not places:
            return layers[:1] + layers[1:][-1:]
        chosen = {places[0], places[-1]}
        chosen |= {k + 1 for k in chosen if k + 1 < len(layers) and not is_matrix(layers[k + 1])}
        return tuple(layers[place] for place in sorted(chosen))


def election(gram: Floats, far: int, size: int) -> Floats:
    """Return (m,) votes in one array.

    Parameters
    ----------
    gram : Floats
        (m, m) inner products of the updates' array; from where they are measured does not matter.
    far : int
        Farthest updates that k-means starts at, besides the agent.
    size : int
        Entries of the array.
    """
    m = len(gram)
    squares = np.diag(gram)
    apart = np.maximum(squares[:, None] + squares[None, :] - 2.0 * gram, 0.0)
    far = min(far, m - _FEW)
    if far < 1 or not apart.any():
        return np.ones(m)
    farthest = np.argsort(apart, axis=1, kind="stable")[:, m - far :]
    starts = np.concatenate([np.arange(m)[:, None], farthest], axis=1)
    labels = clustered(gram, starts, size)
    scores = np.array([calinski_harabasz(gram, some) for some in labels])
    low, high = float(scores.min()), float(scores.max())
    voices = (scores - low) / (high - low) if high > low else np.ones(m)
    with_agent = labels == labels[np.arange(m), np.arange(m)][:, None]
    return np.asarray(voices @ with_agent)


def clustered(gram: Floats, starts: Ints, size: int) -> Ints:
    """Return (a, m) labels of a runs of k-means, each from k points; as scikit-learn stops.

    Parameters
    ----------
    gram : Floats
        (m, m) inner products of the points.
    starts : Ints
        (a, k) the points that the centres start at.
    size : int
        Entries of a point: the tolerance is a share of their mean variance.
    """
    m = len(gram)
    variance = (float(np.trace(gram)) - float(gram.sum()) / m) / m / max(size, 1)
    return np.stack([_lloyd(gram, some, _TOLERANCE * variance) for some in starts])


def _lloyd(gram: Floats, start: Ints, tolerance: float) -> Ints:
    shares = np.eye(len(gram))[start]  # (k, m) the centres as means of points
    before: Ints | None = None
    for _ in range(_STEPS):
        labels = _nearest(gram, shares)
        if before is not None and (labels == before).all():
            return labels
        member = (labels[None, :] == np.arange(len(shares))[:, None]).astype(np.float64)
        _fill_empty(gram, shares, labels, member)
        counts = member.sum(axis=1, keepdims=True)
        moved = np.where(counts > 0, member / np.maximum(counts, 1.0), shares)
        change, shares, before = moved - shares, moved, labels
        if float(np.einsum("ki,ij,kj->", change, gram, change)) <= tolerance:
            break
    return _nearest(gram, shares)


def _fill_empty(gram: Floats, shares: Floats, labels: Ints, member: Floats) -> None:
    """Give each centre that lost all its points the one that lies farthest from its own."""
    empty = np.flatnonzero(member.sum(axis=1) == 0.0)
    if not empty.size:
        return
    mine = shares[labels]
    away = np.diag(gram) - 2.0 * np.einsum("pi,pi->p", mine, gram)
    away += np.einsum("pi,pi->p", np.einsum("pi,ij->pj", mine, gram), mine)
    for centre, point in zip(empty, np.argsort(-away, kind="stable"), strict=False):
        member[labels[point], point] = 0.0
        member[centre, point] = 1.0


def _nearest(gram: Floats, shares: Floats) -> Ints:
    """Return (m,) the nearest centre of each point; its own squared length is the same to all."""
    dots = np.einsum("ki,ij->kj", shares, gram)
    lengths = np.einsum("ki,ki->k", dots, shares)
    found: Ints = np.argmin(lengths[:, None] - 2.0 * dots, axis=0)
    return found


def calinski_harabasz(gram: Floats, labels: Ints) -> float:
    """Return how much farther apart clusters are than their points; 0 where it says nothing."""
    m = len(gram)
    names = np.unique(labels)
    if not 1 < len(names) < m:
        return 0.0
    total = float(np.trace(gram)) - float(gram.sum()) / m
    within = 0.0
    for name in names.tolist():
        inside = np.flatnonzero(labels == name)
        part = gram[np.ix_(inside, inside)]
        within += float(np.trace(part)) - float(part.sum()) / len(inside)
    if within <= 0.0:
        return 1.0
    return (total - within) / within * (m - len(names)) / (len(names) - 1)
