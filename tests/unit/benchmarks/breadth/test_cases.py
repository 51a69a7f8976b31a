"""What is run, in which order, on which seeds."""

from __future__ import annotations

from itertools import islice

from benchmarks.breadth.cases import (
    BY_CONDITION,
    BY_NUMBER,
    BY_SPLIT,
    CORE,
    EVIL,
    HELD_OUT,
    NUMBERS,
    TRYING,
    Cell,
    every,
    ordered,
    quick,
)
from benchmarks.breadth.data import SETS
from benchmarks.breadth.models import FAMILIES
from benchmarks.breadth.simulation import CONDITIONS, Outcome
from benchmarks.breadth.splits import SPLITS


def test_held_out_seeds_are_nobody_elses() -> None:
    assert (HELD_OUT[0], HELD_OUT[-1]) == (400_000, 400_099)
    assert not {*HELD_OUT} & {*TRYING}
    assert all(case.seed in TRYING for _, case in quick(TRYING[0]))


def test_every_set_family_number_and_attack_comes_first() -> None:
    head = list(islice(ordered(HELD_OUT[:2]), 80))
    assert {table for table, _ in head} == {CORE}
    assert {(case.data, case.family) for _, case in head} == {
        (data, family) for data in SETS for family in FAMILIES
    }
    assert {(case.data, case.n) for _, case in head} == {(d, n) for d in SETS for n in NUMBERS}
    one_seed = [(t, c) for t, c in ordered(HELD_OUT[:1]) if t != "all"]
    assert {case.attack for table, case in one_seed if table == CORE} == {"none", *EVIL}
    assert {case.split for table, case in one_seed if table == BY_SPLIT} == {*SPLITS}
    asked = {case.condition for table, case in one_seed if table == BY_CONDITION}
    assert asked == {*CONDITIONS[1:]}
    assert {case.n for table, case in one_seed if table == BY_NUMBER} == {3, 50, 100, 500}


def test_all_is_all_but_what_cannot_be() -> None:
    cases = list(every(0))
    assert len(set(cases)) == len(cases)
    assert not any(case.split == "lone" and case.data == "cancer" for case in cases)
    assert not any(case.n == 500 and case.data == "cancer" for case in cases)
    assert {case.n for case in cases} == {3, 5, 10, 20, 50, 100, 500}


def test_outcomes_come_back_from_disk() -> None:
    _, case = next(quick(TRYING[0]))
    cell = Cell(case, ("a", "b"))
    numbers = tuple(float(place) for place in range(14))
    found = cell.read({cell.key: numbers})
    assert found == {"a": Outcome(*numbers[:7]), "b": Outcome(*numbers[7:])}
    assert cell.read({}) is None
