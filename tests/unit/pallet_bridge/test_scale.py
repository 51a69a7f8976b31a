from __future__ import annotations

import pytest

from pallet_bridge.errors import EncodingError
from pallet_bridge.scale import compact, hash32, int64, scale_bytes, scale_str, uint, utf8


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, b"\x00"),
        (63, b"\xfc"),
        (64, b"\x01\x01"),
        (16_383, b"\xfd\xff"),
        (16_384, b"\x02\x00\x01\x00"),
    ],
)
def test_compact_lengths(value: int, data: bytes) -> None:
    assert compact(value) == data


def test_text_and_bytes_have_their_length_in_front() -> None:
    assert scale_str("Zoë") == b"\x10Zo\xc3\xab"
    assert scale_bytes(b"\xff\x00") == b"\x08\xff\x00"


def test_numbers_are_little_endian() -> None:
    assert uint(0x0102, 4) == b"\x02\x01\x00\x00"
    assert int64(-2) == b"\xfe" + b"\xff" * 7


@pytest.mark.parametrize("value", [-1, 2**30])
def test_a_length_without_short_form_is_refused(value: int) -> None:
    with pytest.raises(EncodingError):
        compact(value)


@pytest.mark.parametrize("value", [-1, 2**16])
def test_an_unsigned_number_that_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(EncodingError, match="16 bits"):
        uint(value, 2)


@pytest.mark.parametrize("value", [-(2**63) - 1, 2**63])
def test_a_signed_number_that_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(EncodingError, match="64 bits"):
        int64(value)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_hash_has_32_bytes(size: int) -> None:
    with pytest.raises(EncodingError, match=f"root has 32 bytes, not {size}"):
        hash32("root", bytes(size))


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(EncodingError, match="surrogate"):
        utf8("\ud800")
