"""Who is rejected: those who keep pulling against the others, and the absurdly long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.cluster_guard.features import upper_spread, weighted_median
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

MIN_NODES = 3
"""Fewer nodes have no majority."""
ENOUGH = 0.2
"""Least evidence for a decision: one round in which the median cosine with the others is 0.45, or
many in which it is lower."""
AGAINST = -0.25
"""Nobody is rejected who shows more than this of the median agreement."""
DOUBTED = 1.5
"""Standard deviations under the median from which on a node that pulls against the others loses
influence."""
LONGEST = 4.0
"""An update is not too long below this many median norms, however alike the norms are."""
LONGEST_AGREED = 10.0
"""The same of a node that has agreed with the others so far."""

FEW = 1.6
"""By n agreements no deviation is known to be less than this over n: among three nodes an honest
one with other labels shows down to -0.7 of the median agreement, and a reversed one shows -1."""

_LENGTH_TOLERANCE = 6.0  # standard deviations of log norms
_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_SMALL = 1e-6
_FARTHEST = 10.0  # beyond it a ratio of agreements says nothing more


@dataclass(frozen=True, slots=True, eq=False)
class NodeDecisions:
    """What a round says about its nodes.

    Parameters
    ----------
    rejected : Flags
        (n,)
    trust : Floats
        (n,) by which votes are multiplied, from 0 to 1: less for those on the way to rejection.
    reasons : tuple of Reason
        Why a node is rejected, or would be.
    scores : Floats
        (n,) one minus the agreement, in median agreements: 0 for the median node, 2 for its
        opposite.
    note : str
        The thresholds, or why the rule abstained.
    """

    rejected: Flags
    trust: Floats
    reasons: tuple[Reason, ...]
    scores: Floats
    note: str
    slopes: Floats
    """(n,) the agreement over the rounds, in median agreements, with this round or without it,
    whichever is less; 0 where nothing was known before."""


def slopes_of(agreements: Floats, evidence: Floats) -> Floats:
    """Return (n,) the agreement over some rounds, in median agreements; 0: too little is known.

    Parameters
    ----------
    agreements, evidence : Floats
        (n,) decayed sums.
    """
    slopes = np.divide(agreements, evidence, out=np.zeros(len(evidence)), where=evidence >= ENOUGH)
    found: Floats = np.clip(slopes, -_FARTHEST, _FARTHEST)
    return found


def decide(
    agreements: Floats,
    evidence: Floats,
    norms: Floats,
    shares: Floats,
    tolerance: float,
    *,
    past: Floats,
    room: Floats | float = 1.0,
) -> NodeDecisions:
    """Judge the nodes of a round.

    Each node's past is a regression: how much of the agreement that the median node shows does it
    show? Honest nodes lie around one, a reversed update at minus one, a free rider at zero. Rounds
    without a common direction carry no weight in it. A node is rejected below `AGAINST` if it also
    lies `tolerance` standard deviations under the median; label skew widens that deviation, up to
    where nobody can be rejected. The deviation is the greater of two, with votes and without.

    Parameters
    ----------
    agreements, evidence : Floats
        (n,) decayed sums, this round's included.
    norms : Floats
        (n,) of this round's updates.
    shares : Floats
        (n,) votes.
    tolerance : float
        See above.
    past : Floats
        (n,) from `slopes_of`, without this round.
    room : Floats or float
        (n,) a node's lengths are judged in so many median norms.
    """
    n = len(norms)
    slope = np.divide(agreements, evidence, out=np.ones(n), where=evidence > 0.0)
    slope = np.clip(slope, -_FARTHEST, _FARTHEST)
    known = evidence >= ENOUGH
    middle, spread = upper_spread(slope, shares)
    spread = max(spread, upper_spread(slope, np.ones(n))[1], FEW / n)
    least = min(AGAINST, middle - tolerance * spread)
    against = known & (slope < least)
    slopes = np.minimum(past, np.where(known, slope, 0.0))
    long, reach = _too_long(norms, shares, slopes > 0.0, room)
    reasons = tuple(
        Reason.OUTLIER_NORM if one else Reason.OUTLIER_DIRECTION for one in long.tolist()
    )
    scores = 1.0 - np.where(known, slope, 1.0)
    note = f"least agreement {least:.2f} medians, longest norm {reach:.1f} medians"
    rejected = against | long
    below = (middle - slope) / max(spread, np.finfo(np.float64).tiny)
    doubt = np.clip((below - DOUBTED) / max(tolerance - DOUBTED, _SMALL), 0.0, 1.0)
    trust = np.where(known & (slope < 0.0), 1.0 - doubt, 1.0)
    nobody, all_of_it = np.zeros(n, dtype=np.bool_), np.ones(n)
    if n < MIN_NODES:
        return NodeDecisions(
            nobody,
            all_of_it,
            reasons,
            scores,
            f"abstained: {n} updates, {MIN_NODES} are needed",
            slopes,
        )
    if int(rejected.sum()) > (n - 1) // 2:
        return NodeDecisions(
            nobody, all_of_it, reasons, scores, f"abstained: no clear majority ({note})", slopes
        )
    if not known.any():
        note += "; direction not judged: no common direction yet"
    return NodeDecisions(rejected, trust, reasons, scores, note, slopes)


def _too_long(
    norms: Floats, shares: Floats, agreed: Flags, room: Floats | float
) -> tuple[Flags, float]:
    """Return (n,) which updates are too long, and from how many median norms on one is.

    Voters who are alike lose votes, honest ones too; so one node may have most votes, and lengths
    are measured by heads as well. Too long by either measure is too long, but nobody within
    `LONGEST` median norms by heads, which no minority can move out of the others' range. Nor a node
    that has agreed so far within `LONGEST_AGREED`: its data may have changed, and its share falls
    with its length anyway. Unheard it would stay long, and long it would stay unheard.
    """
    by_votes, reach = _lengths(norms, shares)
    by_heads, other = _lengths(norms, np.ones(len(norms)))
    least = np.maximum(LONGEST * room, np.where(agreed, LONGEST_AGREED, 0.0))
    long: Flags = ((by_votes > reach) | (by_heads > other)) & (by_heads > least)
    return long, max(min(reach, other), LONGEST * float(np.min(room)))


def _lengths(norms: Floats, shares: Floats) -> tuple[Floats, float]:
    """Return (n,) norms in median norms, and from which one on an update is too long."""
    moving = norms > 0.0
    if not moving.any():
        return np.zeros(len(norms)), LONGEST
    middle = weighted_median(norms[moving], shares[moving])
    away = np.abs(np.log(norms[moving]) - np.log(middle))
    spread = _MAD_TO_SIGMA * weighted_median(away, shares[moving])
    reach = max(LONGEST, float(np.exp(min(_LENGTH_TOLERANCE * spread, 300.0))))
    with np.errstate(over="ignore"):
        ratio = norms / middle  # exact where norms are multiples: no rounding decides a tie
    return ratio, reach
