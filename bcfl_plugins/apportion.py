"""Divide a whole number in proportion to weights, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE = 10**9
"""The whole, as the chain's Perbill."""


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
