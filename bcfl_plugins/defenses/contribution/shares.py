"""From scores to shares of a reward: integers that never sum to more than one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats

ONE = 10**9
"""The whole reward, as the chain's Perbill."""

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


def split(weights: Sequence[Fraction | int], total: int = ONE) -> tuple[int, ...]:
    """Divide `total` in proportion to the weights by the largest remainder method.

    Exact. Weights below zero count as zero; of equal remainders the first gets the unit. Without
    a positive weight all shares are zero.
    """
    positive = [max(Fraction(weight), Fraction(0)) for weight in weights]
    whole = sum(positive, Fraction(0))
    if whole == 0:
        return (0,) * len(positive)
    quotas = [weight * total / whole for weight in positive]
    shares = [quota.numerator // quota.denominator for quota in quotas]
    left = total - sum(shares)
    order = sorted(range(len(quotas)), key=lambda place: shares[place] - quotas[place])
    for place in order[:left]:
        shares[place] += 1
    return tuple(shares)
