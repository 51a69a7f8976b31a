"""Mask keys, what two nodes derive from them, and shares that only their receiver can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bcfl_plugins.secure.streams import SEED_BYTES
from pallet_bridge.encoding import round_bytes
from pallet_bridge.scale import scale_str

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId, RoundKey

KEY_BYTES = 32
NONCE = bytes(12)
"""A key that seals is derived for one share of one round, so it seals once."""


class CannotOpen(ValueError):
    """A sealed share is not what its sender sealed for this node in this round."""


class MaskKey:
    """A node's key for masks: X25519, made for one run.

    Parameters
    ----------
    secret : bytes or None
        32 secret bytes; `None`: new ones.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        made = X25519PrivateKey.generate()
        self._key = made if secret is None else X25519PrivateKey.from_private_bytes(secret)

    @property
    def public(self) -> bytes:
        """32 public bytes."""
        return self._key.public_key().public_bytes_raw()

    @property
    def secret(self) -> bytes:
        """32 secret bytes."""
        return self._key.private_bytes_raw()

    def agrees_with(self, key: bytes) -> None:
        """Refuse a public key with which no secret can be agreed on.

        Raises
        ------
        ValueError
            If so.
        """
        self._key.exchange(X25519PublicKey.from_public_bytes(key))

    def pair_seed(self, place: RoundKey, me: AccountId, peer: AccountId, key: bytes) -> bytes:
        """Return the seed of the mask between two nodes in one round: both derive the same.

        Raises
        ------
        ValueError
            If the peer's key is none.
        """
        low, high = sorted((me.raw, peer.raw))
        return self._derived("bcfl/mask/v1", place, low + high, key)

    def seal(
        self, place: RoundKey, me: AccountId, peer: AccountId, key: bytes, share: bytes
    ) -> bytes:
        """Seal a share of this node's own seed for one peer."""
        sealing = self._derived("bcfl/mask-share/v1", place, me.raw + peer.raw, key)
        return ChaCha20Poly1305(sealing).encrypt(NONCE, share, None)

    def open(
        self, place: RoundKey, dealer: AccountId, me: AccountId, key: bytes, sealed: bytes
    ) -> bytes:
        """Open a share that a peer sealed for this node.

        Raises
        ------
        CannotOpen
            If it is something else.
        """
        sealing = self._derived("bcfl/mask-share/v1", place, dealer.raw + me.raw, key)
        try:
            return ChaCha20Poly1305(sealing).decrypt(NONCE, sealed, None)
        except InvalidTag:
            raise CannotOpen("it was not sealed for this node in this round") from None

    def seal_whole(
        self, place: RoundKey, sender: AccountId, key: bytes, plain: bytes, bound: bytes
    ) -> bytes:
        """Seal something for the owner of another key; `self` must be made for this one use.

        Parameters
        ----------
        place, sender
            The round, and whose it is.
        key
            The receiver's public key.
        plain
            What is sealed.
        bound
            What it belongs to: it cannot be opened as that of anything else.

        Raises
        ------
        ValueError
            If the receiver's key is none.
        """
        sealing = self._derived("bcfl/halves-seal/v1", place, sender.raw, key)
        return ChaCha20Poly1305(sealing).encrypt(NONCE, plain, bound)

    def open_whole(
        self, place: RoundKey, sender: AccountId, key: bytes, sealed: bytes, bound: bytes
    ) -> bytes:
        """Open what a sender sealed for this key, see `seal_whole`.

        Raises
        ------
        CannotOpen
            If it is something else.
        ValueError
            If the sender's key is none.
        """
        sealing = self._derived("bcfl/halves-seal/v1", place, sender.raw, key)
        try:
            return ChaCha20Poly1305(sealing).decrypt(NONCE, sealed, bound)
        except InvalidTag:
            raise CannotOpen("it was not sealed for this aggregator in this round") from None

    def _derived(self, purpose: str, place: RoundKey, names: bytes, key: bytes) -> bytes:
        info = scale_str(purpose) + round_bytes(place) + names
        shared = self._key.exchange(X25519PublicKey.from_public_bytes(key))
        return HKDF(SHA256(), SEED_BYTES, salt=None, info=info).derive(shared)
