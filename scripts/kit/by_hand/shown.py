"""What one demonstration is, and how they are printed and held to what the kit found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Outcome = tuple[float, ...] | str
    Pairs = set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One call of a rule on a few numbers, and which rule of the kit it breaks.

    Parameters
    ----------
    rule : str
        As `scripts.kit.findings` names it.
    checks : tuple of str
        The checks that the kit found broken and that this call breaks.
    given : str
        What goes in.
    should : str
        What the result should be, and why it is not.
    call : callable
        Makes the call: numbers, or words when there are none.
    proves : callable
        Whether an outcome shows it.
    """

    rule: str
    checks: tuple[str, ...]
    given: str
    should: str
    call: Callable[[], Outcome]
    proves: Callable[[Outcome], bool]


def off(wanted: float, most: float = 0.0) -> Callable[[Outcome], bool]:
    """Return whether an outcome is farther than `most` from `wanted`; words and NaN are."""

    def broken(outcome: Outcome) -> bool:
        return isinstance(outcome, str) or not all(abs(x - wanted) <= most for x in outcome)

    return broken


def says(word: str) -> Callable[[Outcome], bool]:
    """Return whether an outcome is these words."""
    return lambda outcome: outcome == word


def answered(outcome: Outcome) -> bool:
    """Say whether there are numbers where a refusal was due."""
    return not isinstance(outcome, str)


def infinite(outcome: Outcome) -> bool:
    """Say whether the numbers are not all finite."""
    return not isinstance(outcome, str) and not all(map(math.isfinite, outcome))


def differ(outcome: Outcome) -> bool:
    """Say whether numbers that should be the same are not."""
    return not isinstance(outcome, str) and len(set(outcome)) > 1


def words(outcome: Outcome) -> str:
    """Return an outcome as it is printed."""
    if isinstance(outcome, str):
        return outcome
    return ", ".join(f"{number:.6g}" for number in outcome)


def numbers(values: Iterable[float]) -> str:
    """Return what goes in as it is printed."""
    return ", ".join(f"{value:g}" for value in values)


def pairs(shown: Iterable[Shown]) -> Pairs:
    """Return the (rule, check) that are demonstrated."""
    return {(one.rule, check) for one in shown for check in one.checks}


def wanted(found: Mapping[str, str]) -> Pairs:
    """Return the (rule, check) of a list as `scripts.kit.findings` prints it, without marks."""
    return {
        (name.strip().rstrip("*†"), check)
        for check, names in found.items()
        for name in names.split(",")
    }


def table(shown: Iterable[Shown]) -> tuple[str, list[str]]:
    """Make every call.

    Returns
    -------
    str
        A table in Markdown; rules of which the same is to say share a row.
    list of str
        What does not show what it should.
    """
    rows: dict[str, list[str]] = {}
    kept = []
    for one in shown:
        outcome = one.call()
        checks = ", ".join(f"`{check}`" for check in one.checks)
        row = f"{checks} | {one.given} | {words(outcome)} | {one.should} |"
        rows.setdefault(row, []).append(one.rule)
        if not one.proves(outcome):
            kept.append(f"{one.rule}, {', '.join(one.checks)}: {words(outcome)} does not show it")
    head = ["| rule | check | given | gives | should |", "| -- | -- | -- | -- | -- |"]
    return "\n".join([*head, *(f"| {', '.join(who)} | {row}" for row, who in rows.items())]), kept
