"""The plugin hands the defense's findings on and keeps its state for one run."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    ConfigError,
    NodeId,
    NodeRef,
    RoundContext,
    RunInfo,
    Session,
    Verdict,
    open_session,
)
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule, selecting_rule_names
from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import SCORE_ONE

RUN = RunInfo(1, 3)
CTX = RoundContext(RUN, 1, None, {"w": np.zeros(30)})


def session(**table: object) -> Session:
    keys = {f"bcfl.outliers.{name}": value for name, value in table.items()}
    return open_session(BcflConfig.from_run_config({"bcfl.plugins": "outliers", **keys}))


def updates(*factors: float) -> tuple[ClientUpdate, ...]:
    rng = np.random.default_rng(3)
    return tuple(
        ClientUpdate(NodeRef(NodeId(i)), {"w": f * (np.ones(30) + 0.3 * rng.normal(size=30))}, 1)
        for i, f in enumerate(factors)
    )


def judged(opened: Session, *factors: float) -> Verdict:
    (verdict,) = opened.hooks.judge_updates(CTX, updates(*factors))
    return verdict


def test_it_works_without_a_chain_and_gives_reasons_scores_and_thresholds() -> None:
    with session() as opened:
        verdict = judged(opened, 1, 1, 1, 1, -1, 8)
    assert [(r.node_id, r.reason) for r in verdict.rejections] == [
        (4, Reason.OUTLIER_DIRECTION),
        (5, Reason.OUTLIER_NORM),
    ]
    assert set(verdict.scores) == set(range(6))
    assert "least agreement" in verdict.note


def test_settings_reach_the_defense() -> None:
    with session(method="cluster", norm_factor=20.0) as opened:
        assert judged(opened, 1, 1, 1, 1, 1, 8).rejections == ()
    with session(tolerance=1e6) as opened:
        assert judged(opened, 1, 1, 1, 1, -1, 1).rejections == ()


@pytest.mark.parametrize("method", ["cluster", "cluster_guard"])
def test_a_reversed_and_a_long_update_are_rejected_with_their_reasons(method: str) -> None:
    with session(method=method) as opened:
        verdict = judged(opened, 1, 1, 1, 1, -1, 8)
    assert [(r.node_id, r.reason) for r in verdict.rejections] == [
        (4, Reason.OUTLIER_DIRECTION),
        (5, Reason.OUTLIER_NORM),
    ]


def test_a_new_run_starts_without_the_past() -> None:
    with session() as opened:
        first = judged(opened, 1, 1, 1, 1, -1)
        judged(opened, 1, 1, 1, 1, 1)
        again = judged(opened, 1, 1, 1, 1, -1)
        assert again.scores != first.scores
        opened.hooks.run_started(RUN)
        assert judged(opened, 1, 1, 1, 1, -1) == first


def test_no_updates_are_no_verdict_against_anybody() -> None:
    with session() as opened:
        assert judged(opened).rejections == ()


@pytest.mark.parametrize("method", selecting_rule_names())
def test_any_rule_that_selects_can_judge(method: str) -> None:
    given = updates(1, 1, 1, 1, 1, -3, 1, 8)
    extras = Extras(reference=CTX.reference, ids=list(range(8)))
    decision = create_rule(method).aggregate([update.arrays for update in given], extras).decision
    with session(method=method) as opened:
        verdict = judged(opened, 1, 1, 1, 1, 1, -3, 1, 8)
    rejected = {rejection.node_id: rejection for rejection in verdict.rejections}
    assert set(rejected) == set(np.flatnonzero(~decision.kept))
    for node, rejection in rejected.items():
        assert rejection.reason == decision.reasons[node]
        assert rejection.score == round(decision.scores[node] * SCORE_ONE)
        assert method in rejection.detail
    assert set(verdict.scores) == set(range(8))
    assert verdict.note == decision.note


def test_a_rules_own_settings_and_f_stand_in_the_table() -> None:
    with session(method="multikrum", f=2) as opened:
        assert len(judged(opened, 1, 1, 1, 1, 1, 1, 1, 8).rejections) == 2
    with session(method="multikrum", f=2, keep=7) as opened:
        assert [r.node_id for r in judged(opened, 1, 1, 1, 1, 1, 1, 1, 8).rejections] == [7]
    with session(method="secured_style", apart=50, spread=500.0) as opened:
        assert judged(opened, 1, 1, 1, 1, 1, 1, 1, 8).rejections == ()


def test_a_rule_remembers_for_one_run() -> None:
    with session(method="contra", step=0.5, threshold=0.2) as opened:
        first = judged(opened, 1, 1, 1, -1, -1)
        assert judged(opened, 1, 1, 1, -1, -1) != first
        opened.hooks.run_started(RUN)
        assert judged(opened, 1, 1, 1, -1, -1) == first


def test_f_follows_participation() -> None:
    with session(method="multikrum", f=2) as opened:
        verdict = judged(opened, 1, 1, 1, 1, -9)
    assert [r.node_id for r in verdict.rejections] == [4]
    assert verdict.note.startswith("f = 1 instead of 2, the most that multikrum tolerates among 5")


@pytest.mark.parametrize("f", [-1, 1, 2])
def test_a_round_that_the_rule_cannot_judge_is_handed_over(
    f: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It was not judged at all, and FedAvg took the attacker's claimed examples."""
    with session() as plain, session(method="multikrum", f=f) as opened:
        for _ in range(2):
            expected, verdict = judged(plain, 1, 1, 1, -9), judged(opened, 1, 1, 1, -9)
            assert [r.node_id for r in verdict.rejections] == [3]
            assert verdict.shares == expected.shares
        judged(opened, 1, 1, 1, 1, 1, 1, 1)
        note = judged(opened, 1, 1, 1, -9).note
    assert note.startswith("handed over to cluster_guard: multikrum tolerates no byzantine update")
    said = [line for line in caplog.messages if "judges by another defense" in line]
    assert len(said) == 2  # once each time that it begins


def test_a_rule_for_nobody_judges_what_it_can() -> None:
    with session(method="multikrum", f=0) as opened:
        assert not judged(opened, 1, 1, 1).note.startswith("handed over")
        assert judged(opened).note == "abstained: no updates"


def test_what_the_deputy_knows_outlives_the_process_and_not_the_run() -> None:
    with session(method="multikrum") as opened, session(method="multikrum") as later:
        first = judged(opened, 1, 1, 1, -1)
        (memory,) = opened.hooks.state_kept().values()
        second = judged(opened, 1, 1, 1, 1)
        later.hooks.state_restored({"outliers": memory})
        assert judged(later, 1, 1, 1, 1) == second
        later.hooks.run_started(RUN)
        assert judged(later, 1, 1, 1, -1) == first


def test_an_update_too_long_to_square_is_rejected_as_such() -> None:
    huge = ClientUpdate(NodeRef(NodeId(9)), {"w": np.full(30, 1e200)}, 1)
    with session(method="multikrum") as opened:
        (verdict,) = opened.hooks.judge_updates(CTX, (*updates(1, 1, 1, 1, 1, 1, 1), huge))
    (found,) = [r for r in verdict.rejections if r.node_id == 9]
    assert found.reason == Reason.NON_FINITE


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"method": "clustr"}, "there is no rule 'clustr'; did you mean 'cluster'"),
        ({"method": "flamee"}, "there is no rule 'flamee'; did you mean 'flame'"),
        ({"method": "median"}, "'median', which rejects nobody; it can be alignins, "),
        ({"method": "fltrust"}, "needs an update of the server's own; use it in strategies.Robust"),
        ({"method": "nnm+cwtm"}, "'nnm\\+cwtm', which rejects nobody"),
        (
            {"method": "flame", "norm_factor": 2.0},
            "is a setting of cluster, and the method is flame",
        ),
        (
            {"norm_factor": 2.0},
            "is a setting of cluster, and the method is cluster_guard; set bcfl.outliers.method",
        ),
        ({"method": "flame", "nois": 1.0}, "unknown key bcfl.outliers.nois; did you mean 'noise'"),
        ({"method": "flame", "noise": "x"}, "noise of flame is 'x'"),
        ({"method": "flame", "f": "x"}, "bcfl.outliers.f is 'x'"),
        ({"method": "flame", "f": -2}, "bcfl.outliers.f is -2"),
        ({"method": "cluster", "norm_factor": 0.5}, "norm_factor: it is 0.5; it must be from 1"),
        ({"shares": "rul"}, "bcfl.outliers.shares is 'rul'; did you mean 'rule'"),
        ({"noise": 0.1}, "noise is a setting of flame, and the method is cluster_guard"),
        ({"nse": 0.1}, "unknown key bcfl.outliers.nse; cluster_guard takes agreed_room, decay, "),
        ({"methd": "x"}, "unknown key bcfl.outliers.methd; did you mean 'method'"),
        ({"method": 3}, "bcfl.outliers.method is 3"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_made(table: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        session(**table)


def test_by_default_nobody_is_struck_for_being_different(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flwr.bcfl"), session() as opened:
        assert "without the strategy's argument validation" in caplog.text
        for _ in range(40):
            verdict = judged(opened, 1, 1, 1, 1, 1, -1, 30)
            assert {r.node_id for r in verdict.rejections} == {5, 6}
            assert not any(found.strike for found in verdict.rejections)


def test_by_default_an_update_that_breaks_any_average_is_a_strike_after_some_rounds() -> None:
    with session(members=10) as opened:
        struck = [judged(opened, 1, 1, 1, 1, 1, 5000).rejections[0].strike for _ in range(12)]
    assert not any(struck[:3])
    assert any(struck)


def scanned(stray: float, buffer: float) -> tuple[ClientUpdate, ...]:
    """Return updates whose running mean hides the last one, which is `stray` times the others."""
    rng = np.random.default_rng(8)
    return tuple(
        ClientUpdate(
            NodeRef(NodeId(i)),
            {
                "w": (stray if i == 6 else 1.0) * (np.ones(30) + 0.2 * rng.normal(size=30)),
                "norm.seen": buffer + rng.normal(size=5),
            },
            1,
        )
        for i in range(7)
    )


@pytest.mark.parametrize("pattern", ["seen", "norm.*", "x, norm.seen"])
def test_buffers_are_named_and_hide_nothing(pattern: str) -> None:
    ctx = RoundContext(RUN, 1, None, {"w": np.zeros(30), "norm.seen": np.zeros(5)})
    for table, found in (({"buffers": pattern}, [6]), ({}, [])):
        with session(**table) as opened:
            for _ in range(3):
                (verdict,) = opened.hooks.judge_updates(ctx, scanned(-1.0, 12.0))
        assert [r.node_id for r in verdict.rejections] == found
        assert verdict.medians == (("norm.seen",) if found else ())


def test_evidence_over_rounds_takes_the_first_strikes_away() -> None:
    with session(evidence="streak") as plain, session(evidence="difference") as patient:
        for opened, strikes in ((plain, True), (patient, False)):
            verdict = judged(opened, 1, 1, 1, 1, 1, -1)
            assert [found.strike for found in verdict.rejections] == [strikes]


def test_evidence_of_harm_asks_the_measure() -> None:
    def measure(model: dict[str, np.ndarray]) -> np.ndarray:
        return np.full(100, ((model["w"] - 1.0) ** 2).sum())

    config = BcflConfig.from_run_config(
        {"bcfl.plugins": "outliers", "bcfl.outliers.evidence": "harm"}
    )
    with open_session(config, validation=measure) as opened:
        verdict = judged(opened, 1, 1, 1, 1, 1, -20)
    assert "rejected and harmful" in verdict.rejections[0].detail


@pytest.mark.parametrize("method", ["cluster_guard", "flame"])
@pytest.mark.parametrize("count", [1, 2])
def test_it_is_said_once_that_two_nodes_have_no_majority(
    method: str, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Flower simulates two nodes by default: nobody was rejected there, and nothing said so."""
    with session(method=method) as opened:
        for _ in range(3):
            assert judged(opened, *[1, -40][:count]).rejections == ()
    said = [line for line in caplog.messages if "rejects nobody" in line]
    assert len(said) == 1
    assert f"{count} updates have no majority" in said[0]


def test_a_defense_that_abstains_is_named_each_time_that_it_begins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with session(method="cluster") as opened:
        for count in (3, 3, 5, 3, 3):
            judged(opened, *[1] * count)
    said = [line for line in caplog.messages if "rejects nobody" in line]
    assert len(said) == 2
    assert all("abstained: 3 updates, 4 are needed" in line for line in said)


def test_one_of_three_is_rejected() -> None:
    with session() as opened:
        assert [r.node_id for r in judged(opened, 1, 1, -1).rejections] == [2]
        assert [r.node_id for r in judged(opened, 1, 1, -12).rejections] == [2]


def test_a_defense_that_can_judge_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for count in (3, 5):
        with session() as opened:
            judged(opened, *[1] * count)
    assert not [line for line in caplog.messages if "rejects nobody" in line]
