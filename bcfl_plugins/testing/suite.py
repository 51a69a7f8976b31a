"""The kit as tests: a decorator, and a class to subclass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from bcfl_plugins.testing.api import require_checks
from bcfl_plugins.testing.checks import ALL_CHECKS, BY_NAME
from bcfl_plugins.testing.errors import CheckFailed
from bcfl_plugins.testing.search.engine import applies, run_check
from bcfl_plugins.testing.subjects.subject import subject_of
from bcfl_plugins.testing.subjects.tags import PROFILES

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import RuleTags
    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import ProfileName

Expected = Mapping[str, str] | Callable[[Any], Mapping[str, str]]
"""Names of checks that are known to fail, each with the reason; or a function of the defense."""


@dataclass(frozen=True, slots=True)
class BoundCheck:
    """One check, to be called with the defense that it was made for.

    Parameters
    ----------
    name : str
        The check's name.
    tags : RuleTags or None
        As in `check_defense`.
    profile : {"fast", "thorough"}
        How hard to try.
    """

    name: str
    tags: RuleTags | None
    profile: ProfileName

    def __call__(self, defense: object) -> None:
        """Make the check.

        Raises
        ------
        CheckFailed
            If the defense breaks the rule.
        """
        _make(self.name, subject_of(defense, self.tags), self.profile)


def _make(name: str, subject: Subject, profile: ProfileName) -> None:
    result = run_check(BY_NAME[name], subject, PROFILES[profile])
    if result.status == "failed":
        raise CheckFailed(result)
    if result.status == "skipped":
        pytest.skip(result.reason)


def parametrize_with_checks(
    defenses: Iterable[object],
    expected_failures: Expected | None = None,
    *,
    tags: RuleTags | None = None,
    profile: ProfileName = "fast",
) -> pytest.MarkDecorator:
    """Make one test of each defense and each check that applies to it.

    Parameters
    ----------
    defenses : iterable of object
        What `check_defense` takes.
    expected_failures : Mapping[str, str] or callable or None
        Checks that are known to fail, with reasons. A check that is listed and passes fails the
        test: take it off the list.
    tags : RuleTags or None
        As in `check_defense`, for all of them.
    profile : {"fast", "thorough"}
        How hard to try.

    Examples
    --------
    ::

        @parametrize_with_checks([Krum(), MyDefense()], {"scale": "a fixed radius"})
        def test_defenses(defense, check):
            check(defense)
    """
    rows = []
    for defense in defenses:
        subject = subject_of(defense, tags)
        known = expected_failures(defense) if callable(expected_failures) else expected_failures
        require_checks(known or {})
        for check in ALL_CHECKS:
            if applies(check, subject):
                continue
            reason = (known or {}).get(check.name)
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
            rows.append(
                pytest.param(
                    defense,
                    BoundCheck(check.name, tags, profile),
                    id=f"{subject.name}-{check.name}",
                    marks=marks,
                )
            )
    return pytest.mark.parametrize(("defense", "check"), rows)


@cache
def _subject(tests: type[Any]) -> Subject:
    """Make the subject of a class of tests once: trying all (n, f) takes a moment."""
    return subject_of(tests().factory(), tests.tags)


class DefenseTests:
    """Subclass it in a test file and write `make`: every check becomes a test.

    Attributes
    ----------
    tags : RuleTags or None
        What the defense is held to; by default its own tags, or ``Tags()``.
    expected_failures : Mapping[str, str]
        Checks that are known to fail, with reasons.
    profile : {"fast", "thorough"}
        How hard to try.

    Examples
    --------
    ::

        class TestMine(DefenseTests):
            tags = Tags(translation=True, max_byzantine=lambda n: (n - 1) // 2)

            def make(self, f):
                return MyDefense(f=f)
    """

    tags: ClassVar[RuleTags | None] = None
    expected_failures: ClassVar[Mapping[str, str]] = {}
    profile: ClassVar[ProfileName] = "fast"

    def make(self, f: int) -> Any:  # noqa: ANN401 - anything that `check_defense` takes
        """Return the defense that withstands f byzantine updates."""
        raise NotImplementedError

    def factory(self) -> Callable[[int], Any]:
        """Return `make` as a function of f."""

        def made(f: int) -> Any:  # noqa: ANN401 - as in `make`
            return self.make(f)

        made.__name__ = made.__qualname__ = type(self).__name__
        return made

    @pytest.mark.parametrize("check", [check.name for check in ALL_CHECKS])
    def test_check(self, check: str) -> None:
        """Hold the defense to one rule."""
        require_checks(self.expected_failures)
        reason = self.expected_failures.get(check)
        tests: Any = type(self)
        subject = _subject(tests)
        if reason is None:
            _make(check, subject, self.profile)
            return
        with pytest.raises(CheckFailed):
            _make(check, subject, self.profile)
        pytest.xfail(reason)
