"""Rules by name, and what is said when a name or a setting is wrong."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Defense, Extras
from bcfl_plugins.defenses.registry import (
    ALIASES,
    ALL_RULES,
    create_rule,
    pre_aggregator_names,
    rule_names,
    selecting_rule_names,
    setting_names,
)
from bcfl_plugins.defenses.rules.krum import MultiKrum
from bcfl_plugins.errors import ConfigError

DOCUMENTED = """
    mean median trimmed_mean meamed krum multikrum bulyan geometric_median centered_clipping
    norm_clipping arc nnm bucketing mda smea caf monna dnc foolsgold fltrust flame signguard rflbat
    contra fldetector clipped_clustering secured_style cluster_guard
"""


def test_every_documented_rule_is_here_under_its_own_name() -> None:
    assert set(DOCUMENTED.split()) <= set(rule_names())
    for name in rule_names():
        rule = create_rule(name)
        assert isinstance(rule, Defense)
        assert rule.name == name
        assert rule.paper
        assert rule.__doc__


@pytest.mark.parametrize("name", ALL_RULES)
def test_the_defaults_need_no_tuning(name: str) -> None:
    updates = np.random.default_rng(0).normal(0.5, 1.0, size=(12, 40))
    extras = Extras(ids=list(range(12)), trusted=updates.mean(axis=0))
    found = create_rule(name).aggregate(updates, extras)
    assert found.value.shape == (40,)
    assert np.isfinite(found.value).all()


@pytest.mark.parametrize("name", ALL_RULES)
def test_a_rule_is_a_frozen_value(name: str) -> None:
    rule = create_rule(name)
    assert rule == create_rule(name)
    with pytest.raises(FrozenInstanceError):
        rule.f = 3  # type: ignore[misc]


@pytest.mark.parametrize("name", ALL_RULES)
def test_every_setting_can_be_given_by_its_name(name: str) -> None:
    rule = create_rule(name)
    assert set(setting_names(name)) == {field.name for field in fields(rule)} - {"f"}
    assert create_rule(name, **rule.settings()) == rule


def test_settings_and_f_reach_the_rule() -> None:
    assert create_rule("multikrum", f=3, keep=2) == MultiKrum(f=3, keep=2)
    assert create_rule("flame", noise=1).settings()["noise"] == 1
    assert create_rule("krum", f=None).f is None


def test_aliases_are_the_same_rules() -> None:
    for alias, name in ALIASES.items():
        assert create_rule(alias) == create_rule(name)


def test_pre_aggregators_come_before_from_left_to_right() -> None:
    rule = create_rule("bucketing+nnm+cwtm", f=2, size=3)
    assert rule.name == "bucketing+nnm+trimmed_mean"
    assert rule.f == 2
    assert create_rule(" nnm + cwtm ") == create_rule("nnm+trimmed_mean")
    updates = np.random.default_rng(1).normal(size=(15, 10))
    one = create_rule("bucketing+nnm+median", f=2).aggregate(updates)
    other = create_rule("nnm+bucketing+median", f=2).aggregate(updates)
    assert not np.allclose(one.value, other.value)
    assert {"nnm", "bucketing"} <= set(pre_aggregator_names())


def test_selecting_rules_say_so_and_need_no_data_of_the_server() -> None:
    assert {"krum", "multikrum", "flame", "signguard"} <= set(selecting_rule_names())
    assert not {"median", "fltrust", "monna", "centered_clipping"} & set(selecting_rule_names())


@pytest.mark.parametrize(
    ("method", "settings", "said"),
    [
        ("medain", {}, "there is no rule 'medain'; did you mean 'median'"),
        ("nnm+cwmt", {}, "no rule 'cwmt'; did you mean 'cwtm'"),
        ("xyzzy", {}, "known: alignins, arc"),
        ("", {}, "there is no rule ''"),
        ("nnm+", {}, "there is no rule ''"),
        ("krum+nnm", {}, "krum in 'krum\\+nnm' cannot stand before another rule"),
        ("flame", {"nosie": 0.1}, "flame has no setting 'nosie'; did you mean 'noise'"),
        ("krum", {"colour": 1}, "krum has no setting 'colour'; it takes f"),
        ("flame", {"noise": "0.1"}, "noise of flame is '0.1' \\(str\\); it must be of type float"),
        ("flame", {"noise": True}, "must be of type float"),
        ("krum", {"f": 1.5}, "f of krum is 1.5 \\(float\\); it must be of type int"),
        ("flame", {"noise": -0.5}, "flame: noise: it is -0.5; it must be at least 0"),
        ("foolsgold", {"memory": None}, "memory of foolsgold is None"),
        ("contra", {"threshold": 2.0}, "it must be from 0 to 1"),
    ],
)
def test_what_is_wrong_is_said(method: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        create_rule(method, **settings)


def test_an_unknown_method_has_no_settings() -> None:
    with pytest.raises(ConfigError, match="did you mean 'flame'"):
        setting_names("flamee")
    assert setting_names("nnm+flame") == ("noise", "seed")
