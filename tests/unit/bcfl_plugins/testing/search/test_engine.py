"""Other seeds, other rounds, the same verdicts; `scripts/kit/seeds.py` does it for all rules."""

from __future__ import annotations

import pytest

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.testing import Profile, check_defense
from tests.unit.bcfl_plugins.testing import small_defenses


def verdicts(obj: object, seed: int | None) -> dict[str, str]:
    profile = Profile("seeded", examples=24, rounds=20, seed=seed)
    return {result.name: result.status for result in check_defense(obj, profile=profile)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "obj", [create_rule("multikrum"), small_defenses.trimmed], ids=["multikrum", "trimmed"]
)
def test_three_seeds_agree(obj: object) -> None:
    usual = verdicts(obj, None)
    assert [verdicts(obj, seed) for seed in range(3)] == [usual] * 3


def test_the_same_seed_tries_the_same_rounds() -> None:
    one, two = (
        check_defense(
            small_defenses.mean, profile=Profile("seeded", 24, 20, seed=7), checks=["bounded"]
        )
        for _ in range(2)
    )
    assert one[0].text() == two[0].text()
    assert one[0].examples == two[0].examples
