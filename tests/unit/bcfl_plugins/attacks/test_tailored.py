"""Attacks against a given defense do more harm than those that do not look at it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.attacks.search import largest, maximise
from bcfl_plugins.attacks.tailored import deviation, outcome
from bcfl_plugins.defenses import registry
from bcfl_plugins.defenses.base import Extras


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_largest_finds_the_edge() -> None:
    assert largest(lambda step: step <= 0.3, 1.0, 30) == pytest.approx(0.3, abs=1e-8)
    assert largest(lambda step: True, 5.0) == 5.0
    assert largest(lambda step: False, 5.0) == 0.0


@pytest.mark.parametrize("peak", [0.0, 0.3, 3.0, 40.0])
def test_maximise_finds_one_peak(peak: float) -> None:
    seen = []

    def score(step: float) -> float:
        seen.append(step)
        return -abs(step - peak)

    found = maximise(score, 40)
    assert found == pytest.approx(peak, abs=0.05 * max(peak, 1.0))
    assert len(seen) == 40
    assert min(seen) >= 0.0


@pytest.mark.parametrize(("optimal", "plain"), [("optimal_ipm", "ipm"), ("optimal_alie", "alie")])
@pytest.mark.parametrize("rule", ["middle", "nearest"])
def test_optimal_is_at_least_as_bad_as_the_default(
    request: Any, honest: Any, optimal: str, plain: str, rule: str
) -> None:
    defense = request.getfixturevalue(rule)
    best = attacks.create_attack(optimal, defense=defense).craft(honest, 4, rng=rng())
    usual = attacks.create_attack(plain).craft(honest, 4, rng=rng())
    assert deviation(defense, honest, best) >= deviation(defense, honest, usual) - 1e-9


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_adaptive_is_kept_and_can_hardly_go_farther(
    nearest: Any, honest: Any, noise: float
) -> None:
    sent = attacks.create_attack("adaptive", defense=nearest, noise=noise).craft(
        honest, 4, rng=rng()
    )
    assert outcome(nearest, honest, sent).decision.kept[16:].all()
    moved = sent - honest.mean(axis=0)
    centre = honest.mean(axis=0)
    farther = sent - 0.01 * np.linalg.norm(moved, axis=1).max() * centre / np.linalg.norm(centre)
    assert not outcome(nearest, honest, farther).decision.kept[16:].all()
    assert (moved @ centre < 0).all()


def test_adaptive_against_a_rule_that_does_not_select_does_harm(middle: Any, honest: Any) -> None:
    sent = attacks.create_attack("adaptive", defense=middle, direction="std").craft(
        honest, 6, rng=rng()
    )
    none = np.tile(honest.mean(axis=0), (6, 1))
    assert deviation(middle, honest, sent) > 3 * deviation(middle, honest, none)


def test_framing_has_the_target_rejected_that_was_kept(nearest: Any, honest: Any) -> None:
    rows = honest.copy()
    rows[2] += 0.5
    alone = nearest.aggregate(rows, outcome_extras(16))
    assert alone.decision.kept[2]
    sent = attacks.create_attack("framing", target=2, defense=nearest).craft(rows, 6, rng=rng())
    decision = outcome(nearest, rows, sent).decision
    assert not decision.kept[2]
    assert decision.kept[16:].all()
    blind = attacks.create_attack("framing", target=2).craft(rows, 6, rng=rng())
    np.testing.assert_allclose(blind[0], np.delete(rows, 2, axis=0).mean(axis=0))


def outcome_extras(n: int) -> Any:
    return Extras(ids=tuple(range(n)), trusted=np.zeros(40))


def test_framing_refuses_a_target_that_is_not_there(honest: Any) -> None:
    with pytest.raises(ValueError, match="target"):
        attacks.create_attack("framing", target=16).craft(honest, 2, rng=rng())


@pytest.mark.parametrize("name", ["krum", "multikrum", "dnc", "nnm+trimmed_mean", "median"])
def test_adaptive_does_more_harm_than_inner_products_to_the_rules_that_we_ship(name: str) -> None:
    rows = np.random.default_rng(0).normal(0.2, 1.0, (16, 200))
    rule = registry.create_rule(name, f=4)
    adaptive = attacks.create_attack("adaptive", defense=rule).craft(rows, 4, rng=rng())
    plain = attacks.create_attack("ipm").craft(rows, 4, rng=rng())
    assert deviation(rule, rows, adaptive) > deviation(rule, rows, plain)
