"""Python against the vectors that the pallet's Rust tests wrote and read."""

from __future__ import annotations

import pytest

from pallet_bridge.encoding import (
    attest_payload,
    attest_statement,
    commitment_hash,
    escrow_account,
    instruction_payload,
    leaf_hash,
    refute_statement,
    statement_hash,
)
from pallet_bridge.keys import verify
from pallet_bridge.settlement.merkle import merkle_root
from pallet_bridge.terms_codec import decode_terms, encode_terms
from pallet_bridge.types import RoundBinding
from tests.vectors.reading import Row, account, leaf, rows


def binding(row: Row) -> RoundBinding:
    return RoundBinding(
        genesis=bytes.fromhex(row["genesis"]),
        federation=int(row["federation"]),
        round=int(row["round"]),
        coordinator=account(row["coordinator"]),
        base_model=bytes.fromhex(row["base_model"]),
        terms_hash=bytes.fromhex(row["terms_hash"]),
    )


@pytest.mark.parametrize("row", rows("commitment"))
def test_commitments(row: Row) -> None:
    digest, salt = bytes.fromhex(row["update_digest"]), bytes.fromhex(row["salt"])
    assert commitment_hash(account(row["account"]), digest, salt).hex() == row["commitment"]


@pytest.mark.parametrize("row", rows("statement"))
def test_what_a_member_signs(row: Row) -> None:
    commitment, num_examples = bytes.fromhex(row["commitment"]), int(row["num_examples"])
    found = statement_hash(binding(row), account(row["account"]), commitment, num_examples)
    assert found.hex() == row["message"]


@pytest.mark.parametrize("row", rows("instruction"))
def test_what_a_coordinator_signs(row: Row) -> None:
    assert instruction_payload(binding(row), int(row["expires"])).hex() == row["message"]


@pytest.mark.parametrize("row", rows("attest"))
def test_what_an_attester_signs(row: Row) -> None:
    bound = binding({**row, "coordinator": "00" * 32, "base_model": "00" * 32})
    parts = {name: bytes.fromhex(row[name]) for name in ("model", "report", "root")}
    statement = attest_statement(bound, **parts)
    assert statement.hex() == row["statement"]
    assert attest_payload(bound.key, account(row["account"]), statement).hex() == row["message"]


@pytest.mark.parametrize("row", rows("refute"))
def test_what_an_attester_signs_who_refutes(row: Row) -> None:
    bound = binding({**row, "coordinator": "00" * 32, "base_model": "00" * 32})
    parts = {name: bytes.fromhex(row[name]) for name in ("model", "report", "root")}
    statement = refute_statement(bound, **parts)
    assert statement.hex() == row["statement"]
    assert statement != attest_statement(bound, **parts)
    assert attest_payload(bound.key, account(row["account"]), statement).hex() == row["message"]


STORED_TERMS = [row for row in rows("stored") if row["type"].partition(".")[0] == "Terms"]


@pytest.mark.parametrize("row", STORED_TERMS, ids=lambda row: str(row["type"]))
def test_terms_as_they_are_stored(row: Row) -> None:
    data = bytes.fromhex(row["encoding"])
    assert encode_terms(decode_terms(data)) == data


@pytest.mark.parametrize("row", rows("signature"))
def test_signatures(row: Row) -> None:
    message, signature = bytes.fromhex(row["message"]), bytes.fromhex(row["signature"])
    assert verify(account(row["public"]), message, signature) is (row["valid"] == "1")


@pytest.mark.parametrize("row", rows("leaf"))
def test_leaves(row: Row) -> None:
    assert leaf_hash(leaf(row, revealed=row["revealed"])).hex() == row["leaf"]


@pytest.mark.parametrize("row", rows("root"))
def test_roots(row: Row) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in row["leaves"].split(",") if leaf]
    assert merkle_root(leaves).hex() == row["root"]


@pytest.mark.parametrize("row", rows("escrow"))
def test_escrow_accounts(row: Row) -> None:
    assert escrow_account(int(row["federation"])) == account(row["account"])
