"""RFLBAT's filter on the first two principal components of the updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.parts.kmeans import cluster_count, kmeans

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

AXES = 2


def plane(gram: Floats) -> Floats:
    """Return (n, 2) coordinates of n vectors on their two first principal axes.

    The axes of the centred vectors come from the Gram matrix. The sign of an axis is free: the
    entry of greatest size is positive, the first of equal ones.
    """
    n = len(gram)
    means = gram.mean(axis=0)
    centred = gram - means[None, :] - means[:, None] + gram.mean()
    values, axes = np.linalg.eigh((centred + centred.T) / 2.0)
    values, axes = values[::-1][:AXES], axes[:, ::-1][:, :AXES]
    found = np.zeros((n, AXES))
    found[:, : len(values)] = axes * np.sqrt(np.maximum(values, 0.0))
    largest = float(np.abs(found).max())
    if largest == 0.0:
        return found
    # Rounded, so that of two entries of one size the first is the first on every machine.
    sizes = np.round(np.abs(found) / largest, 9)
    signs = np.sign(found[sizes.argmax(axis=0), np.arange(AXES)])
    return found * np.where(signs == 0, 1.0, signs)


def near_sums(points: Floats, limit: float) -> Flags:
    """Return the points whose sum of distances to all is at most `limit` times the median sum."""
    sums = np.linalg.norm(points[:, None] - points[None], axis=2).sum(axis=1)
    return np.asarray(sums <= limit * float(np.median(sums)))


def least_alike(
    points: Floats, cosine: Floats, most: int, references: int, rng: np.random.Generator
) -> Flags:
    """Return the members of the cluster whose updates are least alike.

    Backdoors are thought to be more alike than honest updates. The likeness of a cluster is the
    median of its members' mean cosines; clusters of one are passed over. When there are no others
    all points are returned.

    Parameters
    ----------
    points : Floats
        (n, 2).
    cosine : Floats
        (n, n).
    most, references : int
        Of the gap statistic.
    rng : numpy.random.Generator
        Of the clustering.
    """
    count = cluster_count(points, most, references, rng)
    labels = kmeans(points, count, rng)
    groups = [np.flatnonzero(labels == label) for label in range(count)]
    groups = sorted((group for group in groups if len(group) > 1), key=lambda group: group[0])
    members = np.ones(len(points), dtype=np.bool_)
    if groups:
        alike = [float(np.median(cosine[np.ix_(g, g)].mean(axis=1))) for g in groups]
        members[:] = False
        members[groups[int(np.argmin(alike))]] = True
    return members
