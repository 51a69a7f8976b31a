"""byzfl's rules on one number a node."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from math import inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.testing.subjects.patience import TookTooLong, within
from scripts.kit.by_hand.shown import Shown, answered, differ, infinite, numbers, off, says, words
from scripts.kit.findings import BYZFL, TENSORS, byzfl_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.kit.by_hand.shown import Outcome

    Values = tuple[float, ...]

FOUND = {
    "answers": "SMEA†",
    "refuses": "NNM, ARC, Bucketing",
    "finite": "CAF*, SMEA†, NNM",
    "no_mutation": "CAF*, SMEA†",
    "order": "Krum",
    "form": "CAF",
    "non_finite": "SMEA†, NNM, ARC, Bucketing",
    "bounded": "GeometricMedian, CenteredClipping",
    "overflow": "CAF, SMEA†, GeometricMedian, CenteredClipping",
    "unanimity": "CAF, GeometricMedian, CenteredClipping",
    "scale": "Bucketing",
    "mean_without_byzantine": "SMEA†",
}
"""What `scripts.kit.findings` prints under "Found besides"."""

PATIENCE = 0.5
"""Seconds that a rule gets; a call takes less than a millisecond."""

WAITING = f"nothing within {PATIENCE} s"


@cache
def _rules() -> dict[str, Callable[[int], Any]]:
    """Return what makes each rule for f: NNM and ARC before the mean, Bucketing the median."""
    return {name: make for name, make, _ in byzfl_rules()}


def _column(values: Values, dtype: str = "float64") -> Any:  # noqa: ANN401 - an array
    return np.array(values, dtype)[:, None]


def aggregate(rule: str, f: int, values: Values) -> Outcome:
    """Return what a new rule makes of updates of one number each."""
    return answer(rule, f, _column(values))


def answer(rule: str, f: int, updates: Any) -> Outcome:  # noqa: ANN401 - an (n, d) array
    """Return what a new rule makes of updates, or words in place of it."""
    made = _rules()[rule](f)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = within(PATIENCE, lambda _: made(updates))
    except (IndexError, ValueError) as error:
        return type(error).__name__
    except TookTooLong:
        return WAITING
    return "None" if result is None else tuple(map(float, result))


def _one(
    rule: str,
    checks: str,
    given: tuple[int, Values],
    should: str,
    proves: Callable[[Outcome], bool],
) -> Shown:
    """Show one call on (f, values)."""
    f, values = given
    text = f"{numbers(values)}; f = {f}"
    return Shown(
        rule, tuple(checks.split()), text, should, lambda: aggregate(rule, f, values), proves
    )


def _both(
    rule: str,
    checks: str,
    given: tuple[int, Values, Values],
    should: str,
    back: Callable[[float], float] = float,
) -> Shown:
    """Show calls on (f, values, other values); `back` undoes what was done to the others."""
    f, values, others = given

    def call() -> Outcome:
        np.random.seed(1)  # noqa: NPY002 - byzfl draws from it
        first, second = aggregate(rule, f, values), aggregate(rule, f, others)
        if isinstance(first, str) or isinstance(second, str):
            return f"{words(first)}, then {words(second)}"
        return (*first, *map(back, second))

    text = f"{numbers(values)}; then {numbers(others)}; f = {f}"
    return Shown(rule, tuple(checks.split()), text, should, call, differ)


def _moved(rule: str, checks: str, f: int, values: Values, shift: float) -> Shown:
    others = tuple(value + shift for value in values)
    should = f"the same after {shift:g} is taken off"
    return _both(rule, checks, (f, values, others), should, lambda x: x - shift)


def _dtype(rule: str, make: Callable[[], Any], given: str, should: str) -> Shown:
    """Show the dtype of a result; f = 1."""

    def call() -> Outcome:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return str(_rules()[rule.removesuffix(TENSORS)](1)(make()).dtype).removeprefix("torch.")

    return Shown(rule, ("form",), given, should, call, lambda got: got != should)


def _tensor() -> Any:  # noqa: ANN401 - a tensor
    return importlib.import_module("torch").tensor(_column((0, 1, 5)))


def _clipped_alone() -> Outcome:
    """Return what ARC itself, without the mean behind it, makes of a round."""
    before = importlib.import_module("byzfl.aggregators.preaggregators")
    return tuple(map(float, before.ARC(f=2)(_column((1, 2, nan, 3, 1e6)))[:, 0]))


def _after(rule: str, f: int, values: Values, proves: Callable[[Outcome], bool]) -> Shown:
    """Show the updates after a call, whatever it gave."""

    def call() -> Outcome:
        given = _column(values)
        answer(rule, f, given)
        return tuple(map(float, given[:, 0]))

    text = f"{numbers(values)}; f = {f}"
    should = "these, the updates after the call, as they were"
    return Shown(rule, ("no_mutation",), text, should, call, proves)


def _twice(rule: str) -> Shown:
    """Show the results of twenty calls on one round of two coordinates."""
    points = np.array([(0, 0), (4, 0), (0, 4), (4, 4), (2, 3)], np.float64)

    def call() -> Outcome:
        np.random.seed(1)  # noqa: NPY002 - byzfl draws from it
        results = {f"({words(answer(rule, 1, points))})" for _ in range(20)}
        return " or ".join(sorted(results))

    given = f"{', '.join(f'({x:g}, {y:g})' for x, y in points)}; f = 1; 20 times"
    return Shown(rule, ("order", "deterministic"), given, _AGAIN, call, lambda got: " or " in got)


def _halved() -> Outcome:
    """Return the result of a round, and half of its double's: drawn anew, and drawn as before."""
    got: list[float] = []
    for draws_anew, factor in ((False, 1), (True, 2), (False, 2)):
        if not draws_anew:
            np.random.seed(1)  # noqa: NPY002 - byzfl draws from it
        result = aggregate("Bucketing", 1, (0, factor, 5 * factor))
        got += [inf] if isinstance(result, str) else [number / factor for number in result]
    return tuple(got)


_STUCK = (1, (0.0, 1.0, 1e9))
_SAME = (0, (1.0, 1.0))
_FAR = (1, (0.0, 0.0, 1e6))
_CLOSE = (1, (-1e-6, 1e-6, 1e6))
_HALF = (1, (0.0, 1e6))
_MOST = (2, (0.0, 1e6, 1e6))
_STAYS = "an answer: each step multiplies weights by 1 - (0.5 / 1e9)^2, which is 1 in float64"
_RAISES = "1; it raises where no set of updates has a variance above 0 that is a number"
_REFUSE = "a refusal: {} may be byzantine"
_ORDERED = "the same for both orders"
_AGAIN = "the same; it draws anew at each call"
_BOUND = "within 4e-06 of 0, four honest spreads"

SHOWN = (
    _one("SMEA", "answers", (0, (1.0,)), "1, the only update", says("IndexError")),
    _one("SMEA", "finite mean_without_byzantine", _SAME, _RAISES, says("IndexError")),
    _one("SMEA", "non_finite", (1, (1.0, 1.0, nan)), _RAISES, says("IndexError")),
    _one("SMEA", "overflow", (1, (1.0, 1.0, 1e200)), _RAISES, says("IndexError")),
    _one("CAF", "finite", _STUCK, _STAYS, says(WAITING)),
    _dtype("CAF", lambda: _column((0, 1, 5), "float32"), "0, 1, 5 in float32; f = 1", "float32"),
    _one("CAF", "overflow", (1, (0.0, 1.0, 1e200)), "between 0 and 1", says("None")),
    _one("CAF", "unanimity", _FAR, "0; this is the mean", off(0, 1)),
    _one("GeometricMedian", "bounded", _CLOSE, _BOUND, off(0, 4e-6)),
    _one("GeometricMedian", "unanimity", _FAR, "0; 1 / 0.1 is its greatest weight", off(0, 0.01)),
    _one(
        "GeometricMedian",
        "overflow",
        (2, (0.0, 0.0, 0.0, 1e200, 1e100)),
        "0; it is 1e100 that moves it: 1e200 gets the weight 0",
        off(0, 0.01),
    ),
    _one("CenteredClipping", "bounded", _CLOSE, _BOUND, off(0, 4e-6)),
    _one("CenteredClipping", "unanimity", _FAR, "0; this is its radius of 100 over 3", off(0, 1)),
    _one("CenteredClipping", "overflow", (1, (500.0, 500.0, 1e200)), "500", off(500, 1)),
    _both("Krum", "order", (1, (0, 1, 3), (3, 1, 0)), f"{_ORDERED}; the nearest two always tie"),
    _one("NNM", "refuses", _MOST, _REFUSE.format("two of three"), answered),
    _one("NNM", "finite", (2, (0.0, 0.0, 0.0, 1.7e308, 1.7e308)), "finite", infinite),
    _one("NNM", "non_finite", (1, (nan, 0.0, 0.0)), "0; the mean behind it takes NaN", infinite),
    _one("ARC", "refuses", _MOST, _REFUSE.format("two of three"), answered),
    _one("ARC", "non_finite", (1, (0.0, 0.0, nan)), "0; the mean behind it takes NaN", infinite),
    Shown(
        "ARC",
        ("non_finite",),
        "1, 2, nan, 3, 1e+06; f = 2; ARC alone",
        "1e+06 clipped: NaN as the threshold clips nobody",
        _clipped_alone,
        lambda got: got[-1:] == (1e6,),
    ),
    _one("Bucketing", "refuses", _MOST, _REFUSE.format("two of three"), answered),
    _one("Bucketing", "non_finite", (1, (0.0, 0.0, nan)), "0; Median takes NaN", infinite),
    Shown(
        "Bucketing",
        ("scale",),
        "0, 1, 5; then 0, 2, 10; then this with the draw of the first; f = 1",
        "three times the same after halving; it draws anew at each call",
        _halved,
        lambda got: got[0] != got[1] and got[0] == got[2],
    ),
)
"""A call for each of `FOUND` that is a fault."""

HELD = (
    _after("CAF", *_STUCK, lambda got: got == _STUCK[1]),
    _after("SMEA", *_SAME, lambda got: got == _SAME[1]),
)
"""What the kit finds for want of an answer: nothing is wrong with what the check is about."""

_SCALED = "the same after halving"

KNOWN = (
    *(
        _dtype(rule + TENSORS, _tensor, "0, 1, 5 as a float64 tensor; f = 1", "float64")
        for rule in BYZFL
    ),
    _both("MDA", "order", (1, (0, 0, 0, 1, -1, 0), (0, 0, 0, -1, 1, 0)), _ORDERED),
    _both("MoNNA", "order", (1, (0, 1, 5), (5, 1, 0)), "the same; the first is its pivot"),
    _twice("CAF"),
    _twice("SMEA"),
    _both("Bucketing", "order deterministic", (1, (0, 1, 5), (0, 1, 5)), _AGAIN),
    _moved("GeometricMedian", "translation cancellation", 0, (0, 1, 3), 1000),
    _moved("CenteredClipping", "translation cancellation", 0, (0, 0, 0), 1000),
    _moved("ARC", "translation cancellation", 1, (-1, 0, 3), 10),
    _moved("Bucketing", "translation cancellation", 1, (0, 1, 5), 1),
    _one("CAF", "translation scale", _STUCK, _STAYS, says(WAITING)),
    _one("SMEA", "translation cancellation scale", _SAME, _RAISES, says("IndexError")),
    _both("GeometricMedian", "scale", (*_FAR, (0, 0, 2e6)), _SCALED, lambda x: x / 2),
    _both("CenteredClipping", "scale", (*_FAR, (0, 0, 2e6)), _SCALED, lambda x: x / 2),
    *(
        _one(rule, "non_finite", (1, (1, 1, 1, 1, nan)), "1", off(1))
        for rule in ("Median", "Krum", "GeometricMedian", "CenteredClipping", "Meamed", "CAF")
    ),
    *(_one(rule, "bounded", _FAR, "0; both honest are 0", off(0, 1)) for rule in ("CAF", "SMEA")),
    _after("ARC", 1, (1, 2, 1e6), lambda got: got != (1, 2, 1e6)),
    _one("SMEA", "unanimity", _FAR, "0", off(0, 1)),
    _one("CAF", "answers", (0, (1, 2, 3)), "2", says("None")),
    *(
        _one(rule, "refuses", _HALF, _REFUSE.format("one of two"), answered)
        for rule in ("Median", "GeometricMedian", "CenteredClipping")
    ),
)
"""A call for each failure that was known."""
