"""The federation of the fairness tables, on the seeds that taught something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fairness.simulation import NODES, Case, Simulation, against
from benchmarks.fairness.tables import (
    HARD,
    QUICK,
    at_most,
    besides,
    early_runs,
    judge_of,
    victims_of,
)

STRUCK_ONCE = 30_007
"""Node 5 has 25 examples; a rule without a fence struck it in round 12."""


def test_an_honest_node_with_few_examples_of_two_classes_is_not_struck() -> None:
    case = Case("dirichlet 0.1", STRUCK_ONCE, 30)
    victims = victims_of(case.seed)
    trace = Simulation(case).run(judge_of(HARD, victims))
    assert victims[5]
    assert np.array_equal(trace.rejected.all(axis=0), victims)
    assert trace.struck == {}
    assert (trace.rejected & trace.harmful).mean(axis=0).max() <= 0.1


def test_on_the_same_data_who_does_harm_is_struck() -> None:
    evil = np.arange(NODES) >= NODES - 4
    settings = (("factor", 5.0),)
    case = Case("dirichlet 0.1", STRUCK_ONCE, 30, "sign_flip", settings, 4)
    trace = Simulation(case).run(against(evil, heard=False))
    assert {16, 17, 19} <= set(trace.struck) <= set(np.flatnonzero(evil).tolist())
    assert min(trace.struck.values()) >= 6


def test_the_interval_of_clopper_and_pearson() -> None:
    # The rule of three, one-sided at 97.5 %: 1 - 0.025 ** (1 / n); and a published pair, 4 of 20.
    assert at_most(0, 1000) == pytest.approx(1 - 0.025 ** (1 / 1000), rel=1e-9)
    assert at_most(4, 20) == pytest.approx(0.4366, abs=5e-5)
    assert at_most(3, 3) == pytest.approx(1.0)


@pytest.mark.slow
def test_many_short_runs_are_counted() -> None:
    rows = [*early_runs(QUICK), *besides(replace(QUICK, early_rounds=2))]
    assert [(row.seeds, row.nodes) for row in rows[:4]] == [(1, 5), (2, 10), (1, 5), (1, 5)]
    assert [(row.seeds, row.nodes) for row in rows[4:]] == [(16, 80)] * 4
    assert all(0 <= row.never_bad <= row.nodes for row in rows)
    assert all(row.most_bad_rounds <= QUICK.early_rounds for row in rows)
