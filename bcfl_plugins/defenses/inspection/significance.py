"""Whether two samples differ: the tests of Student, Levene and Kolmogorov-Smirnov, without scipy.

Each gives the probability of a difference as large by chance, and 1 where samples are too few or
all alike.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats

_TERMS = 300
_TINY = 1e-300
_CLOSE = 1e-15


def students_t(first: Floats, second: Floats) -> float:
    """Return the two-sided p of Student's test of equal means, with pooled variance."""
    free = len(first) + len(second) - 2
    if min(len(first), len(second)) == 0 or free < 1:
        return 1.0
    gap = float(first.mean() - second.mean())
    inner = float(((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum())
    error = inner / free * (1.0 / len(first) + 1.0 / len(second))
    if error <= 0.0:
        return 1.0
    return incomplete_beta(free / 2.0, 0.5, free / (free + gap * gap / error))


def levenes(first: Floats, second: Floats) -> float:
    """Return the p of Levene's test of equal spread around the medians (Brown and Forsythe 1974).

    Of two samples it is Student's test of the distances to the medians: F is the square of t.
    """
    if min(len(first), len(second)) == 0:
        return 1.0
    return students_t(np.abs(first - np.median(first)), np.abs(second - np.median(second)))


def kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    """Return the exact two-sided p of the test of equal distributions (Hodges 1958)."""
    n, m = len(first), len(second)
    if min(n, m) == 0:
        return 1.0
    both = np.concatenate([first, second])
    below = [np.searchsorted(np.sort(some), both, side="right") for some in (first, second)]
    shared = math.gcd(n, m)
    step = n // shared, m // shared
    most = int(np.abs(below[0] * step[1] - below[1] * step[0]).max())
    if most == 0:
        return 1.0
    # The chance that a random walk from (0, 0) to (n, m) stays within the gap: for all points of
    # one anti-diagonal at once.
    inside = np.zeros(n + 1)
    inside[0] = 1.0
    places = np.arange(n + 1)
    for total in range(1, n + m + 1):
        others = total - places
        stepped = np.concatenate([[0.0], inside[:-1]]) * places + inside * others
        within = np.abs(places * step[1] - others * step[0]) < most
        inside = np.where((others >= 0) & (others <= m) & within, stepped / total, 0.0)
    return min(1.0, max(0.0, 1.0 - float(inside[n])))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function, by its continued fraction."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    value, c, d = 1.0, 1.0, 0.0
    for term in range(_TERMS):  # modified Lentz
        k = term // 2
        if term == 0:
            factor = 1.0
        elif term % 2 == 0:
            factor = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        else:
            factor = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        d = 1.0 / _not_zero(1.0 + factor * d)
        c = _not_zero(1.0 + factor / c)
        change = c * d
        value *= change
        if term and abs(change - 1.0) < _CLOSE:
            break
    return front * (value - 1.0) / a


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
