"""The plugin hands the defense's findings on and keeps its state for one run."""

from __future__ import annotations

import numpy as np

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    NodeId,
    NodeRef,
    RoundContext,
    RunInfo,
    Session,
    Verdict,
    open_session,
)
from pallet_bridge.types import Reason

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
    with session(norm_factor=20.0) as opened:
        assert judged(opened, 1, 1, 1, 1, 1, 8).rejections == ()


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
