"""Rules ask for no more of a round than they read, and get what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.batch import batch_of
from bcfl_plugins.defenses.parts.points import norms
from bcfl_plugins.defenses.registry import create_rule, rule_names
from bcfl_plugins.defenses.rules.pre import Composed

if TYPE_CHECKING:
    from bcfl_plugins.defenses.core.batch import Needs

NORMS = [name for name in rule_names() if create_rule(name).needs == "norms"]


def updates(n: int = 11) -> np.ndarray:
    x = np.random.default_rng(4).standard_normal((n, 9000), dtype=np.float32)
    return x * np.linspace(0.5, 3.0, n, dtype=np.float32)[:, None]


def test_the_rules_that_read_lengths_ask_for_no_inner_products() -> None:
    assert {"cluster_guard", "norm_clipping", "arc", "fltrust", "signguard"} <= set(NORMS)


@pytest.mark.parametrize("name", NORMS)
def test_inner_products_would_tell_them_nothing_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, x = create_rule(name), updates()
    extras = Extras(ids=range(11), trusted=x.mean(axis=0))
    few = rule.aggregate(x, extras)
    monkeypatch.setattr(type(rule), "needs", "gram")
    many = rule.aggregate(x, extras)
    assert np.array_equal(few.decision.kept, many.decision.kept)
    assert np.allclose(few.decision.weights, many.decision.weights, rtol=1e-6)
    assert np.allclose(few.value, many.value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("norm_clipping+mean", "norms"),
        ("arc+median", "norms"),
        ("bucketing+mean", "rows"),
        ("bucketing+median", "rows"),
        ("bucketing+norm_clipping", "gram"),
        ("arc+krum", "gram"),
        ("nnm+mean", "gram"),
        ("arc+nnm+mean", "gram"),
        ("bucketing+arc+mean", "gram"),
    ],
)
def test_norms_of_points_come_of_inner_products(name: str, needs: Needs) -> None:
    assert create_rule(name, f=1).needs == needs


@pytest.mark.parametrize("pre", ["nnm", "bucketing", "norm_clipping", "arc"])
@pytest.mark.parametrize("last", ["norm_clipping", "arc", "signguard"])
def test_a_rule_behind_another_reads_the_norms_of_its_points(pre: str, last: str) -> None:
    rule, x = create_rule(f"{pre}+{last}", f=1), updates()
    assert isinstance(rule, Composed)
    extras = Extras(ids=range(11))
    rows, found = rule.measured(x, extras)
    points = rule.pre.mix(batch_of(rule, found, extras, rows))
    assert points.mix is not None
    assert np.allclose(norms(points), np.linalg.norm(points.mix @ x, axis=1), rtol=1e-5)
