"""Commitments: what a node must have signed for its update to count, once a round is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from bcfl_plugins import NodeId, NodeRef, OpenedRound, RoundContext, RunInfo
from bcfl_plugins.reasons import Reason
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.testing.terms import DEVELOPMENT
from strategies.messages.records import to_arrays
from strategies.messages.wire import COMMIT, Instruction
from strategies.server.judging import Judged, _length, judge
from strategies.server.opening.instruct import instruct
from strategies.server.reading.expectations import Expectations, Model
from strategies.server.replies import Replies, Training
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.unit.opened import opened

NODES = 4
BAD = FIRST_NODE_ID


def account(node_id: int) -> Any:
    return Signer.from_uri(f"//node//{node_id - FIRST_NODE_ID}").account


def node_of(node_id: NodeId) -> NodeRef:
    return NodeRef(node_id, account(node_id))


def on_the_model(toy: Any, **place: Any) -> OpenedRound:
    return opened(**{"number": 4, "federation": 1, "model": toy.model(), **place})


def training(toy: Any) -> Training:
    reference = to_arrays(toy.record(toy.model()))
    expected = Expectations("num-examples", None, Model.ARRAYS, 10**9, whole=True)
    asked = frozenset(range(FIRST_NODE_ID, FIRST_NODE_ID + NODES))
    return Training(RoundContext(RunInfo(1, 1), 1, on_the_model(toy), reference), expected, asked)


def judged_as(
    round_: Training, messages: list[Message], known: Any = node_of
) -> tuple[Judged, list[Message]]:
    return judge(messages, Replies(round_, known), None)


def replies_to(
    toy: Any, round_: OpenedRound, app: Any = None, arrivals: Any = None
) -> list[Message]:
    configs = [{"bcfl-key-uri": f"//node//{index}"} for index in range(NODES)]
    grid = InProcessGrid(app or toy.app_of(), node_configs=configs, arrivals=arrivals)
    with grid:
        content = RecordDict({"arrays": toy.record(toy.model())})
        messages = [Message(content, node, "train") for node in grid.get_node_ids()]
        return grid.send_and_receive(instruct(messages, Instruction(round_, "num-examples")))


def swap_arrays(reply: Message, toy: Any) -> None:
    reply.content["arrays"] = toy.record({**toy.model(), "b": np.ones(3, np.float32)})


def inflate(reply: Message, toy: Any) -> None:
    toy.with_metric("num-examples", 11)(reply.content)


def strip(reply: Message, toy: Any) -> None:
    del reply.content[COMMIT]


def fraction(reply: Message, toy: Any) -> None:
    toy.with_metric("num-examples", 10.5)(reply.content)


def field(name: str, value: Any) -> Any:
    def tamper(reply: Message, toy: Any) -> None:
        fields = dict(reply.content[COMMIT])
        fields[name] = value
        reply.content[COMMIT] = ConfigRecord(fields)

    return tamper


TAMPERING = {
    "arrays swapped": (swap_arrays, Reason.DIGEST_MISMATCH),
    "weight inflated": (inflate, Reason.DIGEST_MISMATCH),
    "commitment stripped": (strip, Reason.BAD_SIGNATURE),
    "weight not whole": (fraction, Reason.BAD_WEIGHT),
    "other salt": (field("salt", bytes(32)), Reason.DIGEST_MISMATCH),
    "short salt": (field("salt", b""), Reason.BAD_SIGNATURE),
    "other commitment": (field("commitment", bytes(32)), Reason.BAD_SIGNATURE),
    "other weight signed": (field("num-examples", 12), Reason.BAD_SIGNATURE),
    "negative weight signed": (field("num-examples", -1), Reason.BAD_SIGNATURE),
    "no signature": (field("signature", bytes(64)), Reason.BAD_SIGNATURE),
    "foreign account": (field("account", account(FIRST_NODE_ID + 1).raw), Reason.BAD_SIGNATURE),
    "no account": (field("account", b"x"), Reason.BAD_SIGNATURE),
    "text for bytes": (field("salt", "text"), Reason.BAD_SIGNATURE),
    "a long salt": (field("salt", bytes(33)), Reason.BAD_SIGNATURE),
    "no bytes of a commitment": (field("commitment", b""), Reason.BAD_SIGNATURE),
    "a long signature": (field("signature", bytes(65)), Reason.BAD_SIGNATURE),
    "a number for an account": (field("account", 5), Reason.BAD_SIGNATURE),
    "an old version": (field("v", 1), Reason.BAD_SIGNATURE),
    "a new version": (field("v", 3), Reason.BAD_SIGNATURE),
}


def test_honest_commitments_are_verified_and_handed_on(toy: Any) -> None:
    judged, accepted = judged_as(training(toy), replies_to(toy, on_the_model(toy)))
    assert [u.node.account for u in judged.judged] == [
        account(u.node.node_id) for u in judged.judged
    ]
    assert len(accepted) == NODES
    assert judged.unusable == ()
    for update, message in zip(judged.judged, accepted, strict=True):
        sent = to_arrays(message.content["arrays"])
        assert update.commitment.update_digest == update_digest(sent)
        assert set(message.content) == {"arrays", "metrics"}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_caught_and_costs_its_sender_only(toy: Any, kind: str) -> None:
    tamper, reason = TAMPERING[kind]
    replies = replies_to(toy, on_the_model(toy))
    tamper(replies[0], toy)
    judged, accepted = judged_as(training(toy), replies)
    assert [(r.node_id, r.reason) for r in judged.unusable] == [(BAD, reason)]
    assert [u.node.node_id for u in judged.judged] == [BAD + 1, BAD + 2, BAD + 3]
    assert len(accepted) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"number": 3},
        {"federation": 2},
        {"genesis": bytes(32)},
        {"coordinator": Signer.from_uri("//Other//coordinator")},
        {"terms": replace(DEVELOPMENT, claim_blocks=DEVELOPMENT.claim_blocks + 1)},
    ],
)
def test_a_commitment_for_another_place_counts_nowhere_else(toy: Any, other: Any) -> None:
    replies = replies_to(toy, on_the_model(toy, **other))
    judged, accepted = judged_as(training(toy), replies)
    assert {r.reason for r in judged.unusable} == {Reason.BAD_SIGNATURE}
    assert len(judged.unusable) == NODES
    assert accepted == []


def test_a_node_without_an_account_cannot_commit(toy: Any) -> None:
    judged, _ = judged_as(training(toy), replies_to(toy, on_the_model(toy)), NodeRef)
    assert {r.detail for r in judged.unusable} == {"it has not proved an account"}


@pytest.mark.parametrize("first", [True, False])
def test_of_two_replies_in_one_name_the_signed_one_counts(toy: Any, first: bool) -> None:
    """Flower does not check who wrote a reply: another node may push one in this name."""

    def arrivals(replies: list[Message]) -> list[Message]:
        content = RecordDict(dict(replies[1].content))
        with InProcessGrid(toy.app_of(), 1):
            forged = Message(content, reply_to=Message(RecordDict(), BAD, "train"))
        return [forged, *replies] if first else [*replies, forged]

    judged, accepted = judged_as(
        training(toy), replies_to(toy, on_the_model(toy), arrivals=arrivals)
    )
    assert judged.unusable == ()
    assert len(accepted) == NODES


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(1).normal(size=(300, 70)).astype(np.float32),
        np.random.default_rng(2).normal(size=100_000),
        np.full((3, 4), 6e4, np.float16),
        np.full(9, 1e30, np.float32),
        np.full(9, 1e300),
        np.full(9, 1e-300),
        np.array(-2.5, np.float32),
        np.zeros(0),
        np.arange(12.0).reshape(3, 4).T,
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_arrays_length_is_that_of_its_norm(array: np.ndarray[Any, Any]) -> None:
    """It is counted without BLAS, whatever an app does with numpy's errors."""
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(array.astype(np.float64).reshape(-1)))
    with np.errstate(all="raise"):
        assert _length(array) == pytest.approx(norm, rel=1e-13)
