"""Run a list of checks on one subject, each to its end whatever the one before did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from hypothesis.errors import Flaky

from pallet_bridge.testing.boundary import Boundary
from pallet_bridge.testing.results import ConformanceResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

S = TypeVar("S")

OnFail = Literal["raise"] | None
"""What a failure does: ``None`` returns it with the others, ``"raise"`` stops at the first."""


@dataclass(frozen=True, slots=True)
class ConformanceCheck(Generic[S]):
    """One rule and how to see whether it holds.

    Parameters
    ----------
    name : str
        Its name.
    rule : str
        One sentence.
    fix : str
        What to do when it does not hold.
    run : callable
        Raises when the rule does not hold.
    """

    name: str
    rule: str
    fix: str
    run: Callable[[S], None]


def run_checks(
    checks: Iterable[ConformanceCheck[S]], subject: S, name: str, on_fail: OnFail
) -> list[ConformanceResult]:
    """Run every check on the subject.

    Parameters
    ----------
    checks : iterable of ConformanceCheck
        In this order.
    subject : object
        What each check is given.
    name : str
        The subject's name, for people.
    on_fail : "raise" or None
        See `OnFail`.

    Raises
    ------
    AssertionError
        At the first failure, when `on_fail` is ``"raise"``; what the check raised is its cause.
    """
    results = []
    for check in checks:
        with Boundary() as boundary:
            check.run(subject)
        raised = boundary.raised
        problem = "" if raised is None else _told(raised)
        result = ConformanceResult(
            name=check.name,
            status="passed" if raised is None else "failed",
            rule=check.rule,
            fix="" if raised is None else check.fix,
            problem=problem,
        )
        results.append(result)
        if raised is not None and on_fail == "raise":
            raise AssertionError(f"{name}: {check.name}\n{result.text()}") from raised
    return results


def _told(raised: BaseException) -> str:
    """Return an error with its notes: hypothesis notes the history there."""
    if isinstance(raised, Flaky) and isinstance(raised, BaseExceptionGroup):
        return f"{_told(raised.exceptions[0])}\nNot each time: the same history ended otherwise."
    return "\n".join([f"{type(raised).__name__}: {raised}", *getattr(raised, "__notes__", ())])


def must(condition: object, problem: str) -> None:
    """Raise `AssertionError` with the problem unless the condition holds, also under ``-O``."""
    if not condition:
        raise AssertionError(problem)
