"""Votes and agreement: the two features that `cluster_guard` reads off courses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats

SHARPNESS = 16
"""Two courses whose cosine exceeds the typical one by a share e of what is possible count as
``e ** SHARPNESS`` of the same voter: 0.9 is 0.19, 0.5 is nothing."""
CROWDING = 2.0
"""k voters that are the same get ``k ** -CROWDING`` each: together less than one vote."""
OPPOSITE = 16
"""Two courses with cosine -c cancel each other by ``c ** OPPOSITE``: 0.99 is 0.85, 0.9 is 0.19.
Courses of honest nodes with few labels each reach -0.8, which is 0.03."""

_POWER_STEPS = 100
_SETTLED = 1e-6
_SAME = 1e-6  # under this room above the typical cosine, rounding would decide
_LEAST_STANDING = 1e-6  # the same of a vote that is cancelled
_MAD_TO_SIGMA = 1.4826  # of a normal distribution


def unit_rows(vectors: Floats) -> Floats:
    """Return the rows at length one; zero rows stay zero."""
    scaled: Floats = vectors * vectors
    lengths = np.sqrt(scaled.sum(axis=1))
    factors = np.divide(1.0, lengths, np.zeros_like(lengths), where=lengths > 0)
    np.multiply(vectors, factors[:, None], out=scaled)
    return scaled


def votes(cosines: Floats) -> Floats:
    """Return (n,) votes, which sum to one: courses that are alike beyond the usual share theirs.

    Colluders gain by sending much the same; noise that hides it in one round averages out in the
    course. What is usual is the median over nodes of their median cosine, so equally distributed
    data, where all courses are alike, give equal votes. A node whose course is copied by others
    loses influence, but is never rejected for it: a copy says nothing about who copied. Honest
    nodes that hold the same data are alike too, and one that differs from all would outvote them:
    so no vote counts more than the median vote.

    Parameters
    ----------
    cosines : Floats
        (n, n) of the courses.
    """
    n = len(cosines)
    if n == 1:
        return np.ones(1)
    others = cosines[~np.eye(n, dtype=np.bool_)].reshape(n, n - 1)
    usual = min(max(float(np.median(np.median(others, axis=1))), 0.0), 1.0)
    room = 1.0 - usual
    excess = np.clip((cosines - usual) / (room + _SAME), 0.0, 1.0) ** SHARPNESS
    np.fill_diagonal(excess, 1.0)
    raw = np.power(excess.sum(axis=1), -CROWDING)
    raw = np.minimum(raw, np.median(raw))
    shares: Floats = raw / raw.sum()
    return shares


def standing(cosines: Floats) -> Floats:
    """Return (n,) what is left of each node's vote when opposite votes have cancelled: 0 to 1.

    Under label skew honest nodes pull against each other, and a reversed update hides among them.
    But it is more opposite to the nodes with the same labels than they are to anybody else: its
    course is theirs, negated. Who of two such nodes lies cannot be told, so both lose, and one vote
    cancels one vote at most in all: f nodes cancel no more than f votes of others, and against many
    nodes that agree they lose all of theirs and each of the many little.

    Parameters
    ----------
    cosines : Floats
        (n, n) of the courses.
    """
    opposed = np.clip(-cosines, 0.0, 1.0) ** OPPOSITE
    sums = np.maximum(opposed.sum(axis=1), 1.0)
    cancelled = (opposed / np.maximum(sums[:, None], sums)).sum(axis=1)
    left: Floats = np.clip(1.0 - cancelled, _LEAST_STANDING, 1.0)
    return left


def course_group(cosines: Floats, shares: Floats) -> Floats:
    """Return (n,) weights of the largest group of nodes whose courses pull one way.

    The non-negative leading eigenvector of the courses' cosines, weighed by votes, without their
    diagonal: a node that points against the group gets weight zero, and none more than the median.
    Without any such group all votes count. It begins with who pulls with whom, and not with who
    pulls against: where one of three nodes is reversed, or two of five, each of the others is
    pulled back as far as on, and would seem to be alone.
    """
    links = cosines.copy()
    np.fill_diagonal(links, 0.0)
    weights: Floats = shares
    pulls = np.maximum(links, 0.0)
    for _ in range(_POWER_STEPS):
        moved = shares * np.maximum(pulls @ weights, 0.0)
        pulls = links
        if not moved.any():
            return shares
        positive = np.sort(moved[moved > 0.0])
        middle = (positive[(len(positive) - 1) // 2] + positive[len(positive) // 2]) / 2.0
        moved = np.minimum(moved, middle)  # np.median takes ten times as long on few numbers
        moved /= moved.sum()
        settled = float(np.abs(moved - weights).max()) < _SETTLED
        weights = moved
        if settled:
            break
    return weights


def agreement(fresh: Floats, rays: Floats, group: Floats) -> Floats:
    """Return (n,) cosines of this round's updates with the course of the group of the others.

    Parameters
    ----------
    fresh : Floats
        (n, s) sketches of the updates at length one.
    rays : Floats
        (n, s) courses at length one.
    group : Floats
        (n,) from `course_group`.
    """
    others = rays * group[:, None]
    np.subtract(others.sum(axis=0), others, out=others)
    found: Floats = np.einsum("ij,ij->i", fresh, unit_rows(others))
    return found


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the lower weighted median: half of the weight lies at or below it."""
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(sums, sums[-1] / 2.0 * (1.0 - 1e-12))])


def upper_spread(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the median and the standard deviation, the latter from the upper half alone.

    Attackers who are far below cannot widen it.
    """
    middle = weighted_median(values, weights)
    above = values >= middle
    spread = weighted_median(values[above] - middle, weights[above])
    return middle, _MAD_TO_SIGMA * spread
