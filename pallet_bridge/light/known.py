"""What was proved to be final before: a later look goes on from there, and never back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob
from pallet_bridge.errors import EncodingError
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.authorities import AuthoritySet, encode_weights, read_weights

if TYPE_CHECKING:
    from typing import Self

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class KnownFinal:
    """A header that was proved to be final, and who makes the blocks after it final."""

    header: Header
    authorities: AuthoritySet

    def encode(self) -> bytes:
        """Return the version (1 byte), the header (SCALE bytes), the set's id (u64), its keys."""
        return b"".join(
            (
                bytes([_VERSION]),
                blob(self.header.encode()),
                self.authorities.id.to_bytes(8, "little"),
                encode_weights(self.authorities.weights),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read what `encode` gave.

        Raises
        ------
        EncodingError
            When the bytes are not exactly that.
        """
        reader = ScaleReader(data)
        try:
            if reader.uint(1) != _VERSION:
                raise EncodingError("what is remembered of a chain is of another version")
            header = Header.decode(reader.blob())
            authorities = AuthoritySet(reader.uint(8), read_weights(reader))
            reader.finish()
        except (DecodeError, ProofRefused) as error:
            raise EncodingError(f"what is remembered of a chain is damaged: {error}") from error
        return cls(header, authorities)
