"""What the checks share: scales, tolerances, and how a rule is found broken.

Tolerances are powers of the dtype's own precision times the size of the honest updates; nothing
is compared closer than rounding allows. Byzantine updates, however large, widen no tolerance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.testing.results import shown
from bcfl_plugins.testing.subjects.drivers import Answer, UpdateBatch
from bcfl_plugins.testing.subjects.subject import Crashed, Refused

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.testing.generators.cases import Case, Matrix
    from bcfl_plugins.testing.subjects.subject import Subject


class Violation(AssertionError):
    """A rule is broken on one case."""

    def __init__(
        self,
        problem: str,
        case: Case,
        *,
        output: str = "",
        observed: float | None = None,
        bound: float | None = None,
    ) -> None:
        self.problem = problem
        self.case = case
        self.output = output
        self.observed = observed
        self.bound = bound
        super().__init__(problem)


@dataclass(slots=True)
class Gauge:
    """Counts cases and keeps the worst measured value of all, and that of the case at hand."""

    cases: int = 0
    observed: float | None = None
    bound: float | None = None
    at_hand: float = 0.0

    def start(self) -> None:
        """Begin a case."""
        self.cases += 1
        self.at_hand = 0.0

    def see(self, observed: float, bound: float) -> None:
        """Note one value and what it may be."""
        if not (math.isfinite(observed) and math.isfinite(bound)) or bound <= 0:
            return
        ratio = observed / bound
        self.at_hand = max(self.at_hand, ratio)
        if self.observed is None or self.bound is None or ratio > self.observed / self.bound:
            self.observed, self.bound = observed, bound


def batch_of(case: Case, rows: Matrix | None = None, **more: Any) -> UpdateBatch:  # noqa: ANN401
    """Return the call for a case, or for other rows in its place."""
    table = case.rows() if rows is None else rows
    honest = table[~case.is_byzantine] if len(table) == case.n else table
    known: dict[str, Any] = {"ids": tuple(range(len(table)))}
    if len(honest):
        known["trusted"] = honest.astype(np.float64).mean(axis=0)
    return UpdateBatch(table, case.told, **(known | more))


def ask(subject: Subject, case: Case, batch: UpdateBatch | None = None) -> Answer:
    """Ask the subject; an answer of finite numbers is due.

    Raises
    ------
    Violation
        If it refuses or crashes, or the answer has not one number for each coordinate.
    """
    call = batch_of(case) if batch is None else batch
    try:
        answer = subject.ask(call)
    except Refused as refusal:
        raise Violation(
            "It refuses a round that it should tolerate.", case, output=str(refusal)
        ) from None
    except Crashed as crash:
        raise Violation("It raises.", case, output=str(crash)) from None
    if len(answer.flat) != call.rows.shape[1]:
        raise Violation(
            f"Its result has {len(answer.flat)} numbers for {call.rows.shape[1]} coordinates.",
            case,
            output=shown(answer.flat),
        )
    return answer


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of the honest updates of a case.

    Parameters
    ----------
    mean : Floats
        (d,) their mean.
    radius : float
        Greatest distance from the mean.
    size : float
        Greatest length of an honest update.
    """

    mean: Floats
    radius: float
    size: float


def scale_of(honest: Floats) -> Scale:
    """Measure honest updates."""
    mean = honest.mean(axis=0)
    radius = float(np.linalg.norm(honest - mean, axis=1).max())
    size = float(np.linalg.norm(honest, axis=1).max())
    return Scale(mean, radius, size)


def precision(case: Case, answer: Answer) -> float:
    """Return the machine precision of the coarser of what went in and what came out."""
    coarse = float(np.finfo(case.dtype).eps)
    dtype = getattr(answer.raw, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        coarse = max(coarse, float(np.finfo(dtype).eps))
    return coarse


def slack(case: Case, answer: Answer, size: float) -> float:
    """Return how far two results that are equal on paper may differ, for honest updates of `size`.

    Selection by distances loses half of the digits of the dtype; coordinates add up as a root.
    """
    return 4 * math.sqrt(precision(case, answer) * max(1, case.d)) * size


def tight_slack(case: Case, answer: Answer, size: float) -> float:
    """Return the same where only rounding may differ: after exact shifts and factors."""
    return 64 * precision(case, answer) * case.n * max(1.0, math.sqrt(case.d)) * size


def far(one: Floats, other: Floats) -> float:
    """Return the distance of two results; infinite when one is not finite."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return math.inf
    return float(np.linalg.norm(one - other))


def admissible(subject: Subject, case: Case, wanted: Floats, within: float) -> bool:
    """Say whether `wanted` is the answer to the case after a nudge far below any tolerance.

    A rule that has to choose between updates that tie may choose any of them.
    """
    rng = np.random.Generator(np.random.PCG64(0))
    rows = case.rows()
    step = 8 * float(np.finfo(rows.dtype).eps) * max(scale_of(case.heard()).size, 1e-30)
    for _ in range(24):
        nudge = step * rng.standard_normal(rows.shape)
        moved = (rows + np.where(np.isfinite(rows), nudge, 0)).astype(rows.dtype)
        if far(ask(subject, case, batch_of(case, moved)).flat, wanted) <= within:
            return True
    return False


def fingerprint(value: object) -> object:
    """Return something that compares equal as long as nothing in a state changes."""
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, Mapping):
        return [(fingerprint(key), fingerprint(one)) for key, one in value.items()]
    if isinstance(value, list | tuple | deque):
        return [fingerprint(one) for one in value]
    if is_dataclass(value):
        return [fingerprint(getattr(value, one.name)) for one in fields(value)]
    return repr(value)
