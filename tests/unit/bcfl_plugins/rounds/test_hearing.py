from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.apportion import ONE
from bcfl_plugins.published.inputs import LiveInputs
from bcfl_plugins.published.validation import losses_of
from bcfl_plugins.reasons import Reason
from bcfl_plugins.rounds.hearing import LOOKS, with_helpful
from bcfl_plugins.types import (
    ClientUpdate,
    NodeId,
    NodeRef,
    Rejection,
    RoundContext,
    RunInfo,
    Verdict,
)

START = {"w": np.zeros(3), "norm.seen": np.full(2, 7.0)}
BUFFERS = ("norm.seen",)


def context(number: int = 1) -> RoundContext:
    return RoundContext(RunInfo(1, 9), number, None, START)


def update(node: int, way: tuple[float, float, float], seen: float = 7.0) -> ClientUpdate:
    arrays = {"w": np.array(way), "norm.seen": np.full(2, seen)}
    return ClientUpdate(NodeRef(NodeId(node)), arrays, 10)


def measure(model: Any) -> Any:
    """Return losses that are least at (1, 1, 1), and endless where the buffers are odd."""
    noise = 0.01 * np.random.default_rng(5).normal(size=80)
    return np.square(model["w"] - 1.0).sum() + noise + np.abs(model["norm.seen"] - 7.0).sum()


def verdict(kept: range, out: list[int], reason: Reason = Reason.OUTLIER_DIRECTION) -> Verdict:
    shares = {NodeId(n): ONE // len(kept) for n in kept}
    rejections = tuple(Rejection(NodeId(n), int(reason)) for n in out)
    return Verdict("outliers", rejections, shares=shares, medians=BUFFERS)


USUAL = [update(n, (0.5, 0.4, -0.1)) for n in range(5)]


def judged(last: ClientUpdate, reason: Reason = Reason.OUTLIER_DIRECTION) -> Verdict:
    sent = (*USUAL, last)
    return with_helpful(
        LiveInputs(context(), sent, measure), verdict(range(5), [5], reason), np.ones(6)
    )


def test_the_only_one_that_goes_somewhere_good_is_heard() -> None:
    found = judged(update(5, (-0.1, 0.0, 2.0)))
    assert found.rejections == ()
    assert found.shares[NodeId(5)] == pytest.approx(ONE / 6, abs=2)
    assert sum(found.shares.values()) == ONE


@pytest.mark.parametrize("way", [(-1.0, -1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 80.0)])
def test_who_does_harm_or_nothing_or_far_too_much_is_not(way: tuple[float, float, float]) -> None:
    assert [one.node_id for one in judged(update(5, way)).rejections] == [5]


def test_a_buffer_that_is_not_finite_is_never_heard() -> None:
    last = update(5, (0.0, 0.0, 2.0), np.nan)
    assert judged(last, Reason.NON_FINITE).rejections


def test_poisoned_buffers_of_the_accepted_do_not_blind_the_measure() -> None:
    poisoned = update(0, (0.5, 0.4, -0.1), 1e30)
    sent = (poisoned, *USUAL[1:], update(5, (0.0, 0.0, 2.0), -1e30))
    found = with_helpful(LiveInputs(context(), sent, measure), verdict(range(5), [5]), np.ones(6))
    assert found.rejections == ()
    losses = losses_of(measure, START, sent, BUFFERS)
    assert losses(np.full(6, 1 / 6)).mean() < 4.0


def test_who_is_kept_with_little_is_looked_at_as_well() -> None:
    sent = (*USUAL, update(5, (0.0, 0.0, 2.0)))
    shares = {NodeId(n): ONE // 5 - 100 for n in range(5)} | {NodeId(5): 500}
    found = with_helpful(
        LiveInputs(context(), sent, measure),
        Verdict("outliers", shares=shares, medians=BUFFERS),
        np.ones(6),
    )
    assert found.shares[NodeId(5)] > ONE // 8


def test_many_unheard_take_turns() -> None:
    good = [update(n, (0.0, 0.0, 2.0)) for n in range(30, 50)]
    sent = tuple(update(n, (0.5, 0.4, -0.1)) for n in range(30)) + tuple(good)
    heard = set()
    for number in range(1, 4):
        found = with_helpful(
            LiveInputs(context(number), sent, measure),
            verdict(range(30), [*range(30, 50)]),
            np.ones(50),
        )
        now = {n for n in found.shares if n >= 30}
        assert len(now) == LOOKS
        heard |= now
    assert heard == set(range(30, 50))


def test_without_shares_a_rejection_is_only_taken_back() -> None:
    sent = (*USUAL, update(5, (0.0, 0.0, 2.0)))
    plain = Verdict("outliers", (Rejection(NodeId(5), 6),), medians=BUFFERS)
    found = with_helpful(LiveInputs(context(), sent, measure), plain, np.ones(6))
    assert (found.rejections, dict(found.shares)) == ((), {})
