from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pallet_bridge.encoding import statement_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import Signer
from pallet_bridge.signing import check_commitment, commit_call, sign_commitment
from pallet_bridge.types import RoundBinding

ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
BINDING = RoundBinding(b"\1" * 32, 2, 3, BOB.account, b"\2" * 32, b"\3" * 32)
MADE = sign_commitment(BINDING, ALICE, b"\6" * 32, 5, b"\7" * 32)


def test_what_was_signed_holds() -> None:
    check = check_commitment(BINDING, MADE)
    assert check.is_opened
    assert check.is_signed
    assert check.opened == MADE.commitment


@pytest.mark.parametrize(
    "change",
    [
        {"genesis": bytes(32)},
        {"federation": 3},
        {"round": 2},
        {"coordinator": ALICE.account},
        {"base_model": bytes(32)},
        {"terms_hash": bytes(32)},
    ],
)
def test_it_is_signed_for_its_own_round_as_it_was_shown(change: dict[str, Any]) -> None:
    check = check_commitment(replace(BINDING, **change), MADE)
    assert check.is_opened
    assert not check.is_signed


def test_more_examples_than_were_signed_are_not_signed() -> None:
    check = check_commitment(BINDING, replace(MADE, num_examples=6))
    assert check.is_opened
    assert not check.is_signed


@pytest.mark.parametrize("change", [{"update_digest": bytes(32)}, {"salt": bytes(32)}])
def test_another_opening_is_still_signed(change: dict[str, Any]) -> None:
    check = check_commitment(BINDING, replace(MADE, **change))
    assert not check.is_opened
    assert check.is_signed
    assert check.opened != MADE.commitment


def test_another_signature_still_opens() -> None:
    forged = sign_commitment(BINDING, BOB, b"\6" * 32, 5, b"\7" * 32)
    check = check_commitment(BINDING, replace(MADE, signature=forged.signature))
    assert check.is_opened
    assert not check.is_signed


def test_a_copy_of_anothers_commitment_does_not_open() -> None:
    """Whoever copies digest and salt too has to commit to another hash."""
    check = check_commitment(BINDING, replace(MADE, account=BOB.account))
    assert not check.is_opened
    assert not check.is_signed


def test_who_commits_itself_sends_what_it_would_have_signed() -> None:
    call = commit_call(BINDING, MADE)
    said = statement_hash(BINDING, ALICE.account, MADE.commitment, 5)
    assert call.function == "commit"
    assert call.args == {
        "federation": 2,
        "round": 3,
        "commitment": "0x" + MADE.commitment.hex(),
        "num_examples": 5,
        "statement": "0x" + said.hex(),
    }


def test_what_cannot_be_hashed_is_an_error() -> None:
    with pytest.raises(EncodingError, match="salt"):
        check_commitment(BINDING, replace(MADE, salt=b""))
