"""What the audit reads of old runs, against the vectors that the pallet of that time wrote."""

from __future__ import annotations

import pytest

from pallet_bridge.encoding_v1 import (
    attest_payload,
    attest_statement,
    commitment_hash,
    leaf_hash,
    signing_payload,
)
from pallet_bridge.types import Opening, RoundKey
from tests.vectors.reading import Row, account, leaf, rows


def key(row: Row) -> RoundKey:
    return RoundKey(bytes.fromhex(row["genesis"]), int(row["federation"]), int(row["round"]))


@pytest.mark.parametrize("row", rows("commitment_v1"))
def test_commitments(row: Row) -> None:
    opening = Opening(
        update_digest=bytes.fromhex(row["update_digest"]),
        num_examples=int(row["num_examples"]),
        salt=bytes.fromhex(row["salt"]),
    )
    found = commitment_hash(key(row), account(row["account"]), opening)
    assert found.hex() == row["commitment"]


@pytest.mark.parametrize("row", rows("sign_v1"))
def test_what_a_member_signed(row: Row) -> None:
    commitment, num_examples = bytes.fromhex(row["commitment"]), int(row["num_examples"])
    found = signing_payload(key(row), account(row["account"]), commitment, num_examples)
    assert found.hex() == row["message"]


@pytest.mark.parametrize("row", rows("attest_v1"))
def test_what_an_attester_signed(row: Row) -> None:
    parts = {name: bytes.fromhex(row[name]) for name in ("model", "report", "root")}
    statement = attest_statement(key(row), **parts)
    assert statement.hex() == row["statement"]
    assert attest_payload(key(row), account(row["account"]), statement).hex() == row["message"]


@pytest.mark.parametrize("row", rows("leaf_v2"))
def test_leaves(row: Row) -> None:
    assert leaf_hash(leaf(row, revealed=row["digest"])).hex() == row["leaf"]
