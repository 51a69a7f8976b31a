"""The kit catches what people get wrong: each planted bug breaks a rule that the kit checks."""

from __future__ import annotations

import pytest

from bcfl_plugins.defenses import registry
from bcfl_plugins.testing import Profile, check_defense
from tests.mutations.bugs import BUGS
from tests.mutations.planting import Bug, planted

NAMES = [bug.name for bug in BUGS]


def failed(defense: object, profile: object, checks: list[str] | None = None) -> set[str]:
    results = check_defense(defense, profile=profile, checks=checks)
    return {result.name for result in results if result.status == "failed"}


def test_the_list_is_long_and_every_bug_is_another() -> None:
    assert len(BUGS) >= 30
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("bug", BUGS, ids=NAMES)
def test_the_bug_is_caught_by_the_check_that_is_made_for_it(bug: Bug) -> None:
    quick = Profile("quick", examples=80, rounds=30)
    with planted(bug) as defense:
        assert failed(defense, quick, [bug.caught_by]) == {bug.caught_by}


@pytest.mark.parametrize("bug", BUGS, ids=NAMES)
def test_without_the_bug_that_check_passes(bug: Bug) -> None:
    quick = Profile("quick", examples=80, rounds=30)
    assert failed(registry.create_rule(bug.rule), quick, [bug.caught_by]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=NAMES)
def test_the_fast_profile_as_a_whole_catches_it(bug: Bug) -> None:
    with planted(bug) as defense:
        assert bug.caught_by in failed(defense, "fast")
