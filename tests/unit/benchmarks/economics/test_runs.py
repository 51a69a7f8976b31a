"""The economics: owners do what they are said to do, money is conserved, runs can be resumed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest

from benchmarks.economics import runs
from benchmarks.economics.federation import JudgedFederation
from benchmarks.economics.players import Draws, Kind, Owner
from benchmarks.economics.runs import (
    DEFAULTS,
    Experiment,
    HarmJudge,
    Row,
    bursts,
    colluding,
    draws,
    every_rejection,
    fill,
    read,
)
from benchmarks.economics.stories import run_stories
from pallet_bridge.types import UNIT, Admission, Governance, Outcome, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALWAYS = Draws((True,) * runs.ROUNDS, (False,) * runs.ROUNDS)
NEVER = Draws((False,) * runs.ROUNDS, (False,) * runs.ROUNDS)
FAST = replace(
    DEFAULTS,
    strikes_to_slash=3,
    strike_decay_rounds=2,
    commit_blocks=1,
    settle_blocks=2,
    dispute_blocks=1,
    unbonding_blocks=6,
    notice_blocks=6,
    lock_blocks=0,
    governance=Governance.COORDINATOR,
)
OTHER = 1
"""A member that is always accepted."""


@pytest.fixture
def invited() -> Iterator[JudgedFederation]:
    with JudgedFederation(FAST, 2, 8) as federation:
        yield federation


@pytest.fixture
def open_to_all() -> Iterator[JudgedFederation]:
    with JudgedFederation(replace(FAST, admission=Admission.OPEN), 2, 8) as federation:
        yield federation


def watch(federation: JudgedFederation, owner: Owner, rounds: int) -> list[tuple[bool, bool]]:
    """Run rounds; return for each whether the owner sent an update, and whether it poisoned."""
    spare, seen = count(2), []
    for number in range(rounds):
        owner.poisoned = False
        bad = owner.update(federation, number, spare)
        judged = {} if bad is None else every_rejection({owner: bad})
        verdicts = {one.account: outcome for one, outcome in judged.items()}
        assert not federation.run_round({OTHER: Outcome.ACCEPTED} | verdicts)
        seen.append((bad is not None, owner.poisoned))
    return seen


@pytest.mark.slow
def test_who_pulses_stops_one_strike_before_the_offence_and_goes_on_after(
    invited: JudgedFederation,
) -> None:
    owner = Owner(Kind.PULSING, ALWAYS, 0)
    seen = watch(invited, owner, 6)
    assert [poisoned for _, poisoned in seen] == [True, True, False, False, True, False]
    assert (owner.worked, owner.sent, owner.averaged, owner.offences) == (3, 3, 0, 0)


@pytest.mark.slow
def test_one_streak_ends_with_its_slash(invited: JudgedFederation) -> None:
    owner = Owner(Kind.ONE_STREAK, ALWAYS, 0)
    seen = watch(invited, owner, 8)
    assert [sent for sent, _ in seen] == [True] * 3 + [False] * 5
    invited.finish()
    assert invited.gain(0) == -35 * UNIT
    assert invited.member(0) is None, "its stake was withdrawn for it"


@pytest.mark.slow
def test_who_hops_is_never_slashed_where_accounts_are_free(open_to_all: JudgedFederation) -> None:
    owner = Owner(Kind.HOPPING, ALWAYS, 0)
    watch(open_to_all, owner, 10)
    assert (len(owner.accounts), owner.offences) == (5, 0)
    open_to_all.finish()
    assert [open_to_all.gain(account) for account in owner.accounts] == [0] * 5


@pytest.mark.slow
def test_who_hops_within_an_organisation_is_known(invited: JudgedFederation) -> None:
    owner = Owner(Kind.HOPPING, ALWAYS, 0)
    watch(invited, owner, 12)
    assert owner.offences > 0
    assert sum(map(invited.gain, owner.accounts)) < -20 * UNIT


@pytest.mark.slow
def test_who_renews_goes_on_after_an_offence(open_to_all: JudgedFederation) -> None:
    owner = Owner(Kind.RENEWING, ALWAYS, 0)
    seen = watch(open_to_all, owner, 7)
    assert [sent for sent, _ in seen] == [True] * 7
    assert (len(owner.accounts), owner.offences) == (3, 2)


@pytest.mark.slow
def test_who_is_on_and_off_looks_at_nothing(invited: JudgedFederation) -> None:
    seen = watch(invited, Owner(Kind.ON_OFF, NEVER, 0), 11)
    assert [poisoned for _, poisoned in seen] == [True] * 5 + [False] * 5 + [True]


@pytest.mark.slow
def test_collusion_pays_until_it_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ROUNDS", 4)
    terms = replace(DEFAULTS, tenure_rounds=0)
    rows = {row.rate: row for _, found in Experiment(colluding, 3, terms=terms).run([1])
            for row in found}  # fmt: skip
    half = terms.max_share * terms.round_reward // 10**9
    assert rows[0.0].gain == pytest.approx(half / UNIT)
    taken = terms.misconduct * terms.coordinator_bond // 10**9
    friend = terms.round_reward // 3
    assert rows[1.0].gain * 4 == pytest.approx((friend - taken) / UNIT)
    assert (rows[1.0].sent, rows[1.0].offences) == (1, 1)


@pytest.mark.slow
def test_a_free_rider_that_helps_less_is_paid_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ROUNDS", 2)
    terms = replace(DEFAULTS, tenure_rounds=0)
    ((_, rows),) = Experiment(runs.free_riders, 8, terms=terms).run([0])
    paid = [row.paid for row in rows if row.of == "free rider"]
    assert paid == pytest.approx([part * paid[-1] for part in runs.PARTS], rel=1e-6)
    assert paid[0] == 0


@pytest.mark.slow
def test_runs_are_kept_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("one", 0.2, 0.1, 0.2, 0, 1, 2, 3, 4)
    played = []

    def play(federation: JudgedFederation, seed: int) -> list[Row]:
        assert federation.gain(0) == 0, "every seed begins on the same chain"
        federation.run_round({0: Outcome.ACCEPTED})
        federation.finish()
        played.append(seed)
        return [replace(row, sent=seed)]

    path = tmp_path / "not there yet" / "runs.jsonl"
    monkeypatch.setitem(runs.EXPERIMENTS, "one", Experiment(play, 1, seeds=range(3)))
    assert list(fill(path, ["one"], 2)) == [("one", 0), ("one", 1)]
    assert list(fill(path, ["one"])) == [("one", 2)]
    assert played == [0, 1, 2]
    assert read(path)["one"] == {seed: [replace(row, sent=seed)] for seed in range(3)}
    monkeypatch.setitem(runs.EXPERIMENTS, "one", Experiment(play, 1, seeds=range(1, 3)))
    assert [*read(path)["one"]] == [1, 2], "the page is made of the seeds that it names"
    other = replace(DEFAULTS, strikes_to_slash=4)
    monkeypatch.setitem(runs.EXPERIMENTS, "one", Experiment(play, 1, terms=other))
    assert read(path) == {}, "under other terms they say nothing"


@pytest.mark.slow
def test_no_story_makes_or_loses_money() -> None:
    terms = replace(DEFAULTS, strikes_to_slash=1, tenure_rounds=0)
    stories = {story.title: story for story in run_stories(terms)}
    assert all(story.is_conserved for story in stories.values())
    assert len(stories) == 12
    own = stories["signs two updates; reports itself by a second account"]
    assert (own.accused, own.burned) == (-45 * UNIT, 45 * UNIT)
    rich = stories["accepted 1 times, five times the stake"]
    assert rich.accused == rich.other, "a reward is by account, not by stake"
    assert stories["rejected 1 times; nobody objects"].accused == Planck(-35 * UNIT)


def test_all_rates_share_their_numbers() -> None:
    few, many = draws(0.2, 0.01, 5), draws(0.6, 0.05, 5)
    assert all(more or not less for less, more in zip(few.poison, many.poison, strict=True))
    assert all(more or not less for less, more in zip(few.honest, many.honest, strict=True))
    assert draws(0.2, 0.01, 5) == few
    assert draws(0.2, 0.01, 6) != few
    assert sum(draws(1.0, 0.0, 5).poison) == runs.ROUNDS


@pytest.mark.parametrize(("rate", "length"), [(0.05, 2), (0.3, 3)])
def test_bursts_have_their_length_and_rate(rate: float, length: int) -> None:
    drawn = ["".join("x" if bad else "." for bad in bursts(rate, length, seed, 0).honest)
             for seed in range(300)]  # fmt: skip
    lengths = {len(part) for line in drawn for part in line.rstrip("x").split(".") if part}
    assert lengths
    assert all(found % length == 0 for found in lengths)
    assert sum(line.count("x") for line in drawn) / 300 / runs.ROUNDS == pytest.approx(
        rate, rel=0.1
    )


def test_evidence_strikes_for_harm_and_excludes_the_others() -> None:
    bad, odd = Owner(Kind.PERSISTENT, ALWAYS, 0), Owner(Kind.HONEST, NEVER, 1)
    bad.poisoned = True
    judge = HarmJudge()
    outcomes = [judge({bad: True, odd: True}) for _ in range(30)]
    assert {one[odd] for one in outcomes} == {Outcome.EXCLUDED}
    assert outcomes[0][bad] is Outcome.EXCLUDED
    assert Outcome.REJECTED in {one[bad] for one in outcomes}
