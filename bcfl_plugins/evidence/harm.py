"""Did an update do harm? Measured on validation data of the server or of attesters.

Harm is what an update adds to the validation loss when it fills its slot in the mean, against
the same mean with that slot left at zero. Sending nothing at all is never harmful, and an update
that merely pulls elsewhere is so only when the model gets worse by it. Once the kept updates no
longer make the model better, nothing is said of anybody: by then an honest update that fits its
own data a little too well does harm too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.defenses.base import Flags, Floats

_LEAST_KEPT = 2


@dataclass(frozen=True, slots=True)
class HarmSettings:
    """When an added loss is called harm.

    Parameters
    ----------
    z : float
        The mean added loss lies this many standard errors, over the validation examples, above
        zero; and what the kept updates gain together lies as many above zero as well.
    ratio : float
        It is also greater than this many times the greatest added loss of a kept update, and
        farther above it than this many times what lies between it and their median: where data
        are skewed, honest updates differ widely in what they add.
    floor : float
        And greater than this share of what a kept update changes the loss by on average, up or
        down: what is too small to matter is no harm.
    least_examples : int
        With fewer validation examples nothing is said.
    """

    z: float = 2.5
    ratio: float = 2.0
    floor: float = 0.05
    least_examples: int = 50

    def __post_init__(self) -> None:
        """Check the ranges."""
        least = {"z": 1.0, "ratio": 1.0, "floor": 0.0, "least_examples": 2}
        for field, low in least.items():
            if not getattr(self, field) >= low:
                raise BadUpdates(field, f"must be at least {low}, got {getattr(self, field)}")


DEFAULTS = HarmSettings()


def judge_harm(
    loss: Callable[[Floats], Floats],
    kept: Flags,
    broken: Flags | None = None,
    settings: HarmSettings = DEFAULTS,
) -> tuple[bool | None, ...]:
    """Say of each update whether it did harm.

    Costs at most ``n + 3`` evaluations of the validation data, two when the kept updates do not
    make the model better, and none when nothing was rejected.

    Parameters
    ----------
    loss : callable
        Takes (n,) float64 coefficients c and returns the (m,) loss of each validation example
        under the model ``reference + sum_i c_i * update_i``. A coefficient of zero means that the
        update must not be touched: it may not be finite.
    kept : Flags
        (n,) the defense's decision.
    broken : Flags or None
        (n,) updates that are not finite; they are not evaluated.
    settings : HarmSettings
        When an added loss is called harm.

    Returns
    -------
    tuple of bool or None
        ``None`` where nothing can be said: of broken updates, and of all when not more than half
        of the updates were kept or fewer than two, when nothing was rejected, when there are too
        few examples, or when the kept updates do not make the model better. Kept updates are
        never harmful.
    """
    kept = np.asarray(kept, dtype=np.bool_)
    out = np.zeros_like(kept) if broken is None else np.asarray(broken, dtype=np.bool_)
    unknown: tuple[bool | None, ...] = (None,) * len(kept)
    slots = int(kept.sum())
    if 2 * slots <= len(kept) or slots < _LEAST_KEPT or not (~kept & ~out).any():
        return unknown
    everyone: Floats = kept / slots
    together = loss(everyone)
    if len(together) < settings.least_examples:
        return unknown
    if not _lowers(together, loss(np.zeros(len(kept))), settings.z):
        return unknown
    usual = np.array(
        [_added(together, loss(_with(everyone, row, 0.0))) for row in np.flatnonzero(kept).tolist()]
    )
    bound = max(_fence(usual, settings.ratio), settings.floor * float(np.abs(usual).mean()))
    base: Floats = kept / (slots + 1)
    below = loss(base)
    answers: list[bool | None] = [None if bad else False for bad in out]
    for row in np.flatnonzero(~kept & ~out).tolist():
        filled = loss(_with(base, row, 1.0 / (slots + 1)))
        answers[row] = _harmful(filled, below, bound, settings)
    return tuple(answers)


def judge_help(
    loss: Callable[[Floats], Floats],
    shares: Floats,
    candidates: Flags,
    slots: Floats | None = None,
    settings: HarmSettings = DEFAULTS,
) -> Flags:
    """Say which updates make the model better though the defense does not want to hear them.

    An update helps when the model with it in one slot of the mean has a lower loss than without
    it, by `HarmSettings.z` standard errors. So the only holder of a class is heard where the
    validation data hold that class.

    Parameters
    ----------
    loss : callable
        As in `judge_harm`; two evaluations for each candidate.
    shares : Floats
        (n,) of the mean that the defense makes: not negative, one together at most.
    candidates : Flags
        (n,) updates to look at; they are finite.
    slots : Floats or None
        (n,) how many slots of the mean each would fill; ``None``: one.
    settings : HarmSettings
        Its `z` and `least_examples`.

    Returns
    -------
    Flags
        (n,) False for all others, and for all when there are too few examples.
    """
    helps = np.zeros(len(shares), dtype=np.bool_)
    others = max(int((shares > 0.0).sum()), 1)
    counts = np.ones(len(shares)) if slots is None else slots
    for row in np.flatnonzero(candidates).tolist():
        slot = float(counts[row] / (others + counts[row]))
        without = _with(shares, row, 0.0) * (1.0 - slot)
        below = loss(without)
        if len(below) < settings.least_examples:
            break
        helps[row] = _lowers(loss(_with(without, row, slot)), below, settings.z)
    return helps


def _fence(usual: Floats, ratio: float) -> float:
    """Return what the added losses of the kept updates leave possible for an honest one."""
    greatest = float(usual.max())
    if not math.isfinite(greatest):
        return math.inf
    return max(ratio * greatest, greatest + ratio * (greatest - float(np.median(usual))))


def _lowers(less: Floats, more: Floats, z: float) -> bool:
    """Say whether the mean difference lies more than z standard errors above zero."""
    if not (np.isfinite(less).all() and np.isfinite(more).all()):
        return False
    gap = more - less
    error = float(gap.std(ddof=1)) / math.sqrt(len(gap))
    return float(gap.mean()) > z * error


def _added(more: Floats, less: Floats) -> float:
    """Return the mean difference; where `less` is broken, an infinity that nobody exceeds."""
    return float((more - less).mean()) if np.isfinite(less).all() else math.inf


def _harmful(filled: Floats, below: Floats, bound: float, settings: HarmSettings) -> bool | None:
    if not np.isfinite(below).all():
        return None  # the model is broken without this update already
    if not np.isfinite(filled).all():
        return True
    return _lowers(below, filled, settings.z) and _added(filled, below) > bound


def _with(coefficients: Floats, row: int, value: float) -> Floats:
    changed = coefficients.copy()
    changed[row] = value
    return changed
