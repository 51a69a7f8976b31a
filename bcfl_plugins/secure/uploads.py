"""A second half on its way to the aggregator: signed by its account, sealed for the aggregator.

The header can be read before the rest is, and has a length that is known. The seal makes who hands
the bytes on, or says where the aggregator is, learn nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bcfl_plugins.secure.halves import Halved, vector_digest
from bcfl_plugins.secure.keys import CannotOpen, MaskKey
from pallet_bridge.encoding import blake2_256
from pallet_bridge.keys import verify
from pallet_bridge.scale import hash32, scale_str
from pallet_bridge.types import AccountId, RoundKey

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer

    NDArray = np.ndarray[Any, np.dtype[Any]]

_MAGIC: Final = b"bcflhlv1"
_FORMAT: Final = struct.Struct("<8s32sII32s32s32s32sH32sI32s64s")
HEADER_BYTES: Final = _FORMAT.size
_BLIND, _TAG, _WORD = 32, 16, 4


@dataclass(frozen=True, slots=True)
class Upload:
    """The header of a second half.

    Parameters
    ----------
    place : RoundKey
        The round.
    account : AccountId
        Whose half.
    halved : Halved
        What the account committed to.
    salt : bytes
        Of the commitment.
    length : int
        Words of the half.
    key : bytes
        The public key (X25519) by which the rest is sealed: made for it alone.
    signature : bytes
        The account's, over `payload`.
    """

    place: RoundKey
    account: AccountId
    halved: Halved
    salt: bytes
    length: int
    key: bytes
    signature: bytes = bytes(64)

    @property
    def sealed_bytes(self) -> int:
        """How many bytes follow the header."""
        return _BLIND + _WORD * self.length + _TAG

    @property
    def commitment(self) -> bytes:
        """What the chain has of the update."""
        return self.halved.commitment(self.account, self.salt)

    @property
    def payload(self) -> bytes:
        """The 32 bytes that the account signs."""
        signed = replace(self, signature=bytes(64)).encode()
        return blake2_256(scale_str("bcfl/halves-upload/v1") + signed)

    @property
    def is_signed(self) -> bool:
        """Whether the account signed it."""
        return verify(self.account, self.payload, self.signature)

    def encode(self) -> bytes:
        """Return it as `HEADER_BYTES` bytes."""
        place, halved = self.place, self.halved
        return _FORMAT.pack(
            _MAGIC,
            hash32("genesis", place.genesis),
            place.federation,
            place.round,
            self.account.raw,
            hash32("way", halved.way),
            hash32("seed", halved.seed),
            hash32("vector", halved.vector),
            halved.least,
            hash32("salt", self.salt),
            self.length,
            hash32("key", self.key),
            self.signature,
        )

    @classmethod
    def decode(cls, data: bytes) -> Upload:
        """Read a header.

        Raises
        ------
        ValueError
            If it is something else.
        """
        if len(data) != HEADER_BYTES:
            raise ValueError(f"the header of a half has {HEADER_BYTES} bytes, and {len(data)} came")
        magic, genesis, federation, number, account, *halved, salt, length, key, signature = (
            _FORMAT.unpack(data)
        )
        if magic != _MAGIC:
            raise ValueError("it is no half of an update, or of another version")
        place = RoundKey(genesis, federation, number)
        return cls(place, AccountId(account), Halved(*halved), salt, length, key, signature)

    def open(self, own: MaskKey, sealed: bytes) -> tuple[bytes, NDArray]:
        """Open what follows the header; return the blinding bytes and (d,) uint32 the half.

        Raises
        ------
        CannotOpen
            If it was not sealed for this key, or is not what the account committed to.
        """
        try:
            plain = own.open_whole(self.place, self.account, self.key, sealed, self.payload)
        except ValueError as error:
            raise CannotOpen(str(error)) from error
        blind, vector = plain[:_BLIND], np.frombuffer(plain[_BLIND:], "<u4")
        found = vector_digest(self.place, self.account, blind, vector)
        if vector.size != self.length or found != self.halved.vector:
            raise CannotOpen("it is not the half that its account committed to")
        return blind, vector.astype(np.uint32, copy=False)


def sealed_upload(
    upload: Upload, signer: Signer, aggregator: bytes, blind: bytes, vector: NDArray
) -> bytes:
    """Return the whole of an upload: signed, and sealed for the aggregator's key.

    Parameters
    ----------
    upload
        The header, without the key that seals and without a signature.
    signer
        The account's.
    aggregator
        The public key of the aggregator.
    blind
        32 secret bytes.
    vector
        (d,) uint32: the half.

    Raises
    ------
    ValueError
        If the aggregator's key is none.
    """
    once = MaskKey()
    header = replace(upload, key=once.public)
    header = replace(header, signature=signer.sign(header.payload))
    plain = blind + np.ascontiguousarray(vector, "<u4").tobytes()
    sealed = once.seal_whole(header.place, header.account, aggregator, plain, header.payload)
    return header.encode() + sealed
