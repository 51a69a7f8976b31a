"""How much of an update gets into the result: by votes, and less the longer it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

FALL = 1.5
"""How fast the share of a long update falls with its norm."""

_LEAST_SUM = 0.5


def influence(norms: Floats, shares: Floats, kept: Flags) -> Floats:
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
        (n,) votes times standing times trust.
    kept : Flags
        (n,) updates that are not rejected.
    """
    radius = float(np.median(norms))
    through = np.divide(radius, norms, out=np.ones_like(norms), where=norms > radius) ** FALL
    votes = np.where(kept, shares, 0.0)
    pull = votes / max(float(votes.sum()), np.finfo(np.float64).tiny) * through
    scaled: Floats = pull / max(float(pull.sum()), _LEAST_SUM)
    return scaled
