"""Who pulls with the others, and whose update is too long, from small matrices only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.defenses.cluster.courses import ArrayCosines

MIN_NODES = 4
"""Fewer nodes have no clear majority."""
LENGTH_FREE = 0.4
"""Log norm over the median up to which a longer update needs no more agreement."""
LENGTH_SLOPE = 0.6
"""By how much each unit of log norm above that raises the least agreement."""
WEAK = 0.02
"""A median agreement below this is no common direction."""

_POWER_STEPS = 300
_SETTLED = 1e-9
_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_SHARPNESS = 4  # how much more an array counts in which nodes agree more


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is tolerated.

    Parameters
    ----------
    agreement : float
        Least agreement, as a fraction of the median agreement.
    spread : float
        How many standard deviations below the median an honest node may lie.
    norm_factor : float
        An update longer than this many median norms is rejected whatever its direction.
    """

    agreement: float
    spread: float
    norm_factor: float


def agreements(arrays: Sequence[ArrayCosines], trusted: Floats) -> Floats:
    """Return (n,) cosines of each update with the course of the others, all arrays weighed.

    Weights grow with the median agreement within the array, and with the root of its size: in d
    dimensions unrelated directions have cosines of about the inverse of that root.
    """
    common = [float(np.median(_leave_one_out(a.fresh, a.past, trusted))) for a in arrays]
    shares = np.array(
        [max(0.0, c) ** _SHARPNESS * np.sqrt(a.size) for c, a in zip(common, arrays, strict=True)]
    )
    if shares.sum() == 0:
        shares = np.ones(len(arrays))
    shares /= shares.sum()
    fresh = np.sum([w * a.fresh for w, a in zip(shares, arrays, strict=True)], axis=0)
    past = np.sum([w * a.past for w, a in zip(shares, arrays, strict=True)], axis=0)
    return _leave_one_out(fresh, past, _centre(past, trusted))


def _leave_one_out(fresh: Floats, past: Floats, weights: Floats) -> Floats:
    """Return (n,) cosines of update i with the weighted sum of all courses but its own."""
    others = np.tile(weights, (len(weights), 1))  # (n, n): row i weighs the others of node i
    np.fill_diagonal(others, 0.0)
    length = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", others, past, others), 0.0))
    dots = np.einsum("ij,ij->i", fresh, others)
    cosines: Floats = np.divide(dots, length, out=np.zeros(len(weights)), where=length > 0)
    return cosines


def _centre(past: Floats, trusted: Floats) -> Floats:
    """Return (n,) weights of the largest group that pulls one way.

    The non-negative leading eigenvector of the courses' cosines without their diagonal: a node
    that points against the group gets weight zero, and no node more than the median.
    """
    links = past - np.diag(np.diag(past))
    weights = trusted.copy()
    for _ in range(_POWER_STEPS):
        moved = np.maximum(links @ weights, 0.0)
        size = float(np.linalg.norm(moved))
        if size == 0.0:
            return trusted
        moved /= size
        moved = np.minimum(moved, float(np.median(moved[moved > 0])))
        if float(np.abs(moved - weights).max()) < _SETTLED:
            return moved
        weights = moved
    return weights


def log_norms(lengths: Floats, trusted: Floats) -> Floats:
    """Return (n,) log norms over the median of the trusted, or of all when those are few."""
    logs = np.log(lengths)
    good = trusted == 1.0
    base: Floats = logs[good] if good.sum() > len(logs) / 2 else logs
    centred: Floats = logs - np.median(base)
    return centred


def decide(
    agreement: Floats,
    lengths: Floats,
    smooth_log_norm: Floats,
    trusted: Floats,
    limits: Tolerances,
) -> tuple[list[Reason], str]:
    """Return each node's reason, and a note.

    The threshold moves with the round: it lies at a fraction of the median agreement, or lower
    when honest nodes spread more. The spread is that of the upper half, which attackers cannot
    widen by being far out. A longer update needs more agreement. Nobody is judged rather than
    guessed: below four nodes, without a common direction, or when half would be rejected.

    Parameters
    ----------
    agreement, lengths : Floats
        (n,) smoothed agreements, and norms of this round.
    smooth_log_norm : Floats
        (n,) smoothed `log_norms`.
    trusted : Floats
        (n,) one for a node that was not rejected last round, else less.
    limits : Tolerances
        What is tolerated.
    """
    n = len(agreement)
    log_norm = log_norms(lengths, trusted)
    clean = [Reason.NONE] * n
    if n < MIN_NODES:
        return clean, f"abstained: {n} updates, {MIN_NODES} are needed"
    middle = float(np.median(agreement))
    shorter = -log_norm[log_norm <= 0]
    reach = max(np.log(limits.norm_factor), 2.5 * _MAD_TO_SIGMA * float(np.median(shorter)))
    long = log_norm > reach
    note = f"median agreement {middle:.3f}, longest norm {np.exp(reach):.1f} medians"
    if middle < WEAK:
        astray: Flags = np.zeros(n, dtype=np.bool_)
        note += "; direction not judged: no common direction"
    else:
        above = agreement[agreement >= middle] - middle
        spread = _MAD_TO_SIGMA * float(np.median(above))
        extra = LENGTH_SLOPE * np.maximum(smooth_log_norm - LENGTH_FREE, 0.0)
        least = np.minimum((limits.agreement + extra) * middle, middle - limits.spread * spread)
        astray = agreement < least
        note += f", least agreement {float(least.min()):.3f}"
    if int((long | astray).sum()) > (n - 1) // 2:
        return clean, f"abstained: no clear majority ({note})"
    reasons = np.select(
        [long, astray & (agreement < 0.0), astray],
        [Reason.OUTLIER_NORM, Reason.OUTLIER_DIRECTION, Reason.OUTLIER_CLUSTER],
        Reason.NONE,
    )
    return [Reason(one) for one in reasons.tolist()], note
