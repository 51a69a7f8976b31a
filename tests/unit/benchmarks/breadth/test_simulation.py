"""One federation under everybody: the same data for all, and only honest sites are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.breadth.contestants import FEDAVG, OURS, WHO, Contestant, Sent, Settled
from benchmarks.breadth.simulation import (
    CONDITIONS,
    REFUSED,
    Case,
    Federation,
    run,
)

CASE = Case("loans", "linear", "iid", "none", CONDITIONS[0], 6, 8, rounds=4)
BOTH = {name: WHO[name] for name in (FEDAVG, OURS)}


def test_a_run_is_the_same_twice_whoever_runs_beside_it() -> None:
    both = run(CASE, BOTH)
    assert run(CASE, BOTH) == both
    assert run(CASE, {OURS: WHO[OURS]})[OURS].accuracy == pytest.approx(both[OURS].accuracy, abs=1)
    assert both[FEDAVG].accuracy > 50.0


def test_partial_and_late_replies_leave_three() -> None:
    third = Federation(replace(CASE, n=20, condition="a third is asked"))
    late = Federation(replace(CASE, n=20, condition="stragglers"))
    assert {len(third.asked(turn)) for turn in range(20)} == {7}
    counts = [len(late.asked(turn)) for turn in range(20)]
    assert 3 <= min(counts) < max(counts) <= 20
    few = Federation(replace(CASE, n=3, condition="stragglers"))
    assert all(len(few.asked(turn)) == 3 for turn in range(20))
    assert set(Federation(replace(CASE, condition="unequal epochs")).steps()) == {1, 2, 4, 8, 16}


def test_attackers_lie_about_labels_or_plant_a_trigger_and_others_do_not() -> None:
    picks = np.arange(40)
    plain = Federation(CASE)
    for attack in ("label_flip", "backdoor"):
        one = Federation(replace(CASE, attack=attack))
        assert one.evil.sum() == 1
        for site in (0, 5):
            same = [
                np.array_equal(mine, theirs)
                for mine, theirs in zip(
                    one.batch(site, 0, picks), plain.batch(site, 0, picks), strict=True
                )
            ]
            assert all(same) == (site == 0)


def test_buffers_of_attackers_are_honest() -> None:
    one = Federation(replace(CASE, family="mlp", attack="scaled"))
    honest = one.trained(one.model.first(8)[None], np.arange(6), 0)[0]
    sent = one.sent(0, one.model.first(8).numpy(), honest.copy(), np.arange(6))
    cut = one.model.trained
    assert np.allclose(sent.updates[5, :cut], -10.0 * honest[5, :cut])
    assert np.array_equal(sent.updates[5, cut:], honest[5, cut:])
    assert np.array_equal(sent.updates[:5], honest[:5])


def test_a_new_scanner_comes_after_some_rounds() -> None:
    one = Federation(replace(CASE, split="scanner", rounds=10))
    picks = np.arange(8)
    early, later = (one.batch(0, turn, picks)[0] for turn in (2, 3))
    assert not np.allclose(early, later)
    assert np.array_equal(one.batch(1, 2, picks)[0], one.batch(1, 3, picks)[0])
    (plain, _), (shown, _) = one.tests()
    assert not np.allclose(plain, shown)


class Says:
    """Rejects and strikes the first and the last site."""

    def settle(self, sent: Sent) -> Settled:
        ends = np.isin(sent.sites, (0, 5))
        return Settled(sent.start, ends, ends)


class Flower:
    """Refuses, as somebody else's rule would."""

    def settle(self, sent: Sent) -> Settled:
        raise ValueError(sent.turn)


class OfOurs(Flower):
    """Fails, which no table may hide."""


def test_what_is_counted() -> None:
    made: dict[str, type[Contestant]] = {"says": Says, "refuses": Flower}
    found = run(replace(CASE, attack="sign_flip"), made)
    assert found["says"].honest == pytest.approx(20.0)
    assert (found["says"].worst, found["says"].caught, found["says"].struck) == (100.0, 100.0, 1.0)
    assert found["refuses"].accuracy == REFUSED
    with pytest.raises(ValueError, match="0"):
        run(CASE, {"ours": OfOurs})


def test_the_default_withstands_what_the_average_does_not() -> None:
    torch.set_num_threads(1)
    found = run(replace(CASE, attack="scaled", n=7, rounds=10), BOTH)
    assert found[OURS].accuracy > found[FEDAVG].accuracy + 10.0
    assert found[OURS].honest == 0.0
