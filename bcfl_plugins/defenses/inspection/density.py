"""HDBSCAN on a distance matrix: as many clusters as the densities show, and points in none.

Campello, Moulavi, Sander, "Density-based clustering based on hierarchical density estimates",
PAKDD 2013. Edges of equal length are cut at once, as the paper defines it, so that the answer does
not depend on the order of the points. Libraries cut them one after the other; without equal edges
the answers are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Floats, Ints

NOISE = -1


@dataclass(slots=True)
class _Node:
    """Points that are connected, and what they fall into when edges of a length are cut."""

    members: Ints
    length: float = 0.0
    children: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class _Cluster:
    """A branch of the condensed tree: when each point leaves it, and its two or more heirs."""

    birth: float
    leaving: list[tuple[Ints, float]] = field(default_factory=list)
    heirs: list[_Cluster] = field(default_factory=list)

    def members(self) -> Ints:
        parts = [points for points, _ in self.leaving] + [heir.members() for heir in self.heirs]
        return np.sort(np.concatenate(parts))

    def stability(self) -> float:
        own = sum(len(points) * (density - self.birth) for points, density in self.leaving)
        return own + sum(len(h.members()) * (h.birth - self.birth) for h in self.heirs)


def density_clusters(distances: Floats, least: int, samples: int, *, single: bool = False) -> Ints:
    """Return (n,) labels from 0, by the first member of a cluster; -1 for points in none.

    Parameters
    ----------
    distances : Floats
        (n, n) symmetric, not negative, zero on the diagonal.
    least : int
        Fewest members of a cluster, at least 2.
    samples : int
        The core distance of a point is that to its `samples`-th neighbour, itself included.
    single : bool
        Whether all points may be one cluster: then those that are connected last.
    """
    n = len(distances)
    labels = np.full(n, NOISE)
    if n < least:
        return labels
    core = np.sort(distances, axis=1)[:, min(samples, n) - 1]
    reach = np.maximum(distances, np.maximum(core[:, None], core[None, :]))
    root = _condensed(_hierarchy(reach), least)
    _, chosen = _best(root, top=not single)
    if chosen == [root]:
        falls = root.leaving + [(heir.members(), heir.birth) for heir in root.heirs]
        last = max(density for _, density in falls)
        parts = [points for points, density in falls if density >= last]
        members = [np.concatenate(parts)]
    else:
        members = sorted((one.members() for one in chosen), key=lambda some: int(some[0]))
    for label, some in enumerate(members):
        labels[some] = label
    return labels


def _hierarchy(reach: Floats) -> _Node:
    """Return the tree of connected points; edges of one length join at once."""
    n = len(reach)
    nodes = {i: _Node(np.array([i])) for i in range(n)}
    labels = np.arange(n)
    edges = sorted(_spanning(reach))
    at = 0
    while at < len(edges):
        length, stop = edges[at][0], at
        joined: dict[int, _Node] = {}
        while stop < len(edges) and edges[stop][0] == length:
            a, b = int(labels[edges[stop][1]]), int(labels[edges[stop][2]])
            one = joined.pop(a, None) or _Node(nodes[a].members, length, [nodes[a]])
            other = joined.pop(b, None) or _Node(nodes[b].members, length, [nodes[b]])
            members = np.concatenate([one.members, other.members])
            joined[a] = nodes[a] = _Node(members, length, one.children + other.children)
            labels[other.members] = a
            stop += 1
        at = stop
    return nodes[int(labels[0])]


def _spanning(reach: Floats) -> Iterator[tuple[float, int, int]]:
    """Yield the n - 1 edges of a minimum spanning tree, by Prim's algorithm."""
    n = len(reach)
    near, source = reach[0].copy(), np.zeros(n, dtype=np.int64)
    left = np.ones(n, dtype=np.bool_)
    left[0] = False
    for _ in range(n - 1):
        new = int(np.argmin(np.where(left, near, np.inf)))
        yield float(near[new]), int(source[new]), new
        left[new] = False
        closer = reach[new] < near
        near[closer], source[closer] = reach[new][closer], new


def _condensed(node: _Node, least: int) -> _Cluster:
    """Return the tree without the falls of fewer than `least` points."""
    root = _Cluster(0.0)
    open_ = [(node, root)]
    while open_:
        at, cluster = open_.pop()
        density = np.inf if at.length == 0.0 else 1.0 / at.length
        large = [child for child in at.children if len(child.members) >= least]
        small = [child.members for child in at.children if len(child.members) < least]
        if not at.children:
            small = [at.members]
        if small:
            cluster.leaving.append((np.concatenate(small), density))
        if len(large) == 1:
            open_.append((large[0], cluster))
        for child in large if len(large) > 1 else ():
            heir = _Cluster(density)
            cluster.heirs.append(heir)
            open_.append((child, heir))
    return root


def _best(cluster: _Cluster, *, top: bool) -> tuple[float, list[_Cluster]]:
    """Return the greatest total stability beneath, and the clusters that have it."""
    below = [_best(heir, top=False) for heir in cluster.heirs]
    heirs = sum(stability for stability, _ in below)
    own = cluster.stability()
    if top or (below and heirs > own):
        return heirs, [one for _, some in below for one in some]
    return own, [cluster]
