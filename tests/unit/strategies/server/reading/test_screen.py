from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from flwr.app import Message, RecordDict
from flwr.serverapp import strategy as flower
from flwr.serverapp.exception import InconsistentMessageReplies
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from strategies.testing import FIRST_NODE_ID


def same(attacked: Any, honest: Any) -> None:
    assert attacked.arrays.object_id == honest.arrays.object_id
    assert attacked.train_metrics_clientapp == honest.train_metrics_clientapp


def test_each_malformed_reply_costs_its_sender_only(
    toy: Any, malformed: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        attacked = toy.run(strategies.FedAvg(), toy.app_of({0: toy.malformed[malformed]}))
    same(attacked, toy.run(strategies.FedAvg(), toy.app_of(), fail=toy.silent(0)))
    left_out = [line for line in caplog.messages if "left out" in line]
    assert f"node {FIRST_NODE_ID} is left out" in left_out[0]


@pytest.mark.slow
def test_no_strategy_is_moved_by_any_of_them(toy: Any, array_strategy: str) -> None:
    attacks = dict(enumerate(toy.malformed.values()))
    nodes = 2 * len(attacks) + 1

    def run(app: Any, **grid: Any) -> Any:
        return toy.run(toy.build(array_strategy, strategies, nodes), app, nodes, **grid)

    same(run(toy.app_of(attacks)), run(toy.app_of(), fail=toy.silent(*attacks)))


@pytest.mark.parametrize("malformed_once", ["wrong shape", "extra array", "garbage bytes"])
def test_flower_alone_ends_the_run(toy: Any, malformed_once: Any) -> None:
    """What the screening is for; when Flower changes this, our promise says too much."""
    app = toy.app_of({0: toy.malformed[malformed_once]})
    with pytest.raises((ValueError, InconsistentMessageReplies)):
        toy.run(flower.FedAvg(), app)


def test_permuted_arrays_are_put_back_in_order(toy: Any, array_strategy: str) -> None:
    def permuted(content: RecordDict) -> RecordDict:
        content["arrays"] = type(content["arrays"])(dict(reversed(content["arrays"].items())))
        return content

    honest = toy.run(toy.build(array_strategy, strategies), toy.app_of())
    same(toy.run(toy.build(array_strategy, strategies), toy.app_of({0: permuted})), honest)
    assert list(honest.arrays) == list(toy.model())


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4", "int64"])
def test_another_dtype_is_brought_to_that_of_the_model(toy: Any, dtype: Any) -> None:
    odd = toy.set_array("b", np.array([1, 2, 3], dtype))
    plain = toy.set_array("b", np.array([1, 2, 3], np.float32))
    first = toy.run(strategies.FedAvg(), toy.app_of({0: odd}))
    assert {array.dtype for array in first.arrays.values()} == {"float32"}
    same(first, toy.run(strategies.FedAvg(), toy.app_of({0: plain})))


def test_nobody_left_keeps_the_model_and_goes_on(toy: Any) -> None:
    everyone = dict.fromkeys(range(4), toy.malformed["NaN values"])
    result = toy.run_in_vain(strategies.FedAvg(), toy.app_of(everyone), 4, rounds=2)
    assert not result.arrays
    assert result.train_metrics_clientapp == {}
    assert set(result.evaluate_metrics_clientapp) == {1, 2}


def test_the_cap_on_examples_is_a_setting(toy: Any) -> None:
    greedy = toy.app_of({0: toy.with_metric("num-examples", 1000)})
    capped = toy.run(strategies.FedAvg(bcfl={"bcfl.max_examples": 999}), greedy)
    same(capped, toy.run(strategies.FedAvg(), toy.app_of(), fail=toy.silent(0)))
    free = toy.run(strategies.FedAvg(bcfl={"bcfl.max_examples": 1000}), greedy)
    assert free.arrays.object_id != capped.arrays.object_id


def forged(message: Message, source: int) -> Message:
    """Return the same reply with another node's name on it, as a node can send it."""
    metadata = type(message.metadata).__new__(type(message.metadata))
    metadata.__dict__.update(message.metadata.__dict__)
    metadata.__dict__["_src_node_id"] = source
    copy = Message.__new__(Message)
    copy.__dict__.update(message.__dict__)
    copy.__dict__["_metadata"] = metadata
    return copy


def test_a_reply_of_a_node_that_was_not_asked_is_ignored(toy: Any) -> None:
    def arrivals(replies: list[Message]) -> list[Message]:
        return [*replies, forged(replies[0], 9999), forged(replies[0], 1)]

    attacked = toy.run(strategies.FedAvg(), toy.app_of(), arrivals=arrivals)
    same(attacked, toy.run(strategies.FedAvg(), toy.app_of()))


def test_the_same_reply_twice_counts_once(toy: Any) -> None:
    doubled = toy.run(strategies.FedAvg(), toy.app_of(), arrivals=lambda replies: replies * 2)
    same(doubled, toy.run(strategies.FedAvg(), toy.app_of()))


@pytest.mark.parametrize("first", [True, False])
def test_two_different_replies_in_one_name_count_not_at_all(toy: Any, first: bool) -> None:
    def arrivals(replies: list[Message]) -> list[Message]:
        inserted = forged(replies[1], replies[0].metadata.src_node_id)
        return [inserted, *replies] if first else [*replies, inserted]

    ordered = lambda replies: arrivals(toy.in_order(replies))  # noqa: E731
    attacked = toy.run(strategies.FedAvg(), toy.app_of(), arrivals=ordered)
    same(attacked, toy.run(strategies.FedAvg(), toy.app_of(), fail=toy.silent(0)))


EVALUATE = [
    "two MetricRecords", "no records", "num-examples nan", "num-examples 1e18",
    "num-examples missing", "exception",
]  # fmt: skip


@pytest.mark.parametrize("bad", EVALUATE)
def test_a_malformed_evaluation_costs_its_sender_only(toy: Any, bad: str) -> None:
    attacked = toy.run(strategies.FedAvg(), toy.app_of({}, {0: toy.malformed[bad]}))
    weights = {pid: 5 + pid for pid in range(1, 10)}
    expected = sum(weights[pid] * 0.1 * pid for pid in weights) / sum(weights.values())
    assert attacked.evaluate_metrics_clientapp[1]["acc"] == pytest.approx(expected)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["FedAvg", "FedMedian", "MultiKrum", "FedTrimmedAvg", "FedAdam"]),
    attackers=st.dictionaries(st.integers(0, 9), st.integers(0), max_size=4),
    order=st.permutations(range(10)),
)
def test_any_minority_of_malformed_replies_in_any_order(
    toy: Any, name: str, attackers: Any, order: Any
) -> None:
    kinds = list(toy.malformed.values())
    attacks = {node: kinds[kind % len(kinds)] for node, kind in attackers.items()}
    rank = {FIRST_NODE_ID + node: place for place, node in enumerate(order)}

    def arrivals(replies: list[Message]) -> list[Message]:
        return sorted(replies, key=lambda reply: rank[reply.metadata.src_node_id])

    attacked = toy.run(toy.build(name, strategies), toy.app_of(attacks), arrivals=arrivals)
    same(attacked, toy.run(toy.build(name, strategies), toy.app_of(), fail=toy.silent(*attacks)))
