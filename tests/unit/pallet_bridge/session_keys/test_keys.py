from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ed25519_zebra  # type: ignore[import-untyped]
import pytest

from pallet_bridge.errors import ConfigError, EncodingError
from pallet_bridge.keys import Signer
from pallet_bridge.session_keys import SessionKeys, SignedKeys

if TYPE_CHECKING:
    from pathlib import Path

OWNER, OTHER = (Signer.from_uri(f"//{name}").account for name in ("Dave", "Eve"))


def signed() -> SignedKeys:
    aura = Signer.from_uri("//aura")
    secret, public = ed25519_zebra.ed_from_seed(b"\3" * 32)
    message = b"POP_" + OWNER.raw
    proof = aura.sign(message) + bytes(ed25519_zebra.ed_sign(secret, message))
    return SignedKeys(OWNER, SessionKeys(aura.account.raw, bytes(public)), proof)


def test_a_proof_is_of_both_keys_for_one_account() -> None:
    good = signed()
    assert good.is_proved
    assert not replace(good, account=OTHER).is_proved
    for place in (0, 63, 64, 127):
        changed = bytearray(good.proof)
        changed[place] ^= 1
        assert not replace(good, proof=bytes(changed)).is_proved
    assert not replace(good, proof=good.proof[:-1]).is_proved
    assert not replace(good, proof=b"").is_proved
    swapped = SessionKeys(good.keys.grandpa, good.keys.aura)
    assert not replace(good, keys=swapped).is_proved


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(signed().as_bytes())
    assert SignedKeys.read(path).is_proved
    assert SessionKeys.from_raw(signed().keys.raw) == signed().keys
    with pytest.raises(EncodingError, match="64 bytes"):
        SessionKeys.from_raw(b"\0" * 63)


@pytest.mark.parametrize(
    "change",
    [
        (b"bcfl-session-keys/1", b"bcfl-session-keys/2"),
        (b'"keys":"0x', b'"keys":"0y'),
        (b'"proof"', b'"prove"'),
        (b"5", b"l"),
        (b"}", b""),
    ],
)
def test_what_is_no_such_file_says_what_writes_one(
    tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(signed().as_bytes().replace(*change))
    with pytest.raises(ConfigError, match="new-keys"):
        SignedKeys.read(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        SignedKeys.read(tmp_path / "absent")
