"""From scores to shares of a reward: integers that never sum to more than one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.apportion import split
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats

SCORE_ONE = 10**6
"""The fixed-point score that stands for 1.0."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What each of n nodes contributed in one round, in the order that was given.

    Parameters
    ----------
    shares : tuple of int
        In parts of 10^9. They sum to exactly 10^9, or to 0 when nobody has a positive score.
    scores : tuple of int
        In parts of 1e-6, rounded to the nearest; may be negative.
    evaluations : int
        How often the validation data was evaluated.
    """

    shares: tuple[int, ...]
    scores: tuple[int, ...]
    evaluations: int = 0


def contribution(values: Floats, evaluations: int = 0) -> Contribution:
    """Turn n scores into shares; a negative score has no share.

    Raises
    ------
    BadUpdates
        If a score is not finite.
    """
    if not np.isfinite(values).all():
        raise BadUpdates("scores", "a score is not finite: the validation loss is not either")
    exact = [Fraction(value) for value in np.asarray(values, np.float64).tolist()]
    return Contribution(
        split(exact), tuple(round(value * SCORE_ONE) for value in exact), evaluations
    )
