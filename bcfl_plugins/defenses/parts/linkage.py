"""Agglomerative clustering with average linkage (UPGMA), cut at two clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats


def two_clusters(distances: Floats) -> Flags:
    """Merge the two clusters with the least mean distance between their members, until two stay.

    O(n^3) time in vectorised steps. Of two equal distances the pair that comes first is merged.

    Parameters
    ----------
    distances : Floats
        (n, n) symmetric; n >= 2.

    Returns
    -------
    Flags
        (n,) True for the members of the cluster that does not hold the first point.
    """
    n = len(distances)
    links = np.array(distances, dtype=np.float64)
    links[np.tril_indices(n)] = np.inf
    labels = np.arange(n)
    sizes = np.ones(n)
    for _ in range(n - 2):
        a, b = divmod(int(np.argmin(links)), n)  # a < b: only the upper triangle is finite
        merged = (sizes[a] * _row(links, a) + sizes[b] * _row(links, b)) / (sizes[a] + sizes[b])
        links[b, :] = links[:, b] = np.inf
        alive = np.isfinite(merged)
        links[a, a + 1 :] = np.where(alive, merged, np.inf)[a + 1 :]
        links[:a, a] = np.where(alive, merged, np.inf)[:a]
        sizes[a] += sizes[b]
        labels[labels == b] = a
    return np.asarray(labels != labels[0])


def larger_cluster(distances: Floats) -> Flags:
    """Return the members of the larger of the two clusters.

    Of two equal clusters the one whose members are closer to each other is taken, then the one
    that holds the first point.
    """
    second = two_clusters(distances)
    first = ~second
    if second.sum() != first.sum():
        return second if second.sum() > first.sum() else first
    return second if _width(distances, second) < _width(distances, first) else first


def _row(links: Floats, index: int) -> Floats:
    """Return (n,) links of one cluster with all others; infinite for itself and the merged."""
    row: Floats = links[index].copy()
    row[:index] = links[:index, index]
    return row


def _width(distances: Floats, members: Flags) -> float:
    return float(distances[np.ix_(members, members)].sum())
