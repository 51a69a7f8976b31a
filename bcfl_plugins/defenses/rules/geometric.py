"""The geometric median, to convergence, on the Gram matrix alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Floats, RuleTags
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority, ratio
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch

SAME = 1e-14
"""Squared distance, as a share of the squared norms, under which two points are one."""

EQUAL = 5e-8
"""Slope of the sum of distances between two points, for one vote, that counts as none."""
GAP = 1e3
"""How many times farther points are that are of another scale."""
FLOOR = 1e-9
"""Least distance that a step divides by, as a share of the two lengths that it is between."""
POLISH = 3
"""Newton steps after the sum has stopped falling, where its gradient still has digits."""
POLISHED = 1e-4
"""Longest such step, as a share of the way from the best update."""


@dataclass(frozen=True, slots=True)
class GeometricMedian(Rule):
    """The point with the least sum of (weighted) distances to the updates.

    Weiszfeld's step never raises the sum but creeps near an update; Newton's step is taken where
    it is better. A median that is one of the updates is found exactly, by its optimality test.
    Sums are compared as seen from the best update, so that far updates round away no near ones.

    Parameters
    ----------
    tolerance : float
        Decrease of the mean distance, as a share of the way from the best update, at which to stop.
    iterations : int
        Greatest number of steps.
    """

    tolerance: float = 1e-14
    iterations: int = 100

    name: ClassVar[str] = "geometric_median"
    paper: ClassVar[str] = (
        "Pillutla et al., Robust Aggregation for Federated Learning, IEEE Transactions on Signal "
        "Processing, 2022"
    )
    # Not translation: far from zero the Gram matrix has too few digits left. Pass a reference.
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True,
        unanimity=True,
        kappa=lambda n, f: 4.0 * (1.0 + ratio(n, f)) ** 2,
        bounded=True,
        false_rejection=0.0,
        weighted=True,
    )

    def __post_init__(self) -> None:
        """Check the settings."""
        if self.iterations < 1:
            raise BadUpdates("iterations", f"must be at least 1, not {self.iterations}")

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        votes = np.ones(batch.m) if batch.mix is not None else batch.weights
        shares = geometric_median(batch.gram, votes, self.tolerance, self.iterations)
        return batch.weighted(shares, _distances_to(batch.gram, shares))


def geometric_median(gram: Floats, votes: Floats, tolerance: float, iterations: int) -> Floats:
    """Return the shares of n points in their geometric median; not negative, of sum one.

    Parameters
    ----------
    gram : Floats
        (n, n) inner products.
    votes : Floats
        (n,) weight of each point's distance, not negative, not all zero.
    tolerance, iterations
        As in `GeometricMedian`.
    """
    voting = np.flatnonzero(votes)
    shares = np.zeros(len(gram))
    shares[voting] = _median(gram[np.ix_(voting, voting)], votes[voting], tolerance, iterations)
    return shares


def _median(gram: Floats, votes: Floats, tolerance: float, iterations: int) -> Floats:
    lengths = _lengths(gram)
    best = int(np.argmin(lengths @ votes))
    centred, rises = _seen_from(best, gram, lengths, votes)
    # A far point rounds away by how much that sum differs between near ones. The rises are exact
    # to a rounding of the distance, so that each new look from the lowest point is a closer one.
    for _ in votes:
        rounded = rises + tolerance * votes.sum() * lengths[best]
        lowest = int(np.argmin(rounded))
        if rounded[lowest] >= 0.0:
            break
        best = lowest
        centred, rises = _seen_from(best, gram, lengths, votes)
    if _is_median(centred, lengths[best], votes):
        # Of two points, or of an even number in line, every point between the middle ones is a
        # median: take the mean of those that are given, which leans to none of them.
        equal = rises <= EQUAL * votes.sum() * lengths[best]
        mean: Floats = equal / equal.sum()
        return mean
    shares = _leave(best, centred, lengths, votes)
    if shares[best] == 1.0:
        return shares
    return _descend(centred, votes, shares, tolerance, iterations)


def _lengths(gram: Floats) -> Floats:
    squared = distances(gram)
    norms = np.diag(gram)
    squared[squared <= SAME * (norms[:, None] + norms[None, :])] = 0.0
    return np.sqrt(squared)


def _seen_from(k: int, gram: Floats, lengths: Floats, votes: Floats) -> tuple[Floats, Floats]:
    """Return inner products with point k as the origin, and by how much the sum at others is more.

    Returns
    -------
    (Floats, Floats)
        (n, n), and (n,) sum of distances to each point, less that to point k.
    """
    centred = gram - gram[:, k, None] - gram[None, k, :] + gram[k, k]
    np.fill_diagonal(centred, np.maximum(np.diag(centred), 0.0))
    squares = np.diag(centred)[None, :] - 2.0 * centred
    rises = votes @ _apart(squares, lengths, lengths[:, k, None])
    rises[lengths[k] == 0.0] = 0.0
    return centred, rises


def _apart(squares: Floats, longer: Floats, shorter: Floats) -> Floats:
    """Return the difference of two lengths from that of their squares, which keeps its digits."""
    both = longer + shorter
    return np.divide(squares, both, out=np.zeros_like(both), where=both > 0.0)


def _is_median(centred: Floats, lengths: Floats, votes: Floats) -> bool:
    """Whether the pull of the others on the origin is no more than its own votes."""
    others = lengths > 0.0
    units = centred[np.ix_(others, others)] / lengths[others, None] / lengths[None, others]
    pull = float(votes[others] @ np.clip(units, -1.0, 1.0) @ votes[others])
    own = float(votes[~others].sum())
    return pull <= (own * (1.0 + EQUAL)) ** 2


def _leave(best: int, centred: Floats, lengths: Floats, votes: Floats) -> Floats:
    """Return the shares of a point with a lower sum than the best one, which is the origin.

    It lies on the way of a step of Weiszfeld that does not count that point (Vardi and Zhang
    2000), nor those that are much nearer to it than the others and do not hold the median either:
    from their scale the descent would take too many steps. Where rounding leaves no such point,
    the shares of the best one are returned.
    """
    start = np.zeros(len(votes))
    start[best] = 1.0
    sizes = np.sort(lengths[best])
    for size in sizes[:-1][sizes[1:] > GAP * sizes[:-1]][::-1]:
        farther = np.where(lengths[best] > size, lengths[best], 0.0)
        if _is_median(centred, farther, votes):
            continue
        pulls = _pulls(farther, votes)
        shares: Floats = pulls / pulls.sum()
        while shares[best] < 1.0:
            if _rise(centred, votes, shares) < 0.0:
                return shares
            shares = (shares + start) / 2.0  # shares go to the best point, where it falls
    return start


def _descend(
    centred: Floats, votes: Floats, shares: Floats, tolerance: float, iterations: int
) -> Floats:
    """Return the shares of the median, which is no point, by steps that lower the sum."""
    rise = _rise(centred, votes, shares)
    for _ in range(iterations):
        options = [_weiszfeld(centred, votes, shares), _newton(centred, votes, shares)]
        reached = [_rise(centred, votes, option) for option in options]
        better = int(np.argmin(reached))
        gain = rise - reached[better]
        if gain > 0.0:
            shares, rise = options[better], reached[better]
        if gain <= tolerance * votes.sum() * _reach(centred, shares):
            break
    for _ in range(POLISH):
        moved = _newton(centred, votes, shares)
        turn = moved - shares
        if not turn @ centred @ turn <= (POLISHED * _reach(centred, shares)) ** 2:
            break
        shares = moved
    return _weiszfeld(centred, votes, shares)


def _reach(centred: Floats, shares: Floats) -> float:
    """Return the length, with no cancellation, of a combination: what its rounding goes with."""
    return float(np.abs(shares) @ np.sqrt(np.diag(centred)))


def _pulls(lengths: Floats, votes: Floats) -> Floats:
    return np.divide(votes, lengths, out=np.zeros(len(votes)), where=lengths > 0.0)


def _distances_to(gram: Floats, shares: Floats) -> Floats:
    """Return (n,) distances of the points to the combination with these shares."""
    inner = gram @ shares
    squared = np.diag(gram) - 2.0 * inner + shares @ inner
    return np.sqrt(np.maximum(squared, 0.0))


def _rise(centred: Floats, votes: Floats, shares: Floats) -> float:
    """Return by how much the sum of distances to a combination is more than to the origin."""
    inner = centred @ shares
    squares = np.maximum(shares @ inner - 2.0 * inner, -np.diag(centred))
    norms = np.diag(centred)
    lengths = np.sqrt(np.maximum(norms + squares, 0.0))
    return float(votes @ _apart(squares, lengths, np.sqrt(norms)))


def _weiszfeld(centred: Floats, votes: Floats, shares: Floats) -> Floats:
    pulls = _pulls(_floored(centred, shares), votes)
    step: Floats = pulls / pulls.sum()
    return step


def _floored(centred: Floats, shares: Floats) -> Floats:
    floors = FLOOR * (np.sqrt(np.diag(centred)) + _reach(centred, shares))
    return np.maximum(_distances_to(centred, shares), floors)


def _newton(centred: Floats, votes: Floats, shares: Floats) -> Floats:
    """Return the shares after a Newton step.

    With unit vectors u_i from the current point z to the points, curvature a = sum of v_i / r_i
    and B = diag(v_i / r_i), the Hessian is a I - U B U'. It maps the span of the u_i into itself,
    so the step U t solves the (n, n) system (a I - B U'U) t = v.
    """
    lengths = _floored(centred, shares)
    pulls = votes / lengths
    inner = centred @ shares
    around = centred - inner[:, None] - inner[None, :] + shares @ inner
    units = around / lengths[:, None] / lengths[None, :]
    system = np.diag(np.full(len(votes), pulls.sum())) - pulls[:, None] * units
    try:
        step = np.linalg.solve(system, votes) / lengths
    except np.linalg.LinAlgError:
        return shares  # flat along a line: Weiszfeld's step is the one to take
    moved: Floats = shares * (1.0 - step.sum()) + step
    return moved
