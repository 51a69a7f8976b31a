"""Each attack against its definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.attacks.statistics import covered
from bcfl_plugins.errors import BadUpdates


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


def test_ipm_and_alie(honest: Any) -> None:
    mean, std = honest.mean(axis=0), honest.std(axis=0)
    np.testing.assert_allclose(craft("ipm", honest)[0], -0.1 * mean)
    np.testing.assert_allclose(craft("alie", honest)[3], mean - 1.5 * std)
    np.testing.assert_allclose(craft("alie", honest, z=None)[0], mean - covered(16, 4) * std)


def test_alie_s_z_is_the_paper_s() -> None:
    # n = 50, f = 24 of the paper: s = 2, z = Phi^-1(24 / 26) = 1.426
    assert covered(26, 24) == pytest.approx(1.426, abs=1e-3)
    assert covered(16, 4) == pytest.approx(0.157, abs=1e-3)
    assert covered(1, 5) == pytest.approx(4.753, abs=1e-3)


@pytest.mark.parametrize("direction", ["std", "sign", "unit"])
def test_min_max_goes_exactly_to_its_bound(honest: Any, direction: str) -> None:
    far = max(np.linalg.norm(a - b) for a in honest for b in honest)
    sent = craft("min_max", honest, direction=direction)
    assert max(np.linalg.norm(sent[0] - row) for row in honest) == pytest.approx(far)
    assert (sent == sent[0]).all()


@pytest.mark.parametrize("direction", ["std", "sign", "unit"])
def test_min_sum_goes_exactly_to_its_bound(honest: Any, direction: str) -> None:
    sums = [sum(np.sum((a - b) ** 2) for b in honest) for a in honest]
    sent = craft("min_sum", honest, direction=direction)
    assert sum(np.sum((sent[0] - row) ** 2) for row in honest) == pytest.approx(max(sums))


def cosine(a: Any, b: Any) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_noisy_min_max_keeps_both_bounds_with_different_sybils(honest: Any) -> None:
    sent = craft("noisy_min_max", honest)
    far = max(np.linalg.norm(a - b) for a in honest for b in honest)
    low = min(cosine(a, b) for a in honest for b in honest)
    assert max(np.linalg.norm(a - b) for a in sent for b in honest) <= far * (1 + 1e-9)
    assert min(cosine(a, b) for a in sent for b in honest) >= low - 1e-9
    spread = np.sqrt(np.square(honest - honest.mean(0)).sum(1).mean())
    gap = np.linalg.norm(sent[0] - sent[1])
    assert gap > 0.3 * spread
    moved = sent.mean(axis=0) - honest.mean(axis=0)
    assert moved @ -honest.std(axis=0) > 0.0


def test_mimic_copies_the_most_extreme_honest_node() -> None:
    rows = rng(5).normal(size=(9, 6))
    rows[4, 2] += 30.0
    np.testing.assert_array_equal(craft("mimic", rows)[1], rows[4])
    np.testing.assert_array_equal(craft("mimic", rows, target=7)[0], rows[7])
    with pytest.raises(BadUpdates):
        craft("mimic", rows, target=9)


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


@pytest.mark.parametrize("count", [1, 4, 5])
def test_sybils_are_copies_or_differ_by_noise_that_cancels(honest: Any, count: int) -> None:
    copies = craft("sybil", honest, count, base="min_max")
    np.testing.assert_array_equal(copies, np.tile(copies[0], (count, 1)))
    noisy = craft("sybil", honest, count, base="min_max", noise=0.5)
    assert len(np.unique(noisy, axis=0)) == count
    even = count // 2 * 2
    if even:
        np.testing.assert_allclose(noisy[:even].mean(axis=0), copies[0])
    spread = np.sqrt(np.square(honest - honest.mean(0)).sum(1).mean())
    np.testing.assert_allclose(np.linalg.norm(noisy - copies, axis=1), 0.5 * spread)


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


def test_on_off_attacks_in_the_last_rounds_of_each_period(honest: Any) -> None:
    attack = attacks.create_attack("on_off", base="scaling", period=4, on=2)
    own, attacked = honest[:1], []
    for server_round in range(1, 9):
        sent = attack.craft(honest, 1, rng=rng(), own=own, server_round=server_round)
        attacked.append(not np.array_equal(sent, own))
    assert attacked == [False, False, True, True] * 2


def longest_link(rows: Any) -> float:
    gaps = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min(axis=1).max())


def test_the_euclidean_chain_has_links_as_long_as_the_honest_ones(honest: Any) -> None:
    sent = craft("chain", honest, metric="euclidean")
    push = -honest.mean(axis=0)
    edge = honest[(honest @ push).argmax()]
    steps = np.linalg.norm(np.diff(np.vstack([edge, sent]), axis=0), axis=1)
    np.testing.assert_allclose(steps, longest_link(honest))
    assert (np.diff(np.vstack([edge, sent]) @ push) > 0).all()


def test_the_cosine_chain_turns_away_in_links_as_long_as_the_honest_ones() -> None:
    rows = rng(8).normal(1.0, 0.3, (16, 40))
    sent = craft("chain", rows)
    rays = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    centre = rows.mean(axis=0)
    edge = rays[(rays @ centre).argmin()]
    mine = sent / np.linalg.norm(sent, axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(np.vstack([edge, mine]), axis=0), axis=1)
    np.testing.assert_allclose(steps, longest_link(rays), rtol=1e-9)
    assert (np.diff(np.vstack([edge, mine]) @ centre) < 0).all()
    np.testing.assert_allclose(
        np.linalg.norm(sent, axis=1), np.median(np.linalg.norm(rows, axis=1))
    )


def test_the_cosine_chain_stops_opposite_to_the_mean() -> None:
    rows = rng(8).normal(1.0, 0.3, (16, 40))
    sent = craft("chain", rows, 200)
    assert cosine(sent[-1], rows.mean(axis=0)) == pytest.approx(-1.0)
