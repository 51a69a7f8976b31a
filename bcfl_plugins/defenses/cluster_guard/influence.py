"""How much of an update gets into the result: by votes and size, and less the longer it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

FALL = 1.5
"""How fast the share of a long update falls with its norm."""
MOST = 4.0
"""A node that claims many examples counts up to this many times, and may be up to this many median
norms long before its share falls."""
TRUSTED = 0.5
"""A node that has shown this much of the median agreement is believed in full."""

_LEAST_SUM = 0.5
_PAIR = 2


def middle(values: Floats) -> float:
    """Return the median; of two values the lower, so that neither of two nodes can move it up."""
    return float(values.min() if len(values) <= _PAIR else np.median(values))


def influence(norms: Floats, shares: Floats, kept: Flags, room: Floats | float = 1.0) -> Floats:
    """Return (n,) shares of the updates in the result; zero for the rejected and the endless.

    ``share * min(1, (r / norm) ** FALL)`` with r the median norm of all: up to norm r an update
    counts in full, beyond it the longer it is the less it moves the result. It is norm clipping
    that redescends, but slowly: at 1 (plain clipping) colluders as long as the longest honest node
    do most harm, at 2 an honest node that alone holds a class, and therefore long, goes unheard.
    Any minority moves r no farther than to the longest norm of the others, and the result is no
    longer than 2 r. Shares are scaled to sum to one, unless less than half of the votes would be
    left.

    Parameters
    ----------
    norms : Floats
        (n,) of this round's updates.
    shares : Floats
        (n,) votes times standing times trust times `size`.
    kept : Flags
        (n,) updates that are not rejected.
    room : Floats or float
        (n,) r of a node, in median norms; see `size`.
    """
    radius = middle(norms) * np.broadcast_to(room, norms.shape)
    through = np.divide(radius, norms, out=np.ones_like(norms), where=norms > radius) ** FALL
    votes = np.where(kept, shares, 0.0)
    pull = votes / max(float(votes.sum()), np.finfo(np.float64).tiny) * through
    scaled: Floats = pull / max(float(pull.sum()), _LEAST_SUM)
    return scaled


def believed(slopes: Floats) -> Floats:
    """Return (n,) how far each node is believed by what it did so far: 0 to 1.

    Parameters
    ----------
    slopes : Floats
        (n,) agreement over the rounds so far, in median agreements; 0 where nothing is known.
    """
    found: Floats = np.clip(slopes / TRUSTED, 0.0, 1.0)
    return found


def more_than_usual(claims: Floats) -> Floats:
    """Return (n,) claims in median claims, from 1 to `MOST`."""
    usual = max(middle(claims), np.finfo(np.float64).tiny)
    return np.clip(claims / usual, 1.0, MOST)


def size(claims: Floats, norms: Floats, belief: Floats) -> tuple[Floats, Floats]:
    """Return (n,) how often each node counts by its examples, and how many median norms it may be.

    A claim proves nothing. To claim less than the median costs only the node itself, and is
    believed. To claim more is believed as far as the node's own past and its update bear it out:
    it has agreed with the others, and more steps have led farther. Many steps lead as far as the
    square root of their number at least, so who claims any number counts as often as the square of
    its length in median norms, and `MOST` times at most.

    Parameters
    ----------
    claims : Floats
        (n,) numbers of examples.
    norms : Floats
        (n,) of this round's updates.
    belief : Floats
        (n,) from `believed`.
    """
    usual = max(middle(claims), np.finfo(np.float64).tiny)
    length = max(middle(norms), np.finfo(np.float64).tiny)
    more = np.clip(claims / usual, 0.0, MOST)
    longer = np.minimum(norms / length, MOST) ** 2
    extra = np.maximum(np.minimum(more, longer) - 1.0, 0.0) * belief
    factor: Floats = np.minimum(more, 1.0) + extra
    room: Floats = 1.0 + np.maximum(more - 1.0, 0.0) * belief
    return factor, room
