"""A node that signs one thing and sends another does not get away from what it signed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import ConfigRecord, Message, RecordDict

from bcfl_plugins import Gathering, hookimpl
from bcfl_plugins.hooks.manager import PluginManager
from bcfl_plugins.reasons import Reason
from strategies.messages.wire import COMMIT
from strategies.server.judging import judge
from strategies.server.replies import Replies
from strategies.testing import InProcessGrid
from tests.unit.strategies.server.test_judging import (
    BAD,
    NODES,
    TAMPERING,
    judged_as,
    node_of,
    on_the_model,
    replies_to,
    training,
)


def signed_in(message: Message) -> tuple[object, object]:
    record = message.content[COMMIT]
    assert isinstance(record, ConfigRecord)
    return record["commitment"], record["signature"]


def in_name_of(source: int, content: RecordDict, toy: Any) -> Message:
    """A reply that anybody may push in a node's name."""
    with InProcessGrid(toy.app_of(), 1):
        return Message(content, reply_to=Message(RecordDict(), source, "train"))


@pytest.mark.parametrize("kind", TAMPERING)
def test_what_was_signed_stays_with_a_reply_that_does_not_fit_it(toy: Any, kind: str) -> None:
    tamper, reason = TAMPERING[kind]
    replies = replies_to(toy, on_the_model(toy))
    was = signed_in(replies[0])
    tamper(replies[0], toy)
    judged, _ = judged_as(training(toy), replies)
    (rejection,) = judged.unusable
    if reason is not Reason.DIGEST_MISMATCH:
        assert rejection.commitment is None
        return
    assert rejection.commitment is not None
    assert (rejection.commitment.commitment, rejection.commitment.signature) == was
    assert rejection.strike


def test_a_signed_reply_counts_before_one_that_nobody_signed(toy: Any) -> None:
    replies = replies_to(toy, on_the_model(toy))
    replies[0].content["arrays"] = toy.record({**toy.model(), "b": np.full(3, 2, np.float32)})
    broken = in_name_of(BAD, RecordDict({"arrays": toy.record(toy.model())}), toy)
    for order in ([*replies, broken], [broken, *replies]):
        judged, _ = judged_as(training(toy), order)
        (rejection,) = judged.unusable
        assert (rejection.reason, rejection.commitment is None) == (Reason.DIGEST_MISMATCH, False)


def test_a_copy_of_a_statement_costs_nobody_whose_own_reply_came(toy: Any) -> None:
    replies = replies_to(toy, on_the_model(toy))
    copied = RecordDict(dict(replies[0].content))
    copied["arrays"] = toy.record({**toy.model(), "b": np.full(3, 3, np.float32)})
    forged = in_name_of(BAD, copied, toy)
    judged, accepted = judged_as(training(toy), [forged, *replies])
    assert judged.unusable == ()
    assert len(accepted) == NODES


def test_two_replies_that_one_node_signed_are_a_rejection_with_the_first_of_them(toy: Any) -> None:
    replies, others = (replies_to(toy, on_the_model(toy)) for _ in range(2))
    first = min(signed_in(replies[0])[0], signed_in(others[0])[0])  # type: ignore[type-var]
    judged, accepted = judged_as(training(toy), [*replies, others[0]])
    (rejection,) = judged.unusable
    assert rejection.commitment is not None
    assert (rejection.commitment.commitment, rejection.strike) == (first, True)
    assert len(accepted) == NODES - 1


def test_a_reply_that_is_only_called_otherwise_costs_no_strike(toy: Any) -> None:
    replies = replies_to(toy, on_the_model(toy))
    content = replies[0].content
    content["another name"] = content.pop("metrics")
    judged, _ = judged_as(training(toy), replies)
    (rejection,) = judged.unusable
    assert rejection.commitment is not None
    assert (rejection.reason, rejection.strike) == (Reason.MALFORMED, False)


class Watching:
    """Writes down whose signed replies it was told of."""

    def __init__(self) -> None:
        self.arriving: list[tuple[list[int], list[int]]] = []
        self.received: list[int] = []

    @hookimpl
    def bcfl_updates_arriving(self, updates: Any, unusable: Any) -> Gathering:
        self.arriving.append(([u.node.node_id for u in updates], [one.node_id for one in unusable]))
        assert all(one.commitment is not None for one in unusable)
        return Gathering(sealed=False)

    @hookimpl
    def bcfl_updates_received(self, unusable: Any) -> None:
        self.received = [one.node_id for one in unusable if one.commitment is not None]


def test_the_plugins_hear_of_it_once_as_it_comes_and_again_at_the_end(toy: Any) -> None:
    replies = replies_to(toy, on_the_model(toy))
    replies[0].content["arrays"] = toy.record({**toy.model(), "b": np.full(3, 2, np.float32)})
    plugin = Watching()
    hooks = PluginManager([("watching", plugin)])
    reading = Replies(training(toy), node_of)
    reading.arrive(replies[:2], hooks, last=False)
    reading.arrive(replies, hooks, last=True)
    assert plugin.arriving == [([BAD + 1], [BAD]), ([BAD + 2, BAD + 3], [])]
    judge(replies, reading, hooks)
    assert plugin.received == [BAD]


def test_a_malformed_reply_that_comes_first_ends_no_wait(toy: Any) -> None:
    replies = replies_to(toy, on_the_model(toy))
    del replies[0].content["metrics"]
    plugin = Watching()
    reading = Replies(training(toy), node_of)
    assert not reading.arrive(replies[:1], PluginManager([("watching", plugin)]), last=False)
    assert plugin.arriving == [([], [])]
