"""What never returns, or is far too slow, ends in a result; alarms are given back."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.testing import CheckFailed, Profile, Tags, check_defense, replay
from bcfl_plugins.testing.subjects.patience import Patience, TookTooLong, within
from tests.unit.bcfl_plugins.testing import small_defenses

BRIEF = Profile("brief", examples=40, rounds=20, seconds=0.3)


def spin(_updates: object = None, _f: int = 0) -> Any:
    while True:
        pass


def spins_when_attacked(updates: np.ndarray, f: int) -> np.ndarray:
    if np.abs(updates).max(initial=0) > 1e5:
        spin()
    return small_defenses.trimmed(updates, f)


def swallows(updates: np.ndarray, f: int) -> np.ndarray:
    while np.abs(updates).max(initial=0) > 1e5:
        try:
            spin()
        except Exception:  # noqa: BLE001 - that is the point
            continue
    return small_defenses.trimmed(updates, f)


def dawdles(updates: np.ndarray, f: int) -> np.ndarray:
    until = time.perf_counter() + 0.02
    while np.abs(updates).max(initial=0) > 1e5 and time.perf_counter() < until:
        pass
    return small_defenses.trimmed(updates, f)


@pytest.mark.parametrize("rule", [spins_when_attacked, swallows])
@pytest.mark.slow
def test_a_rule_that_loops_under_attack_fails_with_the_round(rule: object) -> None:
    order, bounded = check_defense(rule, profile=BRIEF, checks=["deterministic", "bounded"])
    assert order.status == "failed"
    assert bounded.counterexample is not None
    assert "took longer than 0.3 s: this round alone" in bounded.counterexample.problem
    assert np.abs(bounded.counterexample.case.byzantine).max() > 1e5
    assert "Bound its iterations" in bounded.fix
    assert 'replay("bounded"' in bounded.regression


def test_a_rule_that_always_loops_fails_at_once() -> None:
    results = check_defense(spin, Tags(max_byzantine=lambda _: 0), profile=BRIEF)
    failed = {result.name: result for result in results if result.status == "failed"}
    assert set(failed) == {"answers", "refuses"}
    assert "It takes too long" in failed["answers"].text()


@pytest.mark.slow
def test_a_rule_that_is_slow_says_how_far_it_came() -> None:
    brief = Profile("brief", examples=400, rounds=20, seconds=1.0)
    (result,) = check_defense(dawdles, profile=brief, checks=["bounded"])
    assert result.status == "failed"
    assert f"{result.examples} rounds, of which this is one" in result.text()
    assert result.regression == ""


def test_a_failure_that_is_not_shrunk_in_time_is_told() -> None:
    attacks = itertools.count()

    def breaks(updates: np.ndarray, f: int) -> np.ndarray:  # and loops while that is shrunk
        if np.abs(updates).max(initial=0) <= 1e5:
            return small_defenses.trimmed(updates, f)
        return updates.mean(axis=0) if next(attacks) < 1 else spin()

    (result,) = check_defense(breaks, profile=BRIEF, checks=["bounded"])
    assert result.status == "failed"
    assert "The time was over before it was the smallest round." in result.text()


def test_a_replay_is_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(replay.__globals__["PROFILES"], "fast", BRIEF)
    (result,) = check_defense(spins_when_attacked, profile=BRIEF, checks=["bounded"])
    assert result.counterexample is not None
    with pytest.raises(CheckFailed, match=r"It took longer than 0\.3 s"):
        replay("bounded", spins_when_attacked, result.counterexample.case)


def test_alarms_are_given_back_and_those_of_others_still_come() -> None:
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    outer = signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(TookTooLong):
            within(0.3, spin)
        assert rung
        within(0.3, lambda _: None)
        signal.setitimer(signal.ITIMER_REAL, 40)
        within(0.3, lambda _: None)
        assert 30 < signal.getitimer(signal.ITIMER_REAL)[0] <= 40
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *outer)


def test_outside_of_the_main_thread_the_time_is_looked_at_between_rounds() -> None:
    found: list[Any] = []
    brief = Profile("brief", examples=400, rounds=20, seconds=0.2)
    work = threading.Thread(
        target=lambda: found.extend(check_defense(dawdles, profile=brief, checks=["bounded"]))
    )
    work.start()
    work.join()
    assert found[0].status == "failed"


def test_patience_ends() -> None:
    patience = Patience(2.0, ticking=True)
    patience.tick(1.0)
    patience.look()
    patience.tick(1.0)
    with pytest.raises(TookTooLong):
        patience.look()
