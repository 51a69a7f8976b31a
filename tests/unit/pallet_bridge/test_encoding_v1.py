"""The forms of old runs stay what they were: the audit still reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pallet_bridge.encoding_v1 import (
    attest_payload,
    attest_statement,
    commitment_hash,
    leaf_hash,
    signing_payload,
    update_digest,
)
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId, Leaf, Opening, Outcome, Planck, RoundKey
from tests.unit.pallet_bridge.plain_hash import hashed, u32, u64, u128

if TYPE_CHECKING:
    from collections.abc import Mapping

ARRAYS = {"weight": np.arange(6, dtype="<f4").reshape(2, 3), "bias": np.array(1.5, dtype="<f8")}
KEY = RoundKey(genesis=b"\1" * 32, federation=2, round=3)
PLACE = b"\1" * 32 + u32(2) + u32(3)
ACCOUNT = AccountId(b"\4" * 32)
OPENING = Opening(update_digest=b"\6" * 32, num_examples=5, salt=b"\7" * 32)


def committed(
    key: Mapping[str, Any] | None = None,
    opening: Mapping[str, Any] | None = None,
    account: AccountId = ACCOUNT,
) -> bytes:
    return commitment_hash(replace(KEY, **key or {}), account, replace(OPENING, **opening or {}))


def test_a_digest_is_over_these_bytes() -> None:
    expected = hashed(
        b"\x38bcfl/update/v1",
        u32(2),
        *(u64(6), b"weight", u64(3), b"<f4", u64(2), u64(2), u64(3)),
        *(u64(24), ARRAYS["weight"].tobytes()),
        *(u64(4), b"bias", u64(3), b"<f8", u64(0), u64(8), ARRAYS["bias"].tobytes()),
    )
    assert update_digest(ARRAYS) == expected
    assert expected.hex() == "b5d185042e540fe34c6be4e05b3f170f6da966e3f8a143493ead43f15666d8da"


def test_a_commitment_and_what_was_signed_are_over_these_bytes() -> None:
    said = b"\6" * 32 + u64(5)
    assert committed() == hashed(b"\x38bcfl/commit/v1", PLACE, b"\4" * 32, said, b"\7" * 32)
    signed = hashed(b"\x30bcfl/sign/v1", PLACE, b"\4" * 32, said)
    assert signing_payload(KEY, ACCOUNT, b"\6" * 32, 5) == signed


def test_an_attestation_is_over_these_bytes() -> None:
    parts = {"model": b"\x0a" * 32, "report": b"\x0b" * 32, "root": b"\x0c" * 32}
    statement = hashed(b"\x38bcfl/attest/v1", PLACE, *parts.values())
    assert attest_statement(KEY, **parts) == statement
    signed = hashed(b"\x4cbcfl/attest-sign/v1", PLACE, b"\4" * 32, statement)
    assert attest_payload(KEY, ACCOUNT, statement) == signed


def test_a_leaf_is_over_these_bytes() -> None:
    leaf = Leaf(ACCOUNT, b"\5" * 32, b"\6" * 32, Outcome.EXCLUDED, -2, 1, Planck(2**70), 9)
    score, tail = b"\xfe" + b"\xff" * 7, u32(1) + u128(2**70) + b"\x09"
    expected = hashed(b"\0\x30bcfl/leaf/v2", b"\4" * 32, b"\5" * 32, b"\6" * 32, b"\2", score, tail)
    assert leaf_hash(leaf) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"key": {"genesis": bytes(31)}},
        {"key": {"federation": 2**32}},
        {"key": {"round": -1}},
        {"opening": {"num_examples": 2**64}},
        {"opening": {"salt": bytes(33)}},
        {"opening": {"update_digest": b""}},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        committed(**change)
