"""Mean shift with a flat kernel (Comaniciu and Meer, IEEE TPAMI 2002), for a few hundred points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

_MOST_STEPS = 300
_SETTLED = 1e-3  # of the bandwidth
_EQUAL = 1e-12  # means of equal points differ in their last digits


def bandwidth(points: Floats, quantile: float) -> float:
    """Return the mean distance to the k-th nearest point, itself counted; k = quantile * n."""
    distances = np.sort(_distances(points, points), axis=1)
    k = min(max(2, int(len(points) * quantile)), len(points))
    return float(distances[:, k - 1].mean())


def densest(points: Floats, radius: float) -> Flags:
    """Return the members of the largest cluster.

    Every point climbs to the mean of the points within `radius` until it rests. Resting places
    closer to a denser one than `radius` are dropped. A point belongs to the nearest place; a point
    with none within `radius` belongs to no cluster. Of clusters of equal size the denser wins.

    Parameters
    ----------
    points : Floats
        (n, p).
    radius : float
        The bandwidth, not negative.

    Returns
    -------
    Flags
        (n,) whether a point is a member.
    """
    radius = max(radius, _EQUAL * float(np.abs(points).max(initial=0.0)))
    centres = _centres(points, radius)
    away = _distances(points, centres)
    nearest = away.argmin(axis=1)
    nearest[away.min(axis=1) > radius] = -1
    counts = np.bincount(nearest[nearest >= 0], minlength=len(centres))
    return np.asarray(nearest == counts.argmax())


def _centres(points: Floats, radius: float) -> Floats:
    means = points.copy()
    density = np.zeros(len(points))
    moving = np.ones(len(points), dtype=np.bool_)
    for _ in range(_MOST_STEPS + 1):
        within = _distances(means[moving], points) <= radius
        counts = within.sum(axis=1)
        sums = within.astype(np.float64) @ points
        moved = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], means[moving])
        steps = np.linalg.norm(moved - means[moving], axis=1)
        means[moving], density[moving] = moved, counts
        moving[moving] = steps > _SETTLED * radius
        if not moving.any():
            break
    order = sorted(range(len(points)), key=lambda i: (density[i], *means[i]), reverse=True)
    kept: list[int] = []
    for i in order:
        if not kept or (_distances(means[[i]], means[kept]) > radius).all():
            kept.append(i)
    return means[kept]


def _distances(a: Floats, b: Floats) -> Floats:
    found: Floats = np.linalg.norm(a[:, None, :] - b[None, :, :], axis=2)
    return found
