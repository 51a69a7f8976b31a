from __future__ import annotations

from dataclasses import replace

import pytest

from bcfl_plugins.reasons import Reason
from bcfl_plugins.rounds.report import make_report
from bcfl_plugins.types import (
    JudgedUpdate,
    NodeId,
    NodeRef,
    Rejection,
    RoundContext,
    RoundResult,
    RunInfo,
)
from pallet_bridge.types import AccountId, CommittedUpdate, Outcome
from tests.unit.opened import opened

OPENED = opened(4, 0, b"g" * 32, version=2)
DIGESTS = (b"b" * 32, b"m" * 32)


def judged(
    number: int, *, accepted: bool = True, signed: bool = True, strike: bool = True
) -> JudgedUpdate:
    account = AccountId(bytes([number]) * 32)
    commitment = CommittedUpdate(account, b"u" * 32, 50, b"s" * 32, bytes([number]) * 32, b"x" * 64)
    update = JudgedUpdate(
        NodeRef(NodeId(100 + number), account), 50, commitment if signed else None, accepted
    )
    if accepted:
        return replace(update, weight=1)
    why = {"reason": Reason.OUTLIER_NORM, "detail": "too long", "score": 7_000_000, "share": 0}
    return replace(update, **why, strike=strike)


def result(*updates: JudgedUpdate, unusable: tuple[Rejection, ...] = ()) -> RoundResult:
    ctx = RoundContext(RunInfo(1, 1), 1, OPENED, {})
    return RoundResult(
        ctx, {}, updates, unusable, notes={"outliers": "threshold 0.3"}, states={"outliers": "{}"}
    )


def test_every_committed_update_has_an_entry_with_its_verdict() -> None:
    updates = judged(1), judged(2, accepted=False), judged(3, accepted=False, strike=False)
    report = make_report(OPENED, result(*updates), DIGESTS, {}, {})
    assert [e.share for e in report.entries] == [None, 0, 0]
    assert [(e.node_id, e.outcome, e.reason, e.score, e.weight) for e in report.entries] == [
        (101, Outcome.ACCEPTED, 0, 0, 1),
        (102, Outcome.REJECTED, Reason.OUTLIER_NORM, 7_000_000, 0),
        (103, Outcome.EXCLUDED, Reason.OUTLIER_NORM, 7_000_000, 0),
    ]
    assert (report.round, report.base_model, report.model) == (4, *DIGESTS)
    assert report.terms_version == 2
    assert report.states == {"outliers": "{}"}
    assert report.defense == "outliers"
    assert report.parameters == {"outliers": "threshold 0.3"}


@pytest.mark.parametrize(
    ("update", "refused", "says"),
    [
        (judged(1, signed=False), {}, "signed no commitment"),
        (judged(1), {AccountId(bytes([1]) * 32): "Suspended"}, "refused its commitment: Suspended"),
    ],
    ids=["unsigned", "refused"],
)
def test_who_has_no_commitment_on_chain_is_absent_with_the_reason(
    update: JudgedUpdate, refused: dict[AccountId, str], says: str
) -> None:
    report = make_report(OPENED, result(update, judged(2)), DIGESTS, {}, refused)
    assert [entry.node_id for entry in report.entries] == [102]
    (absent,) = report.absent
    assert (absent.node_id, absent.account) == (101, update.node.account)
    assert says in absent.detail


def test_malformed_replies_are_absent() -> None:
    bad = Rejection(NodeId(105), Reason.MALFORMED, "shape (1,)")
    report = make_report(OPENED, result(judged(1), unusable=(bad,)), DIGESTS, {}, {})
    (absent,) = report.absent
    assert (absent.node_id, absent.reason, absent.detail) == (
        105,
        Reason.MALFORMED,
        "shape (1,)",
    )


def test_a_node_that_might_not_take_part_is_absent_with_its_account() -> None:
    stranger = NodeRef(NodeId(107), AccountId(bytes([7]) * 32))
    base = result(judged(1))
    ctx = replace(base.ctx, left_out={stranger: "no stake", NodeRef(NodeId(103)): "suspended"})
    report = make_report(OPENED, replace(base, ctx=ctx), DIGESTS, {}, {})
    assert {(one.node_id, one.account, one.detail) for one in report.absent} == {
        (107, stranger.account, "no stake"),
        (103, None, "suspended"),
    }
    assert [entry.node_id for entry in report.entries] == [101]
