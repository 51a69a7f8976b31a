"""The functions that people call: check a defense, replay a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from bcfl_plugins.testing.checks import ALL_CHECKS, BY_NAME
from bcfl_plugins.testing.errors import CheckFailed, KitError
from bcfl_plugins.testing.results import CheckResult, Counterexample
from bcfl_plugins.testing.search.engine import applies, replayed, run_check
from bcfl_plugins.testing.search.measure import Violation
from bcfl_plugins.testing.subjects.patience import TookTooLong, within
from bcfl_plugins.testing.subjects.subject import subject_of
from bcfl_plugins.testing.subjects.tags import PROFILES, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from bcfl_plugins.defenses.base import RuleTags
    from bcfl_plugins.testing.generators.cases import Case
    from bcfl_plugins.testing.subjects.sources import SourceCode
    from bcfl_plugins.testing.subjects.tags import ProfileName


def check_defense(
    obj: object,
    tags: RuleTags | None = None,
    on_fail: Literal["raise"] | Callable[[CheckResult], object] | None = None,
    profile: ProfileName | Profile = "fast",
    *,
    checks: Collection[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    source: SourceCode | None = None,
) -> list[CheckResult]:
    """Hold a defense to every rule that applies to it.

    Parameters
    ----------
    obj : object
        A callable ``(updates, f) -> array``, a `Defense`, a plugin with ``bcfl_judge_updates``, a
        Flower strategy of either API; a class of one of these; or a function of f alone that
        makes one.
    tags : RuleTags or None
        What it promises; `Tags` for callables. By default a `Defense` is held to its own tags,
        anything else to its attribute ``tags``, or to ``Tags()``.
    on_fail : None, "raise" or callable
        What to do about each failure: nothing (read the results), raise `CheckFailed` at the
        first one, or call with the result.
    profile : {"fast", "thorough"} or Profile
        How hard to try.
    checks : collection of str or None
        Names of the checks to make; all by default.
    expected_failures : Mapping[str, str] or None
        Names of checks that are known to fail, each with the reason.
    source : SourceCode or None
        How a regression test can make the object, when the kit cannot know.

    Returns
    -------
    list of CheckResult
        One for each check, in a fixed order.

    Raises
    ------
    CheckFailed
        With ``on_fail="raise"``.
    NotADefense
        If the kit cannot drive the object.
    KitError
        If a check is named that does not exist.
    """
    known = expected_failures or {}
    require_checks(list(checks or ()) + list(known))
    effort = PROFILES[profile] if isinstance(profile, str) else profile
    subject = subject_of(obj, tags, source, effort.seconds)
    results = []
    for check in ALL_CHECKS:
        if checks is not None and check.name not in checks:
            continue
        result = run_check(check, subject, effort)
        if result.status == "failed" and check.name in known:
            result = result.expected(known[check.name])
        results.append(result)
        if result.status == "failed":
            _tell(result, on_fail)
    return results


def _tell(
    result: CheckResult, on_fail: Literal["raise"] | Callable[[CheckResult], object] | None
) -> None:
    if on_fail == "raise":
        raise CheckFailed(result)
    if callable(on_fail):
        on_fail(result)


def require_checks(names: Iterable[str]) -> None:
    """Check that every name is that of a check.

    Raises
    ------
    KitError
        If one is not; the message has them all.
    """
    unknown = sorted(set(names) - set(BY_NAME))
    if unknown:
        raise KitError(f"no check is called {unknown[0]!r}; there are {', '.join(sorted(BY_NAME))}")


def replay(name: str, obj: object, case: Case, tags: RuleTags | None = None) -> None:
    """Hold a defense to one rule on one round: a regression test.

    Parameters
    ----------
    name : str
        The check.
    obj, tags : object and RuleTags
        As in `check_defense`.
    case : Case
        The round, as a failure printed it.

    Raises
    ------
    CheckFailed
        If the round breaks the rule or takes too long, or the check no longer applies.
    """
    require_checks([name])
    check = BY_NAME[name]
    subject = subject_of(obj, tags)
    if check.tag is not None:
        on = replace(subject.tags, **_switched_on(subject.tags, check.tag))
        subject = replace(subject, tags=on)
    result = CheckResult(name, "failed", check.rule, check.fix, defense=subject.name, examples=1)
    reason = applies(check, subject)
    if reason:
        raise CheckFailed(replace(result, fix=f"this check cannot be made: {reason}"))
    limit = PROFILES["fast"].seconds
    try:
        within(limit, lambda _: replayed(check, subject, case))
    except TookTooLong:
        late = Counterexample(case, f"It took longer than {limit:g} s.")
        raise CheckFailed(replace(result, counterexample=late)) from None
    except Violation as broken:
        example = Counterexample(
            broken.case, broken.problem, broken.output, broken.observed, broken.bound
        )
        raise CheckFailed(replace(result, counterexample=example)) from None


def _switched_on(tags: RuleTags, tag: str) -> dict[str, Any]:
    """Return the flag of a tag: its regression test holds whether or not it is still claimed."""
    return {tag: True} if getattr(tags, tag) is False else {}
