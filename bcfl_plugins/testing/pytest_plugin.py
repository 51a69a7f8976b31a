"""The pytest option ``--bcfl-defense mypkg:MyDefense``: every check of the kit as a test.

pytest loads this file in every run where the package is installed, so it imports nothing of the
kit before the option is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.testing.subjects.subject import Subject
    from bcfl_plugins.testing.subjects.tags import ProfileName


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("bcfl", "property tests of federated defenses")
    group.addoption(
        "--bcfl-defense",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="hold this defense to every rule of bcfl_plugins.testing; may be repeated",
    )
    group.addoption(
        "--bcfl-profile",
        choices=("fast", "thorough"),
        default="fast",
        help="how hard to try (default: fast)",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one test for each named defense and each check."""
    for target in config.getoption("bcfl_defense"):
        collector = DefenseCollector.from_parent(session, name=target, nodeid=target)
        items.extend(collector.collect())


class DefenseCollector(pytest.Collector):
    """The checks of one defense."""

    def collect(self) -> Iterator[CheckItem]:
        """Load the defense and list the checks that apply to it."""
        from bcfl_plugins.testing.checks import ALL_CHECKS  # noqa: PLC0415 (loads hypothesis)
        from bcfl_plugins.testing.search.engine import applies  # noqa: PLC0415
        from bcfl_plugins.testing.subjects.loading import load_target, target_source  # noqa: PLC0415
        from bcfl_plugins.testing.subjects.subject import subject_of  # noqa: PLC0415

        here = str(self.config.invocation_params.dir)
        if here not in sys.path:
            sys.path.insert(0, here)
        obj = load_target(self.name)
        subject = subject_of(obj, source=target_source(self.name, obj))
        for check in ALL_CHECKS:
            if not applies(check, subject):
                item = CheckItem.from_parent(self, name=check.name)
                item.subject = subject
                yield item


class CheckItem(pytest.Item):
    """One check of one defense."""

    subject: Subject

    def runtest(self) -> None:
        """Make the check."""
        from bcfl_plugins.testing.checks import BY_NAME  # noqa: PLC0415 (loads hypothesis)
        from bcfl_plugins.testing.errors import CheckFailed  # noqa: PLC0415
        from bcfl_plugins.testing.search.engine import run_check  # noqa: PLC0415
        from bcfl_plugins.testing.subjects.tags import PROFILES  # noqa: PLC0415

        profile = cast("ProfileName", self.config.getoption("bcfl_profile"))
        result = run_check(BY_NAME[self.name], self.subject, PROFILES[profile])
        if result.status == "failed":
            raise CheckFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """Return the result's text: a trace through the kit helps nobody."""
        from bcfl_plugins.testing.errors import CheckFailed  # noqa: PLC0415

        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        """Return where the test is and what it is called."""
        assert self.parent is not None  # noqa: S101 - `from_parent` gave it one
        return self.parent.name, None, f"{self.parent.name}: {self.name}"
