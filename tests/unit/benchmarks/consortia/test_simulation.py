"""The promises of docs/measurements/consortia.md that a page cannot break without a red test."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.consortia.__main__ import DEFAULT, FEDAVG, FIRST_SEED, MEASURED
from benchmarks.consortia.simulation import (
    CHANGE,
    SPLITS,
    Case,
    Federation,
    Trace,
    attackers,
)
from benchmarks.crafted import ATTACKS, BACKDOOR

SEED = FIRST_SEED + 500


def run(case: Case, who: tuple[str, object]) -> Trace:
    federation = Federation(case)
    return federation.run(who[1](federation))  # type: ignore[operator]


@pytest.mark.parametrize("n", [4, 7])
def test_the_only_holder_of_a_class_is_never_struck_and_heard_with_validation(n: int) -> None:
    case = Case("lone", n, SEED + n)
    plain, measured, average = (run(case, who) for who in (DEFAULT, MEASURED, FEDAVG))
    assert not plain.struck.any()
    assert not measured.struck.any()
    assert measured.own >= 0.8 * average.own
    assert measured.rejected[:, 0].mean() <= 0.1


@pytest.mark.parametrize("n", [5, 10])
def test_a_new_scanner_is_heard_within_five_rounds(n: int) -> None:
    trace = run(Case("scanner", n, SEED + n), DEFAULT)
    assert not trace.struck.any()
    assert not trace.rejected[CHANGE + 5 :, 0].any()


@pytest.mark.parametrize("n", [4, 10])
def test_unequal_sizes_cost_little(n: int) -> None:
    case = Case("sizes", n, SEED + n)
    default, average = run(case, DEFAULT), run(case, FEDAVG)
    assert default.accuracy >= average.accuracy - 0.03
    assert not default.rejected.any()


def test_a_lie_about_the_number_of_examples_does_not_own_the_model() -> None:
    case = Case("dirichlet", 10, SEED, "label_flip", lie=True)
    assert run(case, DEFAULT).accuracy > run(case, FEDAVG).accuracy + 0.3


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_gives_every_site_data(split: str) -> None:
    federation = Federation(Case(split, 7, 3))
    assert min(federation.claims) > 0
    assert {*np.concatenate([y for _, y in federation.data]).tolist()} == set(range(10))
    x, y = federation.own_test()
    assert len(x) == len(y) > 0


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_runs(attack: str) -> None:
    case = Case("iid", 4, 1, attack, rounds=2)
    assert run(case, DEFAULT).rejected.shape == (2, 4)
    assert attackers(case) == (0 if attack == "none" else 1)


@pytest.mark.parametrize("n", [4, 7])
def test_a_clip_cuts_off_a_backdoor_and_the_only_holder_of_a_class(n: int) -> None:
    plain, cut = (
        Federation(case).run(DEFAULT[1](Federation(case)), clip)
        for case in [Case("iid", n, SEED + n, BACKDOOR)]
        for clip in (None, 2.0)
    )
    assert plain.backdoor > 0.8
    assert cut.backdoor < 0.15
    assert cut.accuracy > plain.accuracy - 0.02
    federation = Federation(Case("lone", n, SEED + n))
    assert federation.run(MEASURED[1](federation), 2.0).own < 0.1
