from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pallet_bridge.encoding import (
    attest_statement,
    blake2_256,
    commitment_hash,
    compact,
    hash_chain,
    identity_payload,
    scale_str,
    signing_payload,
    update_digest,
)
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId, Opening, RoundKey

if TYPE_CHECKING:
    from collections.abc import Mapping

ARRAYS = {"weight": np.arange(6, dtype="<f4").reshape(2, 3), "bias": np.array(1.5, dtype="<f8")}
PINNED = "b5d185042e540fe34c6be4e05b3f170f6da966e3f8a143493ead43f15666d8da"
KEY = RoundKey(genesis=b"\1" * 32, federation=2, round=3)
ACCOUNT = AccountId(b"\4" * 32)
OPENING = Opening(update_digest=b"\6" * 32, num_examples=5, salt=b"\7" * 32)


def committed(
    key: Mapping[str, Any] | None = None,
    opening: Mapping[str, Any] | None = None,
    account: AccountId = ACCOUNT,
) -> bytes:
    return commitment_hash(replace(KEY, **key or {}), account, replace(OPENING, **opening or {}))


def test_a_digest_is_over_these_bytes() -> None:
    expected = blake2b(digest_size=32)
    expected.update(b"\x38bcfl/update/v1" + (2).to_bytes(4, "little"))
    for name, dtype, shape, data in (
        (b"weight", b"<f4", (2, 3), ARRAYS["weight"].tobytes()),
        (b"bias", b"<f8", (), ARRAYS["bias"].tobytes()),
    ):
        for part in (name, dtype):
            expected.update(len(part).to_bytes(8, "little") + part)
        for size in (len(shape), *shape):
            expected.update(size.to_bytes(8, "little"))
        expected.update(len(data).to_bytes(8, "little") + data)
    assert update_digest(ARRAYS) == expected.digest()


def test_the_digest_is_what_it_was() -> None:
    assert update_digest(ARRAYS).hex() == PINNED


@pytest.mark.parametrize(
    "same",
    [
        lambda a: a.astype(a.dtype.newbyteorder(">")),
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        np.array,
    ],
    ids=["big-endian", "fortran", "strided", "copied"],
)
def test_the_digest_is_of_values_and_not_of_their_layout(same: Any) -> None:
    array = ARRAYS["weight"]
    assert update_digest({"w": same(array)}) == update_digest({"w": array})


@pytest.mark.parametrize(
    "other",
    [
        {"bias": ARRAYS["bias"], "weight": ARRAYS["weight"]},
        {"weight": ARRAYS["weight"]},
        ARRAYS | {"weight": ARRAYS["weight"].T},
        ARRAYS | {"weight": ARRAYS["weight"].reshape(6)},
        ARRAYS | {"weight": ARRAYS["weight"].astype("<f8")},
        ARRAYS | {"weight": ARRAYS["weight"].view("<i4")},
        ARRAYS | {"weight": np.negative(ARRAYS["weight"])},
        {"Weight": ARRAYS["weight"], "bias": ARRAYS["bias"]},
    ],
)
def test_the_digest_sees_every_difference(other: Any) -> None:
    assert update_digest(other) != update_digest(ARRAYS)


def test_names_and_bytes_do_not_run_into_each_other() -> None:
    one = update_digest({"ab": np.zeros(0, "u1"), "c": np.zeros(1, "u1")})
    other = update_digest({"a": np.zeros(0, "u1"), "bc": np.zeros(1, "u1")})
    assert one != other


def test_a_large_contiguous_array_is_not_copied() -> None:
    array = np.zeros((1000, 1000), "<f4")
    array.flags.writeable = False
    assert update_digest({"w": array}) == update_digest({"w": array.copy()})


@pytest.mark.parametrize("dtype", ["O", "S3", "U3", "V4", "M8[s]", "m8[s]"])
def test_arrays_without_plain_numbers_have_no_digest(dtype: str) -> None:
    with pytest.raises(EncodingError, match="array 'w' has dtype"):
        update_digest({"w": np.zeros(2, dtype)})


def test_the_empty_update_has_a_digest() -> None:
    assert update_digest({}) != update_digest({"": np.zeros(0, "u1")})


@pytest.mark.parametrize(
    "change",
    [
        {"key": {"genesis": b"\2" * 32}},
        {"key": {"federation": 3}},
        {"key": {"round": 2}},
        {"account": AccountId(b"\5" * 32)},
        {"opening": {"num_examples": 6}},
        {"opening": {"update_digest": b"\x07" * 32}},
        {"opening": {"salt": b"\x09" * 32}},
    ],
)
def test_a_commitment_fits_one_place_only(change: dict[str, Any]) -> None:
    assert committed() != committed(**change)


def test_what_is_signed_is_not_what_is_committed() -> None:
    signed = signing_payload(KEY, ACCOUNT, b"\6" * 32, 5)
    assert len(signed) == 32
    assert signed != signing_payload(replace(KEY, round=4), ACCOUNT, b"\6" * 32, 5)


def test_a_statement_is_of_one_settlement() -> None:
    said = {"model": b"\4" * 32, "report": b"\5" * 32, "root": b"\6" * 32}
    statement = attest_statement(KEY, **said)
    assert attest_statement(replace(KEY, round=4), **said) != statement
    for name in said:
        assert attest_statement(KEY, **said | {name: bytes(32)}) != statement


def test_each_link_of_a_chain_hashes_to_the_one_before() -> None:
    chain = hash_chain(b"\7" * 32, 3)
    assert len(chain) == 4
    assert chain[-1] == b"\7" * 32
    for link, preimage in pairwise(chain):
        assert blake2_256(preimage) == link


def test_an_identity_answers_one_challenge() -> None:
    place = {"genesis": b"\1" * 32, "federation": 0, "node_id": 2**64 - 1}
    one = identity_payload(**place, challenge=bytes(32))
    assert one != identity_payload(**place, challenge=b"\1" * 32)


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


def test_text_has_its_length_in_bytes() -> None:
    assert scale_str("Zoë") == b"\x10Zo\xc3\xab"


def test_a_length_without_short_form_is_refused() -> None:
    with pytest.raises(EncodingError):
        compact(2**30)
