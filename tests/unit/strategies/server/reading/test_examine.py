"""Whatever a reply holds, reading it either gives what can be averaged or raises `Unfit`."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from hypothesis import given, settings
from hypothesis import strategies as st

import strategies
from bcfl_plugins.reasons import Reason
from strategies.errors import Unfit
from strategies.messages.bounds import MOST_FIELDS, MOST_NUMBERS, MOST_RECORDS
from strategies.messages.records import to_arrays
from strategies.server.contents import for_strategy
from strategies.server.reading.examine import examine_evaluate, examine_train
from strategies.server.reading.expectations import Expectations, Model
from strategies.testing import InProcessGrid

EXPECTED = Expectations("num-examples", None, Model.ARRAYS, 10**9)
REFERENCE = {
    "w": np.zeros((2, 3), np.float32),
    "n": np.array(7),
    "flag": np.zeros(2, np.bool_),
    "wave": np.zeros(1, np.complex64),
    "none": np.zeros((0, 4), np.float16),
}
GOOD = {name: Array(np.asarray(array)) for name, array in REFERENCE.items()}

numbers = st.integers() | st.floats() | st.booleans()
plain = st.text(max_size=5) | st.binary(max_size=5) | numbers
headers = st.builds(
    lambda descr, order, shape, spaces: (
        f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}{' ' * spaces}\n"
    ).encode(),
    st.sampled_from(["<f4", ">f4", "|b1", "<i8", "<c8", "<f2", "<u8", "<f16", "|O", "<M8[s]"]),
    st.sampled_from(["True", "False", "1"]),
    st.sampled_from(
        ["(2, 3)", "(3, 2)", "()", "(2,)", "(0, 4)", "(0, 4294967296)", "(2 3)", "(6)"]
    ),
    st.integers(0, 9),
)
npy = st.builds(
    lambda line, cut, body: (
        b"\x93NUMPY\x01\x00" + (len(line) - cut).to_bytes(2, "little") + line + body
    ),
    headers,
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([0, 2, 8, 24, 25]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)
arrays = st.builds(
    Array,
    dtype=st.sampled_from(
        ["float32", "int64", "bool", "complex64", "float16", "x" * 99, "\x1b[31m\n\ud800"]
    ),
    shape=st.sampled_from([(2, 3), (), (2,), (1,), (0, 4), (-1,), (10**30,) * 40]),
    stype=st.sampled_from(["numpy.ndarray", "numpy.ndarray", "torch"]),
    data=npy | st.binary(max_size=99),
) | st.sampled_from(sorted(GOOD.values(), key=lambda array: array.data))
array_records = st.dictionaries(
    st.sampled_from([*REFERENCE, "other"]) | st.text(max_size=3), arrays, max_size=6
).map(lambda own: ArrayRecord({**GOOD, **own})) | st.dictionaries(
    st.text(max_size=3), arrays, max_size=3
).map(ArrayRecord)


def metric_record(own: dict[str, Any]) -> MetricRecord:
    record = MetricRecord({"num-examples": 10})
    for key, value in own.items():
        try:
            record[key] = value
        except TypeError:  # Flower takes numbers only
            continue
    return record


metric_records = st.dictionaries(
    st.sampled_from(["num-examples", "loss", "num-examples "]) | st.text(max_size=3),
    numbers | st.lists(st.floats(), max_size=3) | st.lists(st.integers(), max_size=3),
    max_size=3,
).map(metric_record)
contents = st.builds(
    lambda fixed, more: RecordDict({**fixed, **more}),
    st.fixed_dictionaries({"arrays": array_records, "metrics": metric_records}),
    st.dictionaries(
        st.sampled_from(["bcfl.commit", "bcfl.round", "more", "\ud800", "arrays"]),
        array_records | metric_records | st.just(ConfigRecord({"v": 1})),
        max_size=1,
    ),
)


def message_of(content: RecordDict) -> Message:
    with InProcessGrid(strategies.ClientApp(), 1):
        return Message(content, 100, "train")


def read(examine: Any) -> Any:
    """Return the reply, or what is wrong with it."""
    try:
        return examine()
    except Unfit as unfit:
        return unfit.detail


@settings(max_examples=400, deadline=None)
@given(contents)
@pytest.mark.slow
def test_any_content_is_read_or_unfit(content: RecordDict) -> None:
    message = message_of(content)
    for examine in (
        lambda: examine_train(message, REFERENCE, EXPECTED),
        lambda: examine_evaluate(message, EXPECTED),
    ):
        reply = read(examine)
        if isinstance(reply, str):
            assert reply.isprintable()
            assert len(reply) < 1000
            continue
        (made,), _ = for_strategy([reply])
        for record in made.content.array_records.values():
            for name, array in record.items():
                if not reply.arrays:
                    continue
                values = array.numpy()  # as every strategy reads it
                assert values.shape == REFERENCE[name].shape
                assert np.isfinite(values).all()
                assert Array(values).data == array.data


def reply(toy: Any, **changes: Any) -> RecordDict:
    del toy
    records = {"arrays": ArrayRecord(GOOD), "metrics": MetricRecord({"num-examples": 10})}
    return RecordDict({**records, **changes})


def unread() -> ArrayRecord:
    """Return a record whose arrays end the test when one is read."""
    record = ArrayRecord()
    bomb = Array("float32", (1,), "numpy.ndarray", b"")
    del bomb.__dict__["data"]
    for i in range(20_000):
        dict.__setitem__(record.__dict__["_data"], f"x{i}", bomb)
    return record


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"arrays": unread()}, "20000 arrays that are not the model's 5"),
        ({f"r{i}": ConfigRecord() for i in range(MOST_RECORDS)}, "and a reply has up to"),
        ({f"bcfl.{i}": ConfigRecord() for i in range(MOST_RECORDS)}, "and a reply has up to"),
        ({"more": unread()}, "2 ArrayRecords, not one"),
        (
            {"c": ConfigRecord({f"k{i}": i for i in range(MOST_FIELDS + 1)})},
            "fields in record 'c'",
        ),
        ({"c": ConfigRecord({"k": [0.5] * (MOST_NUMBERS + 1)})}, f"over {MOST_NUMBERS} numbers"),
        ({"x" * 300: ConfigRecord()}, "name of 300 characters"),
        ({"c": ConfigRecord({"x" * 300: 1})}, "a field's name in record 'c'"),
    ],
)
def test_too_much_is_refused_by_its_count(toy: Any, change: Any, says: str) -> None:
    with pytest.raises(Unfit, match=says) as raised:
        examine_train(message_of(reply(toy, **change)), REFERENCE, EXPECTED)
    assert raised.value.reason is Reason.MALFORMED
    assert len(raised.value.detail) < 400


def test_what_a_node_wrote_is_one_short_line_in_the_log(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Array(
        "\x1b[2Kfloat32\nbcfl: round 1: all is well \udfff", (10**4000,) * 32, "x\n\ud800", b""
    )
    headed = Array(odd.dtype, odd.shape, "numpy.ndarray", GOOD["w"].data)
    with caplog.at_level(logging.WARNING):
        app = toy.app_of({0: toy.set_array("b", odd), 1: toy.set_array("w", headed)})
        toy.run(strategies.FedAvg(), app, 4)
    said = [line for line in caplog.messages if "left out" in line]
    assert [line.split(": ")[2][:8] for line in said] == ["node 100", "node 101"]
    assert all(line.isprintable() and len(line) < 600 for line in said)


def test_no_array_is_read_before_all_headers_are_the_models(toy: Any) -> None:
    nan = np.full((2, 3), np.nan, np.float32)
    wrong = {"w": Array(nan), "none": Array(np.zeros((4, 0), np.float16))}
    content = reply(toy, arrays=ArrayRecord({**GOOD, **wrong}))
    with pytest.raises(Unfit, match="has shape"):
        examine_train(message_of(content), REFERENCE, EXPECTED)


@pytest.mark.parametrize("kind", ["bool", "int8", "uint64", "float16", "float64", ">f4"])
def test_a_float_of_the_model_may_come_as_what_it_was(toy: Any, kind: str) -> None:
    """A counter that Flower averaged is a float in the model that goes out."""
    sent = {**GOOD, "w": Array(np.ones((2, 3), kind))}
    read = examine_train(message_of(reply(toy, arrays=ArrayRecord(sent))), REFERENCE, EXPECTED)
    assert read.arrays["w"].dtype == np.float32
    np.testing.assert_array_equal(read.arrays["w"], 1)


@pytest.mark.parametrize("kind", ["int8", "uint8", "bool", "int32"])
def test_floats_that_all_came_as_whole_numbers_are_quantised(toy: Any, kind: str) -> None:
    """What scales them is elsewhere, unsigned and unjudged: the strategy would undo it later."""
    sent = {
        name: Array(np.zeros(like.shape, kind if like.dtype.kind == "f" else like.dtype))
        for name, like in REFERENCE.items()
    }
    content = reply(toy, arrays=ArrayRecord(sent))
    with pytest.raises(Unfit, match=f"quantised ones do: array .* holds {kind}"):
        examine_train(message_of(content), REFERENCE, EXPECTED)


def test_an_integer_beyond_the_models_is_its_end(toy: Any) -> None:
    reference = {"n": np.array([0, 0], np.int16)}
    content = reply(toy, arrays=ArrayRecord({"n": Array(np.array([2**40, -(2**40)]))}))
    read = examine_train(message_of(content), reference, EXPECTED)
    assert read.arrays["n"].tolist() == [32767, -32768]


def test_the_strategy_may_write_into_what_it_gets_and_nobody_sees_it(toy: Any) -> None:
    message = message_of(reply(toy))
    read = examine_train(message, REFERENCE, EXPECTED)
    (made,), _ = for_strategy([read])
    made.content["arrays"]["w"].data = b""
    made.content["metrics"]["num-examples"] = 0
    again = examine_train(message, REFERENCE, EXPECTED)
    assert again.weight == 10
    assert to_arrays(message.content["arrays"])["w"].shape == (2, 3)
