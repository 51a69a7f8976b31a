from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.apportion import ONE
from bcfl_plugins.defenses.base import Aggregate, Decision
from bcfl_plugins.defenses.registry import create_rule, selecting_rule_names
from bcfl_plugins.defenses.rules.krum import MultiKrum
from bcfl_plugins.evidence import EvidenceSettings, decode
from bcfl_plugins.reasons import Reason
from bcfl_plugins.rounds.judges import EvidenceJudge, RuleJudge
from bcfl_plugins.types import (
    ClientUpdate,
    NodeId,
    NodeRef,
    Rejection,
    RoundContext,
    RunInfo,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.defenses.core.batch import Batch
    from bcfl_plugins.published.inputs import RoundInputs
    from bcfl_plugins.types import Array

NODES = 6
CTX = RoundContext(RunInfo(1, 1), 1, None, {"w": np.zeros(2), "steps": np.array(3)})
BAD = NodeId(5)


def updates(bad: float = -1.0) -> tuple[ClientUpdate, ...]:
    """Honest nodes move to (1, 1); the last one elsewhere."""
    return tuple(
        ClientUpdate(
            NodeRef(NodeId(n)),
            {"w": np.full(2, bad if n == BAD else 1.0), "steps": np.array(4)},
            10,
        )
        for n in range(NODES)
    )


class _RejectsTheLast:
    def __init__(self, *, shares: bool = False) -> None:
        self._shares = shares

    def decide(self, inputs: RoundInputs) -> Verdict:
        found = [node.node_id for node in inputs.nodes if node.node_id == BAD]
        kept = [node.node_id for node in inputs.nodes if node.node_id != BAD]
        shares = {node: ONE // len(kept) for node in kept} if self._shares else {}
        rejections = tuple(Rejection(n, 6, "astray", -5) for n in found)
        return Verdict("outliers", rejections, shares=shares)

    def forget(self) -> None:
        """Nothing is remembered."""


def loss(target: float) -> object:
    """Return a measure of 200 examples that is least at (target, target)."""
    noise = 0.01 * np.random.default_rng(3).normal(size=200)

    def measure(model: Mapping[str, Array]) -> Array:
        return ((model["w"] - target) ** 2).sum() + noise

    return measure


def strikes(judge: EvidenceJudge, rounds: int, bad: float = -1.0) -> list[int]:
    """Return the rounds in which the last node got a strike."""
    return [
        number
        for number in range(rounds)
        if any(rejection.strike for rejection in judge.judge(CTX, updates(bad)).rejections)
    ]


def test_one_rejection_is_no_strike_and_many_are() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), None, difference=True)
    struck = strikes(judge, 12)
    assert 3 <= struck[0] <= 8


def test_without_data_to_measure_on_difference_is_never_a_strike() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), None)
    assert strikes(judge, 60, bad=-7.5) == []


class _RejectsLength(_RejectsTheLast):
    def decide(self, inputs: RoundInputs) -> Verdict:
        found = super().decide(inputs).rejections
        return Verdict("outliers", tuple(replace(r, reason=Reason.OUTLIER_NORM) for r in found))


@pytest.mark.parametrize(("length", "struck"), [(990.0, False), (1010.0, True)])
def test_without_data_an_update_that_breaks_any_average_is(length: float, struck: bool) -> None:
    judge = EvidenceJudge(_RejectsLength(), EvidenceSettings(NODES), None)
    assert bool(strikes(judge, 20, bad=length)) == struck


def test_what_is_not_finite_breaks_any_average() -> None:
    judge = EvidenceJudge(RuleJudge(create_rule("cluster_guard")), EvidenceSettings(NODES), None)
    assert strikes(judge, 20, bad=np.nan)


def test_most_of_a_round_is_no_yardstick_when_it_was_rejected() -> None:
    class _RejectsMost(_RejectsTheLast):
        def decide(self, inputs: RoundInputs) -> Verdict:
            out = [node.node_id for node in inputs.nodes[NODES // 2 :]]
            return Verdict("outliers", tuple(Rejection(n, Reason.OUTLIER_NORM) for n in out))

    judge = EvidenceJudge(_RejectsMost(), EvidenceSettings(NODES), None)
    for _ in range(20):
        assert not any(r.strike for r in judge.judge(CTX, updates(1e9)).rejections)


def test_difference_without_harm_is_never_a_strike() -> None:
    harmless = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), loss(0.0))  # type: ignore[arg-type]
    assert strikes(harmless, 30, bad=-0.01) == []


def test_an_update_that_helps_is_heard_though_the_defense_rejects_it() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), loss(0.6))  # type: ignore[arg-type]
    verdict = judge.judge(CTX, updates(-0.1))
    assert verdict.rejections == ()
    assert "heard, since they help: 5" in verdict.note
    assert judge.judge(CTX, updates(-9.0)).rejections


def test_who_is_heard_fills_slots_of_the_mean_by_what_it_claims() -> None:
    claims = [30] * (NODES - 1) + [90]
    sent = tuple(replace(u, num_examples=n) for u, n in zip(updates(-0.1), claims, strict=True))
    for by_claims, slots in ((False, 1), (True, 3)):
        inner = _RejectsTheLast(shares=True)
        judge = EvidenceJudge(inner, EvidenceSettings(NODES), loss(0.6), by_claims=by_claims)  # type: ignore[arg-type]
        verdict = judge.judge(CTX, sent)
        assert sum(verdict.shares.values()) == ONE
        assert verdict.shares[BAD] == pytest.approx(ONE * slots / (NODES - 1 + slots), abs=2)
        assert len({verdict.shares[NodeId(n)] for n in range(NODES - 1)}) <= 2


def test_an_update_that_is_far_too_long_is_not_looked_at() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), loss(60.0))  # type: ignore[arg-type]
    assert judge.judge(CTX, updates(9.0)).rejections == ()
    assert judge.judge(CTX, updates(11.0)).rejections


def test_harm_is_a_strike_after_some_rounds() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), loss(1.0))  # type: ignore[arg-type]
    assert strikes(judge, 12, bad=-20.0)


def test_the_state_in_the_report_is_what_is_remembered() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), None, difference=True)
    judge.judge(CTX, updates())
    verdict = judge.judge(CTX, updates())
    state = decode(verdict.state)
    assert {name for name, _ in state.nodes} == {f"node {n}" for n in range(NODES)}
    assert "2 bad of 2 rounds" in verdict.rejections[0].detail
    judge.forget()
    assert "1 bad of 1 rounds" in judge.judge(CTX, updates()).rejections[0].detail


def test_nodes_of_which_no_evidence_is_kept_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES - 2), None, difference=True)
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        assert strikes(judge, 40) == []
    assert caplog.text.count("2 nodes get no strike") == 1
    assert "Set bcfl.outliers.members" in caplog.text


def test_a_round_without_updates_is_not_counted() -> None:
    judge = EvidenceJudge(_RejectsTheLast(), EvidenceSettings(NODES), None)
    assert judge.judge(CTX, ()).state == ""


def rows_of(table: Sequence[float]) -> tuple[ClientUpdate, ...]:
    """Return an update for each number: two arrays, of which only the second differs."""
    return tuple(
        ClientUpdate(NodeRef(NodeId(n)), {"same": np.ones(30), "w": np.full(40, value)}, 10)
        for n, value in enumerate(table)
    )


def judged(method: str, table: Sequence[float], rounds: int = 3) -> tuple[Rejection, ...]:
    ctx = RoundContext(RunInfo(1, 1), 1, None, {"same": np.zeros(30), "w": np.zeros(40)})
    judge = RuleJudge(create_rule(method), "rule")
    for _ in range(rounds):
        verdict = judge.judge(ctx, rows_of(table))
    return verdict.rejections


@pytest.mark.parametrize("method", selecting_rule_names())
@pytest.mark.parametrize("value", [1.0, -3e-9, 0.0, 250.0])
def test_nobody_is_struck_for_the_update_that_all_sent(method: str, value: float) -> None:
    assert not any(one.strike for one in judged(method, [value] * 9))


@pytest.mark.parametrize("method", ["multikrum", "bulyan", "mda", "smea", "dnc", "krum"])
def test_a_tie_is_said_and_costs_no_strike(method: str) -> None:
    rejections = judged(method, [2.0] * 10)
    assert rejections
    assert all("equally good" in one.detail for one in rejections)


@pytest.mark.parametrize("method", ["multikrum", "mda", "dnc", "cluster", "cluster_guard"])
def test_copies_of_a_kept_update_are_no_cover_for_others(method: str) -> None:
    rejections = judged(method, [1.0, 1.0, 1.0, 1.0, 1.1, 1.2, 0.9, 0.8, -40.0, -40.0])
    struck = {one.node_id for one in rejections if one.strike}
    assert {8, 9} <= struck
    assert not struck & {0, 1, 2, 3}


@pytest.mark.parametrize("method", ["multikrum", "mda"])
def test_a_tie_is_no_evidence_either(method: str) -> None:
    judge = EvidenceJudge(
        RuleJudge(create_rule(method), "rule"), EvidenceSettings(NODES * 2), None, difference=True
    )
    ctx = RoundContext(RunInfo(1, 1), 1, None, {"same": np.zeros(30), "w": np.zeros(40)})
    for _ in range(30):
        verdict = judge.judge(ctx, rows_of([1.0] * 10))
        assert verdict.rejections
        assert not any(one.strike for one in verdict.rejections)


def test_what_is_too_large_to_square_is_struck() -> None:
    rejections = judged("multikrum", [1.0] * 9 + [1e200])
    assert [one.node_id for one in rejections if one.strike] == [9]


@dataclass(frozen=True)
class _RejectsByLength(MultiKrum):
    """Rejects the longest, and scores all alike, as `cluster_guard` does while it learns."""

    def decide(self, batch: Batch) -> Aggregate:
        kept = batch.squares < batch.squares.max()
        found = super().decide(batch)
        reasons = tuple(Reason.NONE if good else Reason.OUTLIER_NORM for good in kept)
        told = Decision(kept, kept / kept.sum(), np.zeros(batch.m), reasons)
        return Aggregate(found.value, told)


def test_equal_scores_are_no_tie() -> None:
    ctx = RoundContext(RunInfo(1, 1), 1, None, {"same": np.zeros(30), "w": np.zeros(40)})
    verdict = RuleJudge(_RejectsByLength(), "rule").judge(ctx, rows_of([1.0, 1.1, 1.0, 9.0, 1.2]))
    assert {*verdict.scores.values()} == {0}
    assert [(one.node_id, one.strike) for one in verdict.rejections] == [(3, True)]
