"""k-means with seeded starts, and the gap statistic that says how many clusters there are.

Tibshirani, Walther, Hastie, "Estimating the number of clusters in a data set via the gap
statistic", J. R. Stat. Soc. B, 2001. Many small problems of one shape are solved at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats

    Labels = np.ndarray[Any, np.dtype[np.int64]]

_STARTS = 20
_MOST_STEPS = 100
_LEAST_INERTIA = 1e-24  # of points within the unit cube: nothing is left to explain


def kmeans(points: Floats, k: int, rng: np.random.Generator) -> Labels:
    """Return (n,) labels 0..k-1 of the best of twenty k-means++ starts; points is (n, p)."""
    labels: Labels = _best(points[None], k, rng)[0][0]
    return labels


def cluster_count(points: Floats, most: int, references: int, rng: np.random.Generator) -> int:
    """Return the least k whose gap is not one standard error below the gap of k + 1.

    Parameters
    ----------
    points : Floats
        (n, p); scaled to the unit cube first.
    most : int
        Greatest answer; fewer than n are tried.
    references : int
        Sets of n uniform points in the unit cube to compare with.
    rng : numpy.random.Generator
        Draws the references and the starts.

    Returns
    -------
    int
        1 to `most`; 1 when all points are equal.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    span = high - low
    if not span.any():
        return 1
    scaled = (points - low) / np.where(span > 0, span, 1.0)
    uniform = rng.random((references, *scaled.shape)) * (span > 0)
    most = min(most, len(points) - 1)
    previous: tuple[float, float] | None = None
    for k in range(1, most + 2):
        if k > len(points):
            break
        inertia = max(float(_best(scaled[None], k, rng)[1][0]), _LEAST_INERTIA)
        logs = np.log(np.maximum(_best(uniform, k, rng)[1], _LEAST_INERTIA))
        gap = float(logs.mean()) - float(np.log(inertia))
        error = float(logs.std()) * float(np.sqrt(1.0 + 1.0 / references))
        if previous is not None and previous[0] >= gap - error:
            return k - 1
        previous = (gap, error)
    return max(most, 1)


def _best(points: Floats, k: int, rng: np.random.Generator) -> tuple[Labels, Floats]:
    """Return (b, n) labels and (b,) sums of squared distances of b problems (b, n, p)."""
    b = len(points)
    every = np.tile(points, (_STARTS, 1, 1))  # all starts of all problems at once
    labels, inertia = _lloyd(every, _start(every, k, rng))
    best = inertia.reshape(_STARTS, b).argmin(axis=0)
    row = best * b + np.arange(b)
    return labels[row], inertia[row]


def _start(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return (b, k, p) starting centres: each drawn in proportion to its squared distance."""
    b, n, _ = points.shape
    each = np.arange(b)
    centres = [points[each, rng.integers(n, size=b)]]
    away = np.full((b, n), np.inf)
    for _ in range(k - 1):
        away = np.minimum(away, ((points - centres[-1][:, None]) ** 2).sum(axis=2))
        cumulative = np.cumsum(away, axis=1)
        drawn = rng.random(b)[:, None] * cumulative[:, -1:]
        picked = np.minimum((cumulative <= drawn).sum(axis=1), n - 1)
        centres.append(points[each, picked])
    return np.stack(centres, axis=1)


def _lloyd(points: Floats, centres: Floats) -> tuple[Labels, Floats]:
    labels = np.full(points.shape[:2], -1)
    for _ in range(_MOST_STEPS):
        squares = ((points[:, :, None, :] - centres[:, None, :, :]) ** 2).sum(axis=3)  # (b, n, k)
        nearest = squares.argmin(axis=2)
        if (nearest == labels).all():
            break
        labels = nearest
        member = (labels[:, :, None] == np.arange(centres.shape[1])).astype(np.float64)
        counts = member.sum(axis=1)[:, :, None]  # (b, k, 1)
        sums = np.einsum("bnk,bnp->bkp", member, points)
        centres = np.where(counts > 0, sums / np.maximum(counts, 1.0), centres)
    return labels, squares.min(axis=2).sum(axis=1)
