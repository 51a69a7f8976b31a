"""HDBSCAN where a cluster is a majority: the only case that FLAME needs, without its dependency.

With more than half of the points as the least size of a cluster, no two clusters fit, so the tree
of clusters has one branch. With `min_samples=1` the mutual reachability distance is the distance
itself. What is left of the algorithm (Campello, Moulavi, Sander, PAKDD 2013) is single linkage:
lower a threshold as long as a majority stays connected; the points that are connected at the least
such threshold are the cluster, all others are noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats


def majority_cluster(distances: Floats, least: int) -> Flags:
    """Return the points of the one cluster with at least `least` members.

    Equals ``HDBSCAN(min_cluster_size=least, min_samples=1, allow_single_cluster=True,
    metric="precomputed")`` for ``n / 2 < least <= n``, ties included.

    Parameters
    ----------
    distances : Floats
        (n, n) symmetric, not negative, zero on the diagonal.
    least : int
        More than n / 2, at most n.

    Returns
    -------
    Flags
        (n,) whether a point belongs to the cluster.

    Raises
    ------
    ValueError
        If two clusters of that size would fit, or none.
    """
    n = len(distances)
    if not n < 2 * least <= 2 * n:
        raise ValueError(f"a majority among {n} points has {n // 2 + 1} to {n} members: {least}")
    labels = np.arange(n)
    sizes = np.ones(n, dtype=np.int64)
    if least == 1:
        return np.ones(n, dtype=np.bool_)
    rows, columns = np.triu_indices(n, 1)
    lengths = distances[rows, columns]
    found, reach = -1, np.inf
    for edge in np.argsort(lengths, kind="stable"):
        if lengths[edge] > reach:
            break
        a, b = labels[rows[edge]], labels[columns[edge]]
        if a == b:
            continue
        labels[labels == b] = a
        sizes[a] += sizes[b]
        if sizes[a] >= least:
            found, reach = a, lengths[edge]
    return np.asarray(labels == found)
