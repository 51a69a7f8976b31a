"""Headers and blocks as they go over the wire, and the digest items that authors write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob, compact, vector
from pallet_bridge.embedded.state.hashing import blake2_256

AURA_ENGINE = b"aura"
_OTHER, _CONSENSUS, _SEAL, _PRE_RUNTIME, _ENVIRONMENT_UPDATED = 0, 4, 5, 6, 8


@dataclass(frozen=True, slots=True)
class Header:
    """A block header of a chain with u32 numbers and BLAKE2-256 hashes.

    Attributes
    ----------
    digest
        The digest items, each still SCALE encoded.
    """

    parent_hash: bytes
    number: int
    state_root: bytes
    extrinsics_root: bytes
    digest: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """SCALE encode the header."""
        return b"".join(
            (
                self.parent_hash,
                compact(self.number),
                self.state_root,
                self.extrinsics_root,
                vector(self.digest),
            )
        )

    @property
    def hash(self) -> bytes:
        """The block's hash: BLAKE2-256 of the encoded header, seal included."""
        return blake2_256(self.encode())

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """Read a header; raise `DecodeError` when `data` is not exactly one."""
        reader = ScaleReader(data)
        header = cls.read(reader)
        reader.finish()
        return header

    @classmethod
    def read(cls, reader: ScaleReader) -> Header:
        """Read a header where other bytes may follow."""
        parent_hash, number = reader.take(32), reader.compact()
        state_root, extrinsics_root = reader.take(32), reader.take(32)
        digest = tuple(_digest_item(reader) for _ in range(reader.compact()))
        return cls(parent_hash, number, state_root, extrinsics_root, digest)

    def unsealed(self) -> Header:
        """Return the header as its runtime saw it: without the author's seal."""
        if self.digest and self.digest[-1][0] == _SEAL:
            return replace(self, digest=self.digest[:-1])
        return self


@dataclass(frozen=True, slots=True)
class Block:
    """A header and its extrinsics.

    Attributes
    ----------
    extrinsics
        The bytes that `chain_getBlock` shows: each extrinsic with its compact length in front.
    """

    header: Header
    extrinsics: tuple[bytes, ...]

    @property
    def hash(self) -> bytes:
        """The hash of the header."""
        return self.header.hash


def execution_payload(block: Block) -> bytes:
    """Encode the block as ``Core_execute_block`` takes it: the seal is not part of it."""
    return block.header.unsealed().encode() + vector(block.extrinsics)


def aura_pre_digest(slot: int) -> bytes:
    """Digest item by which an Aura author claims `slot`."""
    return bytes((_PRE_RUNTIME,)) + AURA_ENGINE + blob(slot.to_bytes(8, "little"))


def _digest_item(reader: ScaleReader) -> bytes:
    start = reader.offset
    kind = reader.uint(1)
    if kind == _OTHER:
        reader.blob()
    elif kind in (_CONSENSUS, _SEAL, _PRE_RUNTIME):
        reader.take(4)
        reader.blob()
    elif kind != _ENVIRONMENT_UPDATED:
        raise DecodeError(f"no digest item has the number {kind}")
    return reader.data[start : reader.offset]
