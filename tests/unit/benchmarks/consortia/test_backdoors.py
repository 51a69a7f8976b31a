"""The table of backdoors: what the attackers do, and what the page says of it."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from benchmarks.consortia import backdoors
from benchmarks.consortia.backdoors import FEDAVG, RULES, WHO, Cell, page, verdict
from benchmarks.consortia.poisoned import KINDS, F, Held, N, Named, Poisoned, layers
from benchmarks.fairness.simulation import SIZE, digits, losses

SEED = 5
"""None of those of the page."""


@pytest.mark.parametrize("kind", ["pixel", "distributed", "edge_case", "semantic", "a3fl"])
def test_the_average_lets_backdoors_in(kind: str) -> None:
    accuracy, success = Cell(FEDAVG, kind, SEED).run()
    clean, without = Cell(FEDAVG, "none", SEED).run()
    assert success > 20.0
    assert accuracy > clean - 8.0
    assert without < 15.0


def test_a_fitted_patch_needs_no_attacker_for_a_part_of_its_success() -> None:
    alone = Cell(FEDAVG, f"{backdoors.ALONE}a3fl", SEED).run()[1]
    assert 20.0 < alone < Cell(FEDAVG, "a3fl", SEED).run()[1]


def test_the_oracle_hears_no_attacker() -> None:
    accuracy, success = Cell(backdoors.ORACLE, "pixel", SEED).run()
    assert success < 10.0
    assert accuracy > Cell(FEDAVG, "none", SEED).run()[0] - 4.0


def test_a_rule_that_inspects_keeps_the_pixel_out() -> None:
    accuracy, success = Cell("alignins", "pixel", SEED).run()
    assert success < 15.0
    assert accuracy > 80.0


def test_only_the_last_four_are_poisoned_and_on_off_pauses() -> None:
    for kind in KINDS:
        one, clean = Poisoned(kind, SEED), Poisoned("none", SEED)
        one._updates(0.1 * np.ones(SIZE), 8)
        same = [
            np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
            for a, b in zip(one.data, clean.data, strict=True)
        ]
        assert same == [True] * (N - F) + [False] * F, kind
    paused = Poisoned("on_off", SEED)
    paused._updates(0.1 * np.ones(SIZE), 3)
    assert all(a is b for (a, _), (b, _) in zip(paused.data, paused._clean, strict=True))


def test_the_attackers_model_is_the_federations() -> None:
    model = 0.2 * np.random.default_rng(0).normal(size=SIZE)
    x, y = digits()
    x, y = x[:6], y[:6]
    slope, way = Held(model).gradient(x, y), np.random.default_rng(1).normal(size=x.shape)
    ends = [losses(model, x + step * way, y) for step in (1e-6, -1e-6)]
    np.testing.assert_allclose((ends[0] - ends[1]) / 2e-6, (slope * way).sum(axis=1), rtol=1e-4)
    assert losses(Held(model).trained(x, y).parameters(), x, y).mean() < losses(model, x, y).mean()


def test_rules_see_the_arrays_of_the_model() -> None:
    one = Poisoned("none", SEED)
    one.model = np.random.default_rng(0).normal(size=SIZE)
    updates = np.random.default_rng(1).normal(size=(N, SIZE))
    found = Named(create_rule("alignins"), one).aggregate(updates, Extras(ids=range(N)))
    direct = create_rule("alignins").aggregate(
        updates + one.model, Extras(ids=range(N), reference=one.model)
    )
    assert found.decision.kept.tolist() == direct.decision.kept.tolist()
    np.testing.assert_allclose(found.value, direct.value - one.model, atol=1e-9)
    assert [array.shape for array in layers(updates[0]).values()] == [
        (64, 32), (32,), (32, 10), (10,),
    ]  # fmt: skip


def test_the_page_says_where_the_bar_is_missed() -> None:
    seeds = range(2)
    found = {cell.key: (90.0, 10.0) for cell in backdoors.cells(seeds)}
    for seed in seeds:
        found[Cell("mesas", "iba", seed).key] = (90.0, 16.0)
        found[Cell("lasa", "pixel", seed).key] = (88.0, 0.0)
    said = verdict(found, seeds)
    assert f"- default: met for {len(KINDS)} of {len(KINDS)} kinds." in said
    assert f"- mesas: met for {len(KINDS) - 1} of {len(KINDS)} kinds; over 15 % work: iba." in said
    assert "over 1 point of accuracy lost: pixel." in said
    text = page(found, seeds)
    assert "**90.0 / 10**" in text
    assert "| none | 90.0 / 10 |" in text
    assert "they work in 10 and 10 %" in text
    assert set(RULES) <= set(WHO)
    assert not set(backdoors.HELD_OUT) & set(backdoors.TUNING)
