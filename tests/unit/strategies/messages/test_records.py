from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Array
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from strategies.errors import UnreadableArray
from strategies.messages.records import cast, restored, to_arrays, to_numpy


@given(
    hnp.arrays(
        hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes(),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
    ),
    st.booleans(),
)
def test_every_plain_array_comes_back_read_only(array: Any, fortran: Any) -> None:
    sent = np.asfortranarray(array) if fortran and array.ndim else array
    read = to_numpy(Array(np.asarray(sent)))
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()
    assert not read.flags.writeable


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_raise(data: Any) -> None:
    for blob in (data, b"\x93NUMPY\x01\x00" + data):
        with pytest.raises(UnreadableArray):
            to_numpy(Array("float32", (3,), "numpy.ndarray", blob))


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 99 + "), }",
        "__import__('os').abort()",
        "-" * 5000 + "1",
    ],
)
def test_a_hostile_header_is_refused(header: Any) -> None:
    line = (header + "\n").encode()
    data = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + bytes(12)
    with pytest.raises(UnreadableArray):
        to_numpy(Array("float32", (3,), "numpy.ndarray", data))


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


def test_halves_round_to_even() -> None:
    assert cast(np.array([0.5, 1.5, 2.5]), np.dtype(np.int32)).tolist() == [0, 2, 2]
