"""The keys of one validator, and the file in which they come with the proof that it has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ed25519_zebra  # type: ignore[import-untyped]

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ConfigError, EncodingError
from pallet_bridge.jsonio import canonical, parse
from pallet_bridge.keys import Signer, junctions, read_seed, verify
from pallet_bridge.scale import scale_str
from pallet_bridge.types.base import HASH_BYTES, AccountId

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.jsonio import Record

AURA, GRANDPA = "aura", "gran"
"""The kinds, as keystores name them."""
_FORMAT = "bcfl-session-keys/1"
_KEYS_BYTES, _SIGNATURE_BYTES = 2 * HASH_BYTES, 64
_OWNED = b"POP_"


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """Public keys: an sr25519 one for blocks, an ed25519 one for finality.

    Parameters
    ----------
    aura, grandpa : bytes
        32 bytes each.
    """

    aura: bytes
    grandpa: bytes

    @classmethod
    def from_raw(cls, raw: bytes) -> SessionKeys:
        """Read both keys as a node gives them.

        Raises
        ------
        EncodingError
            When these are not 64 bytes.
        """
        if len(raw) != _KEYS_BYTES:
            raise EncodingError(f"session keys of this runtime have 64 bytes, not {len(raw)}")
        return cls(raw[:HASH_BYTES], raw[HASH_BYTES:])

    @property
    def raw(self) -> bytes:
        """Both, one after the other."""
        return self.aura + self.grandpa

    def by_kind(self) -> dict[str, bytes]:
        """Return each key by the name of its kind."""
        return {AURA: self.aura, GRANDPA: self.grandpa}


@dataclass(frozen=True, slots=True)
class SignedKeys:
    """Session keys for one account, signed with both of them.

    Parameters
    ----------
    account : AccountId
        Whose they are to be.
    keys : SessionKeys
        The public keys.
    proof : bytes
        Both signatures over the account: the chain takes the keys for it only.
    """

    account: AccountId
    keys: SessionKeys
    proof: bytes

    @property
    def is_proved(self) -> bool:
        """Whether the proof is one: the chain refuses keys without it."""
        message = _OWNED + self.account.raw
        of_aura, of_grandpa = self.proof[:_SIGNATURE_BYTES], self.proof[_SIGNATURE_BYTES:]
        if not verify(AccountId(self.keys.aura), message, of_aura):
            return False
        try:
            return bool(ed25519_zebra.ed_verify(of_grandpa, message, self.keys.grandpa))
        except ValueError:  # bytes that are no signature, or no key
            return False

    def as_bytes(self) -> bytes:
        """Return the file that an operator hands to the owner of the account. Nothing is secret."""
        fields = {
            "format": _FORMAT,
            "account": str(self.account),
            "keys": "0x" + self.keys.raw.hex(),
            "proof": "0x" + self.proof.hex(),
        }
        return canonical(fields) + b"\n"

    @classmethod
    def read(cls, path: Path) -> SignedKeys:
        """Read such a file.

        Raises
        ------
        ConfigError
            When it cannot be read, or is none.
        """
        try:
            return cls._of(parse(path.read_bytes()))
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
        except EncodingError as error:
            raise ConfigError(
                f"{path} holds no session keys: {error}. `bcfl validator new-keys` writes them"
            ) from None

    @classmethod
    def _of(cls, record: Record) -> SignedKeys:
        _of_kind(record.text("format"))
        account = AccountId.parse(record.text("account"))
        keys = SessionKeys.from_raw(_hex(record.text("keys")))
        return cls(account, keys, _hex(record.text("proof")))


def _of_kind(text: str) -> None:
    if text != _FORMAT:
        raise EncodingError(f"its format is not {_FORMAT}")


def public_key(kind: str, secret: str) -> bytes:
    """Return the public key that a secret URI makes for a kind.

    Raises
    ------
    ConfigError
        When it is no secret URI without a password, or has a soft step, which ed25519 cannot.
    """
    if kind == AURA:
        return Signer.from_uri(secret).account.raw
    phrase, steps = junctions(secret)
    seed = read_seed(phrase)
    for hard, code in steps:
        if not hard:
            raise ConfigError("ed25519 keys have no soft derivation; write //name")
        seed = blake2_256(scale_str("Ed25519HDKD") + seed + code)
    _, public = ed25519_zebra.ed_from_seed(seed)
    return bytes(public)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise EncodingError("it has something else where hex is due") from None
