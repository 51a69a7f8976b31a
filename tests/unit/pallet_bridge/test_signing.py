from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import Signer
from pallet_bridge.signing import check_commitment, sign_commitment
from pallet_bridge.types import RoundKey

KEY = RoundKey(genesis=b"\1" * 32, federation=2, round=3)
ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
MADE = sign_commitment(KEY, ALICE, b"\6" * 32, 5, b"\7" * 32)


def test_what_was_signed_holds() -> None:
    check = check_commitment(KEY, MADE)
    assert check.is_opened
    assert check.is_signed
    assert check.opened == MADE.commitment


@pytest.mark.parametrize("change", [{"genesis": bytes(32)}, {"federation": 3}, {"round": 2}])
def test_it_holds_in_its_own_round_only(change: dict[str, Any]) -> None:
    check = check_commitment(replace(KEY, **change), MADE)
    assert not check.is_opened
    assert not check.is_signed


@pytest.mark.parametrize("change", [{"update_digest": bytes(32)}, {"salt": bytes(32)}])
def test_another_opening_is_still_signed(change: dict[str, Any]) -> None:
    check = check_commitment(KEY, replace(MADE, **change))
    assert not check.is_opened
    assert check.is_signed
    assert check.opened != MADE.commitment


def test_another_signature_still_opens() -> None:
    forged = sign_commitment(KEY, BOB, b"\6" * 32, 5, b"\7" * 32)
    check = check_commitment(KEY, replace(MADE, signature=forged.signature))
    assert check.is_opened
    assert not check.is_signed


def test_what_cannot_be_hashed_is_an_error() -> None:
    with pytest.raises(EncodingError, match="salt"):
        check_commitment(KEY, replace(MADE, salt=b""))
