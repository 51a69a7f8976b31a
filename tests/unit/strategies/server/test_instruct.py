"""Governed parameters: they replace the app's own, in the app's type, where the app has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict

from bcfl_plugins import OpenedRound
from bcfl_plugins.config.terms import TermsConfig, read_training, terms_of, training_numbers
from pallet_bridge.types import RoundKey
from strategies.messages.wire import ROUND, Instruction
from strategies.server.instruct import instruct
from strategies.testing import InProcessGrid


def sent(toy: Any, governed: dict[str, Any], **records: Any) -> RecordDict:
    """Return what goes out, with parameters as they come back from a chain."""
    training = training_numbers(terms_of(TermsConfig(), read_training(governed)))
    opened = OpenedRound(RoundKey(bytes(32), 0, 1), 1, training)
    with InProcessGrid(toy.app_of(), 1):
        message = Message(RecordDict(records), 100, "train")
        (made,) = instruct([message], Instruction(opened, "num-examples"))
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
