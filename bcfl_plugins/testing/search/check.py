"""What a check is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.strategies import SearchStrategy

    from bcfl_plugins.testing.generators.cases import Case
    from bcfl_plugins.testing.search.measure import Gauge
    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import Profile


Kinds: TypeAlias = tuple[str, ...]
"""Some of `bcfl_plugins.testing.generators.generate.ATTACKS`."""


def always(_subject: Subject) -> str:
    """Skip nothing."""
    return ""


def only_ours(subject: Subject) -> str:
    """Skip what has no `Decision`, no `Extras` and no other forms."""
    ours = subject.driver.kind == "defense"
    return "" if ours else "only a bcfl_plugins Defense takes what this check passes"


def model_counts(subject: Subject) -> str:
    """Skip rules that judge the same deltas otherwise when another model went out."""
    return "it looks at the model that went out" if subject.tags.reads_model else ""


def needs_byzantine(subject: Subject) -> str:
    """Skip rules that tolerate no byzantine update among nine."""
    return "" if attacked(subject) else "the rule tolerates no byzantine update among 9"


def attacked(subject: Subject) -> list[tuple[int, int]]:
    """Return the (n, f) of a subject with f > 0."""
    return [pair for pair in subject.pairs if pair[1] > 0]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule that a defense is held to.

    Parameters
    ----------
    name : str
        Lower case with underscores.
    rule : str
        The rule in one sentence.
    fix : str
        What to do when it is broken.
    test : callable
        ``(subject, case, gauge)``. Raises `Violation` when the case breaks the rule.
    cases : callable or None
        ``(subject, kinds) -> SearchStrategy[Case]``, for checks that search.
    kinds : tuple of str
        Attacks to search with, one after the other, so that each gets its share of the rounds.
    fixed : callable or None
        ``(subject, profile) -> iterable of Case``, for checks that try certain cases; all of them.
    tag : str or None
        The tag that switches the check on; ``None``: always on.
    skip : callable
        ``(subject) -> str``: why the check cannot be made, or an empty string.
    """

    name: str
    rule: str
    fix: str
    test: Callable[[Subject, Case, Gauge], None]
    cases: Callable[[Subject, Kinds], SearchStrategy[Any]] | None = None
    kinds: Kinds = ("echo",)
    fixed: Callable[[Subject, Profile], Iterable[Case]] | None = None
    tag: str | None = None
    skip: Callable[[Subject], str] = always
