"""Python against the vectors that the pallet's Rust tests wrote and read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pallet_bridge.encoding import (
    commitment_hash,
    escrow_account,
    leaf_hash,
    signing_payload,
)
from pallet_bridge.keys import verify
from pallet_bridge.settlement.merkle import merkle_root
from pallet_bridge.types import AccountId, Leaf, Opening, Outcome, Planck, RoundKey

VECTORS = Path(__file__).parents[2] / "pallet_bridge" / "vectors"
OUTCOMES = {"0": Outcome.ACCEPTED, "1": Outcome.REJECTED, "2": Outcome.EXCLUDED}

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (VECTORS / f"{name}.tsv").open(newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t"))
    assert len(found) > 2, f"{name}.tsv is all but empty"
    return found


def account(text: str) -> AccountId:
    return AccountId(bytes.fromhex(text))


def key(row: Row) -> RoundKey:
    return RoundKey(bytes.fromhex(row["genesis"]), int(row["federation"]), int(row["round"]))


@pytest.mark.parametrize("row", rows("commitment"))
def test_commitments(row: Row) -> None:
    opening = Opening(
        update_digest=bytes.fromhex(row["update_digest"]),
        num_examples=int(row["num_examples"]),
        salt=bytes.fromhex(row["salt"]),
    )
    found = commitment_hash(key(row), account(row["account"]), opening)
    assert found.hex() == row["commitment"]


@pytest.mark.parametrize("row", rows("sign"))
def test_what_a_member_signs(row: Row) -> None:
    commitment, num_examples = bytes.fromhex(row["commitment"]), int(row["num_examples"])
    found = signing_payload(key(row), account(row["account"]), commitment, num_examples)
    assert found.hex() == row["message"]


@pytest.mark.parametrize("row", rows("signature"))
def test_signatures(row: Row) -> None:
    message, signature = bytes.fromhex(row["message"]), bytes.fromhex(row["signature"])
    assert verify(account(row["public"]), message, signature) is (row["valid"] == "1")


@pytest.mark.parametrize("row", rows("leaf"))
def test_leaves(row: Row) -> None:
    leaf = Leaf(
        account=account(row["account"]),
        commitment=bytes.fromhex(row["commitment"]),
        digest=bytes.fromhex(row["digest"]),
        outcome=OUTCOMES[row["outcome"]],
        score=int(row["score"]),
        strikes=int(row["strikes"]),
        reward=Planck(int(row["reward"])),
        reason=int(row["reason"]),
    )
    assert leaf_hash(leaf).hex() == row["leaf"]


@pytest.mark.parametrize("row", rows("root"))
def test_roots(row: Row) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in row["leaves"].split(",") if leaf]
    assert merkle_root(leaves).hex() == row["root"]


@pytest.mark.parametrize("row", rows("escrow"))
def test_escrow_accounts(row: Row) -> None:
    assert escrow_account(int(row["federation"])) == account(row["account"])
