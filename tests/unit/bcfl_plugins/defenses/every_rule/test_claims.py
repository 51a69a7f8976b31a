"""Every rule of ours keeps all that it claims."""

from __future__ import annotations

import pytest

from bcfl_plugins.defenses.registry import ALL_RULES, create_rule
from bcfl_plugins.testing import Profile, check_defense
from tests.slow import slow_but

QUICK = Profile("quick", examples=1, rounds=20)
"""Four rounds with each kind of attack, and all fixed ones."""

SOON = ("median", "multikrum", "foolsgold", "bucketing+median")
COMPOSED = ("nnm+trimmed_mean", "bucketing+median", "arc+geometric_median", "nnm+krum")


def broken(name: str, profile: object) -> list[str]:
    results = check_defense(create_rule(name), profile=profile)
    assert any(result.status == "passed" for result in results)
    return [f"{r.name}: {r.text()}" for r in results if r.status == "failed"]


@pytest.mark.parametrize("name", slow_but(SOON, [*ALL_RULES, *COMPOSED]))
@pytest.mark.slow
def test_a_rule_keeps_what_it_claims(name: str) -> None:
    assert broken(name, QUICK) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ALL_RULES, *COMPOSED])
def test_it_does_so_in_the_fast_profile(name: str) -> None:
    assert broken(name, "fast") == []
