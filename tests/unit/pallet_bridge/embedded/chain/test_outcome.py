from __future__ import annotations

import pytest

from pallet_bridge.embedded.chain.outcome import (
    ApplyOutcome,
    Invalid,
    InvalidKind,
    Unknown,
    UnknownKind,
    Valid,
    decode_outcome,
    decode_validity,
)
from pallet_bridge.embedded.errors import DecodeError


def test_a_valid_transaction_is_read_whole() -> None:
    data = "000500000000000000040861620804630040" + "00" * 7 + "01"
    expected = Valid(5, (b"ab",), (b"c", b""), 64, propagate=True)
    assert decode_validity(bytes.fromhex(data)) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("010001", Invalid(InvalidKind.PAYMENT)),
        ("010003", Invalid(InvalidKind.STALE)),
        ("0100072a", Invalid(InvalidKind.CUSTOM, 42)),
        ("01000c", Invalid(InvalidKind.UNKNOWN_ORIGIN)),
        ("010101", Unknown(UnknownKind.NO_UNSIGNED_VALIDATOR)),
        ("01010207", Unknown(UnknownKind.CUSTOM, 7)),
    ],
)
def test_refusals_are_named(data: str, expected: object) -> None:
    assert decode_validity(bytes.fromhex(data)) == expected
    assert decode_outcome(bytes.fromhex(data)) == ApplyOutcome(rejected=expected)


def test_what_a_block_does_with_an_extrinsic() -> None:
    applied = decode_outcome(b"\x00\x00")
    assert (applied.included, applied.ok, applied.retry) == (True, True, False)
    failed = decode_outcome(b"\x00\x01\x03\x08\x07\x00\x00\x00")
    assert failed.dispatch_error == b"\x03\x08\x07\x00\x00\x00"
    assert (failed.included, failed.ok, failed.retry) == (True, False, False)
    full = decode_outcome(b"\x01\x00\x06")
    assert (full.included, full.ok, full.retry) == (False, False, True)
    stale = decode_outcome(b"\x01\x00\x03")
    assert (stale.included, stale.retry) == (False, False)


@pytest.mark.parametrize("data", ["", "02", "010063", "010203", "01000700ff", "00" * 3, "010007"])
def test_anything_else_is_refused(data: str) -> None:
    with pytest.raises(DecodeError):
        decode_validity(bytes.fromhex(data))
    with pytest.raises(DecodeError):
        decode_outcome(bytes.fromhex(data or "03"))
