from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from flwr.app import Array
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bcfl_plugins.published.numbers import cast
from strategies.errors import UnreadableArray
from strategies.messages.arrays import rewritten, to_array, to_numpy

PLAIN = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes()
    | hnp.unsigned_integer_dtypes()
    | hnp.floating_dtypes(sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(sizes=(64, 128))
)
ARRAYS = hnp.arrays(PLAIN, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))


@settings(deadline=None)
@given(ARRAYS, st.booleans())
def test_every_plain_array_comes_back_read_only(array: Any, fortran: Any) -> None:
    sent = np.asfortranarray(array) if fortran and array.ndim else array
    read = to_numpy(Array(np.asarray(sent)))
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()
    assert not read.flags.writeable


@settings(deadline=None)
@given(ARRAYS)
def test_what_is_written_is_what_flower_writes(array: Any) -> None:
    plain = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    theirs, ours = Array(plain), to_array(array)
    assert (ours.dtype, ours.shape, ours.stype) == (theirs.dtype, theirs.shape, theirs.stype)
    assert ours.data == theirs.data


@settings(deadline=None)
@given(ARRAYS, st.booleans(), st.integers(0, 3))
def test_what_is_handed_on_is_what_would_be_written(array: Any, fortran: Any, spaces: int) -> None:
    """Also where the bytes that came are taken."""
    came = Array(np.asarray(np.asfortranarray(array) if fortran and array.ndim else array))
    head, body = came.data.split(b"\n", 1)
    line = head[10:] + b" " * 16 * spaces
    padded = came.data[:8] + (len(line) + 1).to_bytes(2, "little") + line + b"\n" + body
    odd = Array(came.dtype, came.shape, came.stype, padded)
    values = to_numpy(odd)
    made = rewritten(odd, values)
    assert made.data == to_array(values).data
    np.testing.assert_array_equal(made.numpy(), array)


def test_bytes_that_are_written_so_are_not_copied() -> None:
    came = Array(np.arange(12.0).reshape(3, 4))
    assert rewritten(came, to_numpy(came)).data is came.data


def data_of(shape: str, descr: str, body: bytes) -> bytes:
    line = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + body


SHAPES = st.text("0123456789, ()_-LxE.'", max_size=12) | st.lists(
    st.integers(-1, 5) | st.sampled_from([2**31 - 1, 2**32, 2**62, 2**63, 10**30]), max_size=5
).map(lambda lengths: str(tuple(lengths)))


@settings(deadline=None)
@given(SHAPES, st.sampled_from(["<f4", "|b1", ">i2", "<c8", "<f16", "|S3", "<U2", "f4", "<f3"]))
def test_what_is_taken_is_taken_by_numpy_as_the_same(shape: str, descr: str) -> None:
    size = int(re.sub(r"\D", "", descr))
    lengths = [int(n) for n in re.findall(r"\d+", shape)][:40]
    count = int(np.prod([min(n, 9) for n in lengths])) if lengths else 1
    data = data_of(shape, descr, bytes(size * min(count, 10_000)))
    declared = tuple(lengths)
    try:
        kind = str(np.dtype(descr))
    except TypeError:
        kind = descr
    try:
        ours = to_numpy(Array(kind, declared, "numpy.ndarray", data))
    except UnreadableArray:
        return
    theirs = np.load(io.BytesIO(data), allow_pickle=False)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert ours.tobytes() == theirs.tobytes()


@settings(deadline=None)
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
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }" + " " * 5000,
        "__import__('os').abort()",
        "-" * 5000 + "1",
    ],
)
def test_a_hostile_header_is_refused(header: Any) -> None:
    line = (header + "\n").encode()
    data = b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + bytes(12)
    with pytest.raises(UnreadableArray):
        to_numpy(Array("float32", (3,), "numpy.ndarray", data))


def test_halves_round_to_even() -> None:
    assert cast(np.array([0.5, 1.5, 2.5]), np.dtype(np.int32)).tolist() == [0, 2, 2]


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"])
@pytest.mark.parametrize("wide", ["float16", "float32", "float64"])
def test_a_float_beyond_an_integer_becomes_its_end(kind: str, wide: str) -> None:
    ends = np.iinfo(kind)
    big = np.finfo(wide).max
    sent = np.array([big, -big, np.inf, -np.inf, 7], wide)
    with np.errstate(all="raise"):
        found = cast(sent, np.dtype(kind))
    low, high = (
        min(max(int(value), int(ends.min)), int(ends.max)) for value in (-float(big), float(big))
    )
    assert found.tolist() == [high, low, int(ends.max), int(ends.min), 7]


@pytest.mark.parametrize("source", ["int64", "uint64", "int8"])
@pytest.mark.parametrize("kind", ["int8", "int32", "uint16", "uint64", "int64"])
def test_an_integer_beyond_another_becomes_its_end(source: str, kind: str) -> None:
    held, ends = np.iinfo(source), np.iinfo(kind)
    sent = [int(held.min), int(held.max), 5]
    expected = [min(max(value, int(ends.min)), int(ends.max)) for value in sent]
    assert cast(np.array(sent, source), np.dtype(kind)).tolist() == expected


def test_a_single_number_saturates_as_well() -> None:
    assert cast(np.array(1e30), np.dtype(np.int64)) == 2**63 - 1
