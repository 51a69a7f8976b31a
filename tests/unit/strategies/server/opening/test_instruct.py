"""Governed parameters: they replace the app's own, in the app's type, where the app has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict

from bcfl_plugins.config.terms import TermsConfig, read_training, terms_of, training_numbers
from pallet_bridge.encoding import update_digest
from strategies.errors import OtherModelSent
from strategies.messages.wire import ROUND, Instruction
from strategies.server.opening.instruct import check_carried, instruct
from strategies.testing import InProcessGrid
from tests.unit.opened import opened


def sent(toy: Any, governed: dict[str, Any], **records: Any) -> RecordDict:
    """Return what goes out, with parameters as they come back from a chain."""
    training = training_numbers(terms_of(TermsConfig(), read_training(governed)))
    round_ = replace(opened(), training=training)
    with InProcessGrid(toy.app_of(), 1):
        message = Message(RecordDict(records), 100, "train")
        (made,) = instruct([message], Instruction(round_, "num-examples"))
    assert ROUND in made.content
    return made.content


@pytest.mark.parametrize(
    ("own", "governed", "expected"),
    [
        (2, 7, 7),
        (2, 7.0, 7),
        (0.5, 4, 4.0),
        (0.5, 0.125, 0.125),
        (2, 0.25, 0.25),
        (1, -3, -3),
        (True, 0, False),
        (False, 1, True),
        (False, 2, 2),
        (8, 9_000_000_001, 9_000_000_001),
    ],
)
def test_a_number_has_the_type_of_the_apps_own(
    toy: Any, own: Any, governed: Any, expected: Any
) -> None:
    content = sent(toy, {"x": governed}, config=ConfigRecord({"x": own, "kept": 5}))
    found = content["config"]["x"]
    assert (found, type(found)) == (expected, type(expected))
    assert content["config"]["kept"] == 5


@pytest.mark.parametrize(("governed", "kind"), [(12, int), (12.0, int), (0.75, float)])
def test_a_whole_number_that_the_app_does_not_have_is_an_int(
    toy: Any, governed: Any, kind: type
) -> None:
    assert type(sent(toy, {"x": governed}, config=ConfigRecord())["config"]["x"]) is kind


def test_records_that_did_not_ask_do_not_get_it(toy: Any) -> None:
    content = sent(
        toy,
        {"batch": 32, "new": 1},
        first=ConfigRecord({"a": 1}),
        second=ConfigRecord({"batch": 8}),
        third=ConfigRecord({"batch": 0.5}),
        arrays=ArrayRecord({"w": Array(np.zeros(1))}),
    )
    assert dict(content["first"]) == {"a": 1, "new": 1}
    assert dict(content["second"]) == {"batch": 32}
    assert dict(content["third"]) == {"batch": 32.0}
    assert isinstance(content["third"]["batch"], float)


def test_the_apps_records_stay_as_they_were(toy: Any) -> None:
    config = ConfigRecord({"x": 1})
    sent(toy, {"x": 2}, config=config)
    assert dict(config) == {"x": 1}


def test_all_nodes_get_the_same_instruction_in_one_object(toy: Any) -> None:
    with InProcessGrid(toy.app_of(), 2):
        content = RecordDict({"arrays": toy.record(toy.model())})
        messages = [Message(content, node, "train") for node in (100, 101)]
        first, second = instruct(messages, Instruction(opened(), "num-examples"))
    assert first.content is second.content


def train_messages(*contents: RecordDict) -> list[Message]:
    return [Message(content, 100 + number, "train") for number, content in enumerate(contents)]


def test_a_copy_of_the_model_may_be_sent(toy: Any) -> None:
    record = toy.record(toy.model())
    with InProcessGrid(toy.app_of(), 1):
        sent = train_messages(
            RecordDict({"arrays": record}), RecordDict({"m": toy.record(toy.model())})
        )
        check_carried(sent, record, update_digest(toy.model()))


@pytest.mark.parametrize("carried", [0, 2, "other"])
def test_a_strategy_that_sends_something_else_is_told_before_nodes_refuse(
    toy: Any, carried: Any
) -> None:
    record = toy.record(toy.model())
    records = {"arrays": toy.record({**toy.model(), "b": np.ones(3, np.float32)})}
    if carried != "other":
        records = {f"part{number}": record for number in range(carried)}
    with InProcessGrid(toy.app_of(), 1):
        sent = train_messages(RecordDict({"arrays": record}), RecordDict(records))
        with pytest.raises(OtherModelSent, match="round_log"):
            check_carried(sent, record, update_digest(toy.model()))
