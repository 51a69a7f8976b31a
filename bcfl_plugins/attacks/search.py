"""One-dimensional searches for the strongest setting of an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_GROW = 2.0
_SHRINK = 0.8


def largest(holds: Callable[[float], bool], reach: float, evals: int = 24) -> float:
    """Return a large step in [0, reach] for which `holds` is true, 0 when none was found.

    Tries `reach` itself, then bisects. Exact to ``reach / 2^(evals - 1)`` when `holds` is true
    up to some step and false beyond it; otherwise some step for which it is true.
    """
    if holds(reach):
        return reach
    low, high = 0.0, reach
    for _ in range(evals - 1):
        middle = (low + high) / 2.0
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def maximise(score: Callable[[float], float], evals: int, first: float = 1.0) -> float:
    """Return a step >= 0 at which `score` is large: doubling steps, then ever smaller ones.

    The line search of ByzFL and of El Mhamdi et al. (2018), with `evals` evaluations of `score`.
    """
    best, best_score = 0.0, score(0.0)
    tried, step = best, first
    growing = True
    for _ in range(evals - 1):
        tried = _next(tried, best, step, growing=growing)
        found = score(tried)
        better = found > best_score
        if better:
            best, best_score = tried, found
        growing = growing and better
        step *= _GROW if growing else _SHRINK
    return best


def _next(tried: float, best: float, step: float, *, growing: bool) -> float:
    if growing:
        return best + step
    if tried < best:
        return tried + step
    down = tried - step
    return down if down >= 0.0 else tried / 2.0
