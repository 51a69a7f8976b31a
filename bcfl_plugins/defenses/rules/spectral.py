"""Rules that look along the direction in which the updates spread most."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Floats, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Batch

_BESIDE = 1e-12  # how far beside the eigenvalue inverses are taken, as a share of the largest
_INVERSE_STEPS = 3  # each takes a factor of gap / _BESIDE off the other eigenvectors


def spread(gram: Floats, shares: Floats) -> tuple[float, Floats]:
    """Return the largest eigenvalue of the weighted covariance, and projections along it.

    Parameters
    ----------
    gram : Floats
        (n, n) inner products.
    shares : Floats
        (n,) not negative, of sum one.

    Returns
    -------
    (float, Floats)
        The eigenvalue, and (n,) squared projections of the centred points on its eigenvector; of
        points without a share too.
    """
    inner = gram @ shares
    centred = gram - inner[:, None] - inner[None, :] + shares @ inner
    roots = np.sqrt(shares)
    value, vector = top_eigenpair(centred * np.outer(roots, roots))
    if value <= 0.0:
        return 0.0, np.zeros(len(gram))
    projected = centred @ (roots * vector)
    squared: Floats = (projected / np.sqrt(value)) ** 2  # the square of `projected` may overflow
    return value, squared


def top_eigenpair(matrix: Floats) -> tuple[float, Floats]:
    """Return the greatest eigenvalue of a symmetric matrix, and an eigenvector of length one.

    By inverse iteration, next to the eigenvalue: it is as exact as a decomposition (Golub and Van
    Loan, Matrix Computations, section 7.6), and LAPACK decides a few dozen points in one thread.
    Threads that it starts go on spinning, beside those that add up the result.
    """
    n = len(matrix)
    values = np.linalg.eigvalsh(matrix)
    value, size = float(values[-1]), float(np.abs(values).max())
    vector: Floats = np.random.Generator(np.random.PCG64(0)).standard_normal(n)
    if size > 0.0:
        lower = np.tril(matrix)  # as `eigvalsh` does; the upper may be rounded otherwise
        beside = (lower + np.tril(matrix, -1).T) / size - (value / size + _BESIDE) * np.eye(n)
        for _ in range(_INVERSE_STEPS):
            vector = np.asarray(np.linalg.solve(beside, vector), dtype=np.float64)
            vector /= np.sqrt(vector @ vector)
    return value, vector / np.sqrt(vector @ vector)


@dataclass(frozen=True, slots=True)
class CAF(Rule):
    """Covariance-bound agnostic filter: updates lose weight as they stick out of the covariance.

    Weights shrink along the top eigenvector until n - 2f are left in sum; of all weightings seen,
    the one with the least top eigenvalue gives the mean. Eigenvectors are exact.
    """

    name: ClassVar[str] = "caf"
    paper: ClassVar[str] = (
        "Allouah et al., Towards Trustworthy Federated Learning with Untrusted Participants, "
        "ICML 2025"
    )
    # Not translation: far from zero the Gram matrix has too few digits left. Pass a reference.
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        m = batch.m
        c = np.ones(m)
        best, least = c, np.inf
        while c.sum() > m - 2 * batch.f:
            alive = np.flatnonzero(c)
            shares = c[alive] / c.sum()
            value, squared = spread(batch.gram[np.ix_(alive, alive)], shares)
            if value < least:
                best, least = c, value
            top = squared.max()
            if top == 0.0:
                break
            c = c.copy()
            c[alive] *= 1.0 - squared / top
        return batch.weighted(best / best.sum(), 1.0 - best, Reason.OUTLIER_DIRECTION)


@dataclass(frozen=True, slots=True)
class DnC(Rule):
    """Divide and conquer: drops the updates with the largest projections on the top direction.

    Parameters
    ----------
    drop : float
        Updates to drop in each iteration, as a multiple of f; rounded up, and one is left at
        least.
    coordinates : int or None
        How many coordinates, drawn by lot, an iteration looks at; ``None``: all of them, in which
        case more iterations change nothing.
    iterations : int
        An update is kept if no iteration drops it.
    seed : int
        Of the lots.
    """

    drop: float = 1.0
    coordinates: int | None = None
    iterations: int = 1
    seed: int = 0

    name: ClassVar[str] = "dnc"
    paper: ClassVar[str] = (
        "Shejwalkar and Houmansadr, Manipulating the Byzantine: Optimizing Model Poisoning Attacks "
        "and Defenses for Federated Learning, NDSS 2021"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        mean_without_byzantine=True,
        selects=True,
    )

    def __post_init__(self) -> None:
        """Check the settings."""
        if not 0.0 < self.drop < np.inf:
            raise BadUpdates("drop", f"must be finite and over zero, not {self.drop}")
        if self.iterations < 1:
            raise BadUpdates("iterations", f"must be at least 1, not {self.iterations}")
        if self.coordinates is not None and self.coordinates < 1:
            raise BadUpdates("coordinates", f"must be at least 1, not {self.coordinates}")

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        m = batch.m
        keep = max(1, m - ceil(self.drop * batch.f))
        shares = np.full(m, 1.0 / m)
        lots = np.random.Generator(np.random.PCG64(self.seed))
        scores, kept = np.zeros(m), np.ones(m, dtype=np.bool_)
        rounds = 1 if self.coordinates is None else self.iterations
        for _ in range(rounds):
            gram = (
                batch.gram if self.coordinates is None else _sampled(batch, lots, self.coordinates)
            )
            squared = spread(gram, shares)[1]
            scores = np.maximum(scores, squared)
            kept[np.argsort(squared, kind="stable")[keep:]] = False
        if not kept.any():
            kept[np.argmin(scores)] = True
        weights = kept / kept.sum()
        return batch.weighted(weights, scores, Reason.OUTLIER_DIRECTION)


def _sampled(batch: Batch, lots: np.random.Generator, count: int) -> Floats:
    """Return the inner products over `count` coordinates drawn by lot."""
    rows = batch.rows.widened()
    picked = np.sort(lots.choice(rows.d, min(count, rows.d), replace=False))
    gram = np.zeros((rows.n, rows.n))
    for where, block in rows.blocks():
        low, high = np.searchsorted(picked, (where.start, where.stop))
        part = block[:, picked[low:high] - where.start]
        gram += part @ part.T
    return gram if batch.mix is None else batch.mix @ gram @ batch.mix.T
