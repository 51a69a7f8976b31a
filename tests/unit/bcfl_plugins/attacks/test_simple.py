"""Attacks that need no statistics, against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcfl_plugins import attacks
from bcfl_plugins.attacks import create_attack
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def craft(name: str, honest: Any, count: int = 4, **settings: Any) -> Any:
    return attacks.create_attack(name, **settings).craft(honest, count, rng=rng())


def test_sign_flip_and_scaling_act_on_the_own_update(honest: Any) -> None:
    own = honest[:2]
    for name, factor in (("sign_flip", -1.0), ("scaling", 10.0), ("none", 1.0)):
        sent = attacks.create_attack(name).craft(honest, 2, rng=rng(), own=own)
        np.testing.assert_array_equal(sent, factor * own)
    np.testing.assert_allclose(craft("sign_flip", honest), -np.tile(honest.mean(0), (4, 1)))


def test_free_riders(honest: Any) -> None:
    last = honest.mean(axis=0)
    for kind in ("zero", "repeat", "disguised"):
        rider = attacks.create_attack("free_rider", kind=kind)
        assert rider.repeats == "aggregate"
        assert not rider.craft(honest, 3, rng=rng()).any()
        sent = rider.craft(honest, 3, rng=rng(), previous=last)
        if kind == "disguised":
            off = np.linalg.norm(sent - last, axis=1) / np.linalg.norm(last)
            assert (np.abs(off - 0.1) < 0.05).all()
            assert not np.array_equal(sent[0], sent[1])
        else:
            np.testing.assert_array_equal(sent[2], 0.0 * last if kind == "zero" else last)


def test_replay_sends_the_earlier_update(honest: Any) -> None:
    replay = attacks.create_attack("replay")
    assert replay.repeats == "own"
    sent = replay.craft(honest, 2, rng=rng(), own=honest[:2], previous=honest[5:7])
    np.testing.assert_array_equal(sent, honest[5:7])
    first = replay.craft(honest, 2, rng=rng(), own=honest[:2])
    np.testing.assert_array_equal(first, honest[:2])


def test_non_finite_strikes_the_share_that_is_asked_for(honest: Any) -> None:
    sent = craft("non_finite", honest, share=0.25)
    assert (np.isnan(sent).sum(axis=1) == 10).all()
    assert np.isneginf(craft("non_finite", honest, value="-inf")).all()
    assert (np.isposinf(craft("non_finite", honest, value="inf", share=1e-9)).sum(1) == 1).all()


def test_overflow_is_finite_in_every_dtype(honest: Any) -> None:
    for dtype in (np.float16, np.float32, np.float64):
        sent = craft("overflow", honest.astype(dtype))
        assert np.isfinite(sent).all()
        assert (np.abs(sent) == np.finfo(dtype).max).all()
        assert ((sent > 0) == (honest.mean(axis=0).astype(dtype) <= 0)).all()
    assert np.abs(craft("overflow", honest, magnitude=1e30)).max() == 1e30


def test_a_tuned_free_rider_is_as_long_and_as_aligned_as_the_honest() -> None:
    rng = np.random.default_rng(0)
    way = rng.normal(size=400)
    honest = way + 1.5 * rng.normal(size=(12, 400))
    before = way + 0.1 * rng.normal(size=400)
    sent = create_attack("tuned_free_rider").craft(honest, 3, rng=rng, previous=before)
    np.testing.assert_allclose(
        np.linalg.norm(sent, axis=1), np.median(np.linalg.norm(honest, axis=1))
    )
    unit = honest / np.linalg.norm(honest, axis=1, keepdims=True)
    others = honest.sum(axis=0) - honest
    usual = np.median((unit * others).sum(axis=1) / np.linalg.norm(others, axis=1))
    cosines = sent @ before / np.linalg.norm(sent, axis=1) / np.linalg.norm(before)
    np.testing.assert_allclose(cosines, usual)
    assert not np.allclose(sent[0], sent[1])
    fixed = create_attack("tuned_free_rider", cosine=1.0).craft(honest, 2, rng=rng, previous=before)
    np.testing.assert_allclose(fixed[0], fixed[1])


def test_the_default_keeps_a_tuned_free_rider() -> None:
    """What it is there to show: nothing in an update tells it from work."""
    attack, kept = create_attack("tuned_free_rider"), 0
    rule, state, before = create_rule("cluster_guard"), None, None
    way = np.random.default_rng(1).normal(size=300)
    for number in range(8):
        rng = np.random.default_rng([number, 2])
        honest = way + rng.normal(size=(9, 300))
        bad = attack.craft(honest, 1, rng=rng, previous=before)
        found = rule.aggregate(np.concatenate([honest, bad]), Extras(ids=range(10), state=state))
        state, before = found.state, found.value
        kept += bool(found.decision.kept[9])
    assert kept >= 7
