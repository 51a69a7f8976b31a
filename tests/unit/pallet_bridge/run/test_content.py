from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import (
    address_of,
    arrays_bytes,
    read_arrays,
    read_value,
    value_bytes,
)

ARRAYS = {
    "w": np.arange(6, dtype="<f4").reshape(2, 3),
    "b": np.array(-1.5, "<f8"),
    "steps": np.array([7], "<i8"),
    "none": np.zeros((0, 4), "<f2"),
}
DTYPES = st.sampled_from([np.dtype(code) for code in ("<f2", "<f4", ">f8", "<i8", "u1", "?")])


@dataclass(frozen=True)
class Kept:
    number: int
    values: Any


def anything(name: str) -> bool:
    del name
    return True


def nothing(name: str) -> bool:
    del name
    return False


def test_the_address_of_an_update_is_what_its_node_committed_to() -> None:
    assert address_of(arrays_bytes(ARRAYS)) == update_digest(ARRAYS)


@given(st.dictionaries(st.text(max_size=9), hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0))))
def test_arrays_come_back_as_they_went(arrays: dict[str, np.ndarray]) -> None:
    found = read_arrays(arrays_bytes(arrays))
    assert [*found] == [*arrays]
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable
    assert update_digest(found) == update_digest(arrays)


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_an_error(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_arrays(data)


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_changed_bytes_are_other_arrays_or_none(place: int) -> None:
    data = bytearray(arrays_bytes(ARRAYS))
    data[place % len(data)] ^= 1
    try:
        found = read_arrays(bytes(data))
    except EncodingError:
        return
    assert update_digest(found) == address_of(bytes(data)) != update_digest(ARRAYS)


@pytest.mark.parametrize("dtype", [b"0303", b"()f4", b"f4,i", b"{'a':", b"|O8", b"<U1"])
def test_a_dtype_that_numpy_would_evaluate_is_refused(dtype: bytes) -> None:
    data = arrays_bytes({"w": np.zeros(2, "<c16")})
    written = b"\x04\x00\x00\x00\x00\x00\x00\x00<c16"
    assert written in data
    with pytest.raises(EncodingError, match="no bytes of arrays"):
        read_arrays(data.replace(written, len(dtype).to_bytes(8, "little") + dtype))


@pytest.mark.parametrize("tail", [b"\x00", b"more"])
def test_nothing_may_follow(tail: bytes) -> None:
    with pytest.raises(EncodingError, match="no bytes of arrays"):
        read_arrays(arrays_bytes(ARRAYS) + tail)


def test_a_value_comes_back_as_it_went() -> None:
    value = {"a": (1, None, [0.1, float("inf")]), "k": Kept(3, np.arange(4.0))}
    found = read_value(value_bytes(value), anything)
    assert found["a"] == value["a"]
    assert found["k"].number == 3
    np.testing.assert_array_equal(found["k"].values, np.arange(4.0))


def test_no_class_is_made_that_has_no_place_there() -> None:
    with pytest.raises(EncodingError, match="has no place in here"):
        read_value(value_bytes(Kept(1, 2)), nothing)


@pytest.mark.parametrize("value", [0, "text", {"of": ["x"]}, {"tree": np.ones(2)}])
def test_an_address_is_that_of_one_form(value: object) -> None:
    data = value_bytes(value)
    assert value_bytes(read_value(data, anything)) == data


def test_the_bytes_are_pinned() -> None:
    assert address_of(arrays_bytes(ARRAYS)).hex() == (
        "1e35f945f349879402964f0368be7b41d4ffecee52d0994399d304e7a8e1a8d8"
    )
    assert address_of(value_bytes({"a": (1, b"x", 0.5, np.arange(3.0))})).hex() == (
        "cebc9b12f5b6d4364f2d5f23db5d72866f42f1675c943c167462074c0858a78e"
    )
