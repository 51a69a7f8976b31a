"""The geometric median, to convergence, on the Gram matrix alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Claims, Floats
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.rules.bounds import minority, ratio
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch

SAME = 1e-14
"""Squared distance, as a share of the squared norms, under which two points are one."""

EQUAL = 5e-8
"""Slope of the sum of distances between two points, for one vote, that counts as none."""
POLISHED = 1e-4
"""Longest such step, as a share of the median distance."""
POLISH = 3
"""Newton steps after the sum has stopped falling, where its gradient still has digits."""


@dataclass(frozen=True, slots=True)
class GeometricMedian(Rule):
    """The point with the least sum of (weighted) distances to the updates.

    Weiszfeld's step never raises the sum but creeps near an update; Newton's step is taken where
    it is better. A median that is one of the updates is found exactly, by its optimality test.

    Parameters
    ----------
    tolerance : float
        Relative decrease of the sum of distances at which to stop.
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
    claims: ClassVar[Claims] = Claims(
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
    squared = distances(gram)
    norms = np.diag(gram)
    squared[squared <= SAME * (norms[:, None] + norms[None, :])] = 0.0
    lengths = np.sqrt(squared)
    voting = np.flatnonzero(votes)
    sums = (lengths @ votes)[voting]
    best = int(voting[np.argmin(sums)])
    if _is_median(gram, lengths, votes, best):
        # Of two points, or of an even number in line, every point between the middle ones is a
        # median: take the mean of those that are given, which leans to none of them.
        flat = EQUAL * votes.sum() * lengths[best][voting]
        equal = voting[sums - sums.min() <= flat]
        shares = np.zeros(len(gram))
        shares[equal] = 1.0 / len(equal)
        return shares
    # Leave the best point by one step of Weiszfeld that does not count it (Vardi and Zhang 2000).
    shares = _pulls(lengths[best], votes)
    shares /= shares.sum()
    start = np.zeros(len(gram))
    start[best] = 1.0
    total = _sum(gram, votes, shares)
    at_best = float(lengths[best] @ votes)
    while total >= at_best and not np.array_equal(shares, start):
        shares = (shares + start) / 2.0  # shares go to the best point, where it falls
        total = _sum(gram, votes, shares)
    for _ in range(iterations):
        options = [_weiszfeld(gram, votes, shares), _newton(gram, votes, shares)]
        reached = [_sum(gram, votes, option) for option in options]
        better = int(np.argmin(reached))
        gain = total - reached[better]
        if gain > 0.0:
            shares, total = options[better], reached[better]
        if gain <= tolerance * total:
            break
    for _ in range(POLISH):
        moved = _newton(gram, votes, shares)
        step = moved - shares
        reach = POLISHED * float(np.median(_distances_to(gram, shares)))
        if not step @ gram @ step <= reach**2:
            break
        shares = moved
    return _weiszfeld(gram, votes, shares)


def _is_median(gram: Floats, lengths: Floats, votes: Floats, k: int) -> bool:
    """Whether the pull of the others on point k is no more than its own votes."""
    pulls = _pulls(lengths[k], votes)
    pulls[k] = -(pulls.sum() - pulls[k])
    squared = float(pulls @ gram @ pulls)
    own = float(votes[lengths[k] == 0.0].sum())
    return squared <= (own * (1.0 + EQUAL)) ** 2


def _pulls(lengths: Floats, votes: Floats) -> Floats:
    return np.divide(votes, lengths, out=np.zeros(len(votes)), where=lengths > 0.0)


def _distances_to(gram: Floats, shares: Floats) -> Floats:
    """Return (n,) distances of the points to the combination with these shares."""
    inner = gram @ shares
    squared = np.diag(gram) - 2.0 * inner + shares @ inner
    return np.sqrt(np.maximum(squared, 0.0))


def _sum(gram: Floats, votes: Floats, shares: Floats) -> float:
    return float(_distances_to(gram, shares) @ votes)


def _weiszfeld(gram: Floats, votes: Floats, shares: Floats) -> Floats:
    pulls = _pulls(_floored(gram, shares), votes)
    step: Floats = pulls / pulls.sum()
    return step


def _floored(gram: Floats, shares: Floats) -> Floats:
    lengths = _distances_to(gram, shares)
    return np.maximum(lengths, 1e-9 * float(np.median(lengths)))


def _newton(gram: Floats, votes: Floats, shares: Floats) -> Floats:
    """Return the shares after a Newton step.

    With unit vectors u_i from the current point z to the points, curvature a = sum of v_i / r_i
    and B = diag(v_i / r_i), the Hessian is a I - U B U'. It maps the span of the u_i into itself,
    so the step U t solves the (n, n) system (a I - B U'U) t = v.
    """
    lengths = _floored(gram, shares)
    pulls = votes / lengths
    inner = gram @ shares
    centred = gram - inner[:, None] - inner[None, :] + shares @ inner
    units = centred / lengths[:, None] / lengths[None, :]
    system = np.diag(np.full(len(gram), pulls.sum())) - pulls[:, None] * units
    try:
        step = np.linalg.solve(system, votes) / lengths
    except np.linalg.LinAlgError:
        return shares  # flat along a line: Weiszfeld's step is the one to take
    moved: Floats = shares * (1.0 - step.sum()) + step
    return moved
