from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from blake3 import blake3

from pallet_bridge.encoding import (
    attest_payload,
    attest_statement,
    blake2_256,
    commitment_hash,
    hash_chain,
    identity_payload,
    instruction_payload,
    leaf_hash,
    plain,
    question_payload,
    statement_hash,
    terms_hash,
    update_digest,
)
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId, Leaf, Outcome, Planck, RoundBinding
from tests.unit.pallet_bridge.plain_hash import hashed, u32, u64, u128

ARRAYS = {"weight": np.arange(6, dtype="<f4").reshape(2, 3), "bias": np.array(1.5, dtype="<f8")}
ACCOUNT = AccountId(b"\4" * 32)
BINDING = RoundBinding(
    genesis=b"\1" * 32,
    federation=2,
    round=3,
    coordinator=AccountId(b"\x0d" * 32),
    base_model=b"\x0e" * 32,
    terms_hash=b"\x0f" * 32,
)
ROUND = b"\1" * 32 + u32(2) + u32(3)
SHOWN = b"\x0d" * 32 + b"\x0e" * 32 + b"\x0f" * 32
"""Coordinator, base model and terms, as they are in a statement."""
CHANGES = [
    {"genesis": b"\2" * 32},
    {"federation": 3},
    {"round": 2},
    {"coordinator": ACCOUNT},
    {"base_model": b"\2" * 32},
    {"terms_hash": b"\2" * 32},
]


def test_a_digest_is_over_these_bytes() -> None:
    header = (
        b"\x38bcfl/arrays/v2"
        + u32(2)
        + (u64(6) + b"weight" + u64(3) + b"<f4" + u64(2) + u64(2) + u64(3) + u64(24))
        + (u64(4) + b"bias" + u64(3) + b"<f8" + u64(0) + u64(8))
    )
    data = ARRAYS["weight"].tobytes() + ARRAYS["bias"].tobytes()
    assert update_digest(ARRAYS) == blake3(header + data).digest()


def test_the_digest_is_what_it_was() -> None:
    pinned = "7923df87f74d5115b392439f7aa6f3b7c2c615f5cc6a6dfe90b4273a67d463f4"
    assert update_digest(ARRAYS).hex() == pinned


def test_the_threads_of_a_large_update_change_nothing() -> None:
    large = {"a": np.arange(400_000, dtype="<f4"), "b": np.ones(3), "c": np.arange(900_000)}
    header = b"\x38bcfl/arrays/v2" + u32(3)
    for name, array in large.items():
        dtype = array.dtype.str.encode()
        header += u64(1) + name.encode() + u64(3) + dtype + u64(1) + u64(array.size)
        header += u64(array.nbytes)
    data = b"".join(array.tobytes() for array in large.values())
    assert update_digest(large) == blake3(header + data, max_threads=1).digest()


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


def test_a_byte_cannot_move_from_one_array_to_the_next() -> None:
    one = {"a": np.array([1, 2], "u1"), "b": np.array([3], "u1")}
    other = {"a": np.array([1], "u1"), "b": np.array([2, 3], "u1")}
    assert update_digest(one) != update_digest(other)


@pytest.mark.parametrize("array", [np.zeros((1000, 100), "<f4"), np.ones(3, "?"), np.array(2.0)])
def test_a_contiguous_array_is_not_copied(array: Any) -> None:
    array.flags.writeable = False
    assert np.shares_memory(np.frombuffer(plain(array), "u1"), array)


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "c16"])
def test_every_plain_dtype_has_a_digest_of_its_own(dtype: str) -> None:
    digest = update_digest({"w": np.zeros((0, 4), dtype)})
    assert digest != update_digest({"w": np.zeros((0, 4), "<f4")})


@pytest.mark.parametrize("dtype", ["O", "S3", "U3", "V4", "M8[s]", "m8[s]"])
def test_arrays_without_plain_numbers_have_no_digest(dtype: str) -> None:
    with pytest.raises(EncodingError, match="array 'w' has dtype"):
        update_digest({"w": np.zeros(2, dtype)})


def test_the_empty_update_has_a_digest() -> None:
    assert update_digest({}) == blake3(b"\x38bcfl/arrays/v2" + u32(0)).digest()
    assert update_digest({}) != update_digest({"": np.zeros(0, "u1")})


def test_a_name_that_utf8_cannot_write_is_refused() -> None:
    with pytest.raises(EncodingError, match="surrogate"):
        update_digest({"\ud800": np.zeros(1)})


def test_a_commitment_is_over_these_bytes() -> None:
    expected = hashed(b"\x38bcfl/update/v2", b"\4" * 32, b"\6" * 32, b"\7" * 32)
    assert commitment_hash(ACCOUNT, b"\6" * 32, b"\7" * 32) == expected


def test_a_statement_is_over_these_bytes() -> None:
    said = b"\x44bcfl/statement/v2", ROUND, b"\4" * 32, SHOWN, b"\5" * 32, u64(2**64 - 1)
    assert statement_hash(BINDING, ACCOUNT, b"\5" * 32, 2**64 - 1) == hashed(*said)


def test_an_instruction_is_over_these_bytes() -> None:
    expected = hashed(b"\x4cbcfl/instruction/v2", ROUND, SHOWN, u64(1_900_000_000))
    assert instruction_payload(BINDING, 1_900_000_000) == expected


def test_question_and_answer_are_over_these_bytes() -> None:
    asked: Any = {
        "genesis": b"\1" * 32,
        "federation": 2,
        "coordinator": ACCOUNT,
        "node_id": 2**64 - 1,
        "challenge": b"\x0b" * 32,
    }
    said = b"\1" * 32, u32(2), b"\4" * 32, u64(2**64 - 1), b"\x0b" * 32
    assert question_payload(**asked) == hashed(b"\x40bcfl/question/v2", *said)
    assert identity_payload(**asked) == hashed(b"\x40bcfl/identity/v2", *said)


def test_terms_are_hashed_without_their_length() -> None:
    assert terms_hash(b"\1\2\3") == hashed(b"\x34bcfl/terms/v1", b"\1\2\3")


def test_an_attestation_is_over_these_bytes() -> None:
    parts = {"model": b"\x0a" * 32, "report": b"\x0b" * 32, "root": b"\x0c" * 32}
    statement = hashed(b"\x38bcfl/attest/v2", ROUND, b"\x0f" * 32, *parts.values())
    assert attest_statement(BINDING, **parts) == statement
    signed = hashed(b"\x4cbcfl/attest-sign/v2", ROUND, b"\4" * 32, statement)
    assert attest_payload(BINDING.key, ACCOUNT, statement) == signed


@pytest.mark.parametrize(
    ("outcome", "number"),
    [(Outcome.ACCEPTED, 0), (Outcome.REJECTED, 1), (Outcome.EXCLUDED, 2)],
)
def test_a_leaf_is_over_these_bytes(outcome: Outcome, number: int) -> None:
    leaf = Leaf(ACCOUNT, b"\5" * 32, b"\6" * 32, outcome, -2, 1, Planck(2**70), 9)
    score, tail = b"\xfe" + b"\xff" * 7, u32(1) + u128(2**70) + b"\x09"
    head = b"\0\x30bcfl/leaf/v3", b"\4" * 32, b"\5" * 32, b"\6" * 32
    assert leaf_hash(leaf) == hashed(*head, bytes([number]), score, tail)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_what_is_signed_fits_one_round_as_it_was_shown(change: dict[str, Any]) -> None:
    other = replace(BINDING, **change)
    assert statement_hash(other, ACCOUNT, bytes(32), 5) != statement_hash(
        BINDING, ACCOUNT, bytes(32), 5
    )
    assert instruction_payload(other, 9) != instruction_payload(BINDING, 9)


@pytest.mark.parametrize(
    "change",
    [{"genesis": bytes(31)}, {"federation": 2**32}, {"round": -1}, {"base_model": bytes(33)},
     {"terms_hash": b""}],
)  # fmt: skip
def test_a_round_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    other = replace(BINDING, **change)
    with pytest.raises(EncodingError):
        statement_hash(other, ACCOUNT, bytes(32), 5)
    with pytest.raises(EncodingError):
        instruction_payload(other, 9)


@pytest.mark.parametrize(("digest", "salt"), [(b"", bytes(32)), (bytes(32), bytes(31))])
def test_an_update_that_does_not_fit_is_refused(digest: bytes, salt: bytes) -> None:
    with pytest.raises(EncodingError):
        commitment_hash(ACCOUNT, digest, salt)


@pytest.mark.parametrize(("commitment", "examples"), [(bytes(31), 1), (bytes(32), 2**64)])
def test_a_commitment_that_does_not_fit_is_refused(commitment: bytes, examples: int) -> None:
    with pytest.raises(EncodingError):
        statement_hash(BINDING, ACCOUNT, commitment, examples)


def test_each_link_of_a_chain_hashes_to_the_one_before() -> None:
    chain = hash_chain(b"\7" * 32, 3)
    assert len(chain) == 4
    assert chain[-1] == b"\7" * 32
    for link, preimage in pairwise(chain):
        assert blake2_256(preimage) == link
