"""The economics: money is conserved, samples are what the runtime does, the page's claims hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bcfl_plugins.evidence import EvidenceSettings
from benchmarks.economics.experiments import (
    RECOMMENDED,
    least_losing,
    most_bearable,
    needed_gain,
    variants,
)
from benchmarks.economics.judges import Disputes, Evidence
from benchmarks.economics.model import Estimate, Kind, Result, Setting, measure, sample
from benchmarks.economics.replay import replay
from benchmarks.economics.stories import run_stories
from benchmarks.economics.table import (
    ACCEPT,
    EXCLUDE,
    LAPSED,
    MOVES,
    REJECT,
    UPHELD,
    Table,
    read_leaving,
    read_table,
)
from pallet_bridge.types import UNIT

STAYERS = (Kind.PERSISTENT, Kind.ONE_STREAK, Kind.RENEWING)


@pytest.fixture(scope="module")
def table() -> Table:
    return read_table(RECOMMENDED)


@pytest.fixture(scope="module")
def short() -> Table:
    """One strike is an offence, and each costs the same: two records, with all moves."""
    terms = replace(variants()["`strikes_to_slash` 1"], strike_decay_rounds=1)
    slash = replace(terms.slash, outlier_base=terms.slash.cap)
    return read_table(replace(terms, slash=slash), MOVES)


def cell(kind: Kind, detect: float, **changes: float) -> Setting:
    return replace(Setting(kind, detect, runs=60), **changes)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_streak_costs_what_the_terms_say_and_grows_to_the_cap(table: Table) -> None:
    assert table.states[0] == type(table.states[0])(0, 0, 0)
    streaks = sorted({int(lost) for lost in table.lost.flat if lost})
    assert streaks == [n * 10 * UNIT for n in range(1, 6)]
    assert set(table.missed.flat) == {0, 2}, "an offence waits for its dispute window"
    assert not table.lost[:, ACCEPT].any()
    assert np.all(table.strikes < RECOMMENDED.strikes_to_slash)


@pytest.mark.slow
def test_what_each_end_of_an_offence_takes(short: Table) -> None:
    half, bond = 50 * UNIT, UNIT
    assert short.lost[0].tolist() == [0, half, 0, half + bond, 0, 0]
    assert short.after[0, EXCLUDE] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.PERSISTENT, Kind.HOPPING])
def test_the_runtime_pays_what_was_sampled(table: Table, kind: Kind) -> None:
    setting = Setting(kind, detect=0.8, false=0.1, share=0.34, members=3, rounds=6)
    found = replay(table, setting)
    assert found.is_conserved
    assert found.worst <= setting.rounds, "a planck of rounding a round"
    assert (found.burned > 0) == (kind is Kind.PERSISTENT)


@pytest.mark.slow
def test_no_story_makes_or_loses_money() -> None:
    terms = replace(RECOMMENDED, strikes_to_slash=1)
    stories = {story.title: story for story in run_stories(terms)}
    assert all(story.is_conserved for story in stories.values())
    assert len(stories) == 12
    own = stories["signs two updates; reports itself by a second account"]
    assert (own.accused, own.burned) == (-45 * UNIT, 45 * UNIT)
    rich = stories["accepted 1 times, five times the stake"]
    assert rich.accused == rich.other, "a reward is by account, not by stake"


@pytest.mark.slow
def test_leaving_forgets_strikes_and_costs_fees_only() -> None:
    found = read_leaving(replace(RECOMMENDED, unbonding_blocks=80))
    assert found.lost == 0
    assert 0 < found.fees < UNIT
    assert found.rounds >= 80 // (RECOMMENDED.commit_blocks + 2)


@pytest.mark.slow
@pytest.mark.parametrize("detect", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.05, 0.45])
def test_honest_members_gain_under_the_recommended_terms(
    table: Table, detect: float, share: float
) -> None:
    for kind in Kind:
        found = measure(table, cell(kind, detect, share=share, false=0.05))
        assert found.honest.is_positive, kind


@pytest.mark.slow
@pytest.mark.parametrize("detect", [0.35, 0.6, 1.0])
@pytest.mark.parametrize("share", [0.05, 0.45])
def test_attackers_that_stay_lose(table: Table, detect: float, share: float) -> None:
    for kind in STAYERS:
        runs = 400 if share < 0.1 else 60
        assert measure(table, cell(kind, detect, share=share, runs=runs)).attacker.is_negative, kind


@pytest.mark.slow
def test_attackers_that_dodge_never_lose_and_get_less_than_honest_work(table: Table) -> None:
    for kind in (Kind.PULSING, Kind.HOPPING):
        found = measure(table, cell(kind, 0.5))
        assert found.attacker.is_positive
        assert found.attacker.mean + found.attacker.half < found.honest.mean


@pytest.mark.slow
def test_whoever_is_hardly_ever_rejected_rides_free(table: Table) -> None:
    for kind in Kind:
        if kind is not Kind.FRAMED:
            found = measure(table, cell(kind, 0.05))
            assert found.attacker.mean > found.honest.mean, kind


@pytest.mark.slow
def test_a_seed_repeats_and_work_is_paid_by_who_works(table: Table) -> None:
    setting = cell(Kind.PULSING, 0.5)
    assert measure(table, setting) == measure(table, setting)
    free = sample(table, replace(setting, cost=type(setting.cost)(0))).money
    costly = sample(table, setting).money
    honest = slice(setting.attackers, None)
    assert np.all(free[:, honest] > costly[:, honest])
    persistent = cell(Kind.PERSISTENT, 0.5)
    first = sample(table, persistent).money[:, : persistent.attackers]
    second = sample(table, replace(persistent, cost=type(setting.cost)(0))).money
    assert np.array_equal(first, second[:, : persistent.attackers])


@pytest.mark.slow
def test_an_arbiter_that_is_silent_frees_every_offender(short: Table) -> None:
    setting = cell(Kind.PERSISTENT, 0.8)
    silent = measure(short, setting, Disputes(UPHELD, LAPSED, 0.0))
    assert silent.attacker.mean > 0
    assert measure(short, setting, Disputes(UPHELD, LAPSED, 1.0)).attacker.is_negative


@pytest.mark.slow
def test_evidence_strikes_who_does_harm_and_nobody_else(short: Table) -> None:
    setting = replace(cell(Kind.PERSISTENT, 1.0, false=0.3), runs=2, rounds=20)
    judge = Evidence((setting.runs, setting.members), EvidenceSettings(members=20))
    found = measure(short, setting, judge)
    assert found.attacker.mean < 0
    clean = replace(setting, share=0.0)
    judge = Evidence((clean.runs, clean.members), EvidenceSettings(members=20))
    assert measure(short, clean, judge).honest.mean > 0


def test_rejections_become_moves() -> None:
    rejected = np.array([[True, False]])
    here = np.ones((1, 2), bool)
    evidence = Evidence((1, 2), EvidenceSettings(members=20))
    assert evidence(rejected, rejected, here, ~here).tolist() == [[EXCLUDE, ACCEPT]]
    decided = Disputes(UPHELD, LAPSED, 1.0)(rejected, rejected, here, ~here)
    assert decided.tolist() == [[UPHELD, ACCEPT]]
    assert MOVES[REJECT][0] is MOVES[UPHELD][0]


def result(mean: float, hits: float = 0.5) -> Result:
    return Result(Estimate(0.4, 0.0), Estimate(mean, 0.1), 1.0, hits, 0.0)


def test_thresholds() -> None:
    curve = {0.1: result(-1.0), 0.2: result(0.0), 0.3: result(-1.0), 0.4: result(-2.0)}
    assert least_losing(curve) == 0.3
    assert least_losing({**curve, 0.5: result(0.05)}) is None
    assert most_bearable((0.0, 0.1, 0.2), [Estimate(1.0, 0.1), Estimate(0.0, 0.1)] * 2) == 0.0
    assert needed_gain(result(-1.0), 0.0) == 2.0
    assert needed_gain(result(-1.0, hits=0.0), 0.0) is None
