from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Array

from strategies.errors import UnreadableArray
from strategies.messages.records import restored, to_arrays


def test_the_error_names_the_array(toy: Any) -> None:
    record = toy.record(toy.model())
    record["b"] = Array("float32", (3,), "numpy.ndarray", b"")
    with pytest.raises(UnreadableArray, match="'b'"):
        to_arrays(record)


def test_integer_buffers_and_promoted_floats_get_the_dtype_of_the_model(toy: Any) -> None:
    reference = {"w": np.zeros(2, np.float32), "steps": np.array(3, np.int64)}
    promoted = toy.record({"w": np.ones(2), "steps": np.array(4.6), "new": np.ones(1)})
    back = restored(promoted, reference)
    assert {name: array.dtype for name, array in back.items()} == {
        "w": "float32", "steps": "int64", "new": "float64",
    }  # fmt: skip
    assert back["steps"].numpy() == 5
    assert back["new"] is not None


SENTINELS = {
    "pad": np.array([2**62 + 1, -(2**53) - 1, 3]),
    "mask": np.array([[2**64 - 3, 0]], np.uint64),
    "small": np.array([127, -128], np.int8),
}


def test_integers_that_all_agree_on_keep_their_digits(toy: Any) -> None:
    averages = {name: array.astype(np.float64) for name, array in SENTINELS.items()}
    back = restored(toy.record(averages), SENTINELS, [SENTINELS] * 3)
    for name, array in SENTINELS.items():
        np.testing.assert_array_equal(back[name].numpy(), array)


def test_integers_that_one_changed_are_the_rounded_average(toy: Any) -> None:
    one = {"pad": np.array([2**62 + 1, 10])}
    other = {"pad": np.array([2**62 + 1, 20])}
    back = restored(toy.record({"pad": np.array([2.0**62, 15.0])}), one, [one, other])
    assert back["pad"].numpy().tolist() == [2**62 + 1, 15]


def test_a_strategy_that_moves_what_all_agree_on_is_believed(toy: Any) -> None:
    model = {"pad": np.array([40])}
    back = restored(toy.record({"pad": np.array([38.0])}), model, [model, model])
    assert back["pad"].numpy().tolist() == [38]


def test_an_average_beyond_the_dtype_becomes_its_end(toy: Any) -> None:
    model = {"top": np.array([1, 1, 1], np.int16)}
    back = restored(toy.record({"top": np.array([4e4, -4e4, 2.5])}), model)
    assert back["top"].numpy().tolist() == [32767, -32768, 2]
