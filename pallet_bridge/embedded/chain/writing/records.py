"""What a chain writes down as it goes: the records of its file, to bytes and back. Pure.

A record is one byte that says what it is, then what stands in the functions below. Lists of bytes
are a count, the lengths, and the bytes: they are read many thousand at a time.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.chain.export import Spec
from pallet_bridge.embedded.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    Changes: TypeAlias = "Mapping[bytes, bytes | None]"

_ORIGIN, _BLOCK, _REVERTED, _SET = b"\x00", b"\x01", b"\x02", b"\x03"
_DELETED: Final = 0xFFFFFFFF
_HASH: Final = 32
_U32: Final = struct.Struct("<I")
_THREE: Final = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """What the chain begins with; `spec` is None for a copy of a state."""

    block: Block
    genesis_hash: bytes
    spec: Spec | None


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A block; `by_hand` says that executing it again does not lead to its state."""

    block: Block
    by_hand: bool


@dataclass(frozen=True, slots=True)
class RevertRecord:
    """The chain went back: so many blocks were kept, of which so many lead to the head.

    `sets` is how many changes by hand the head's state has.
    """

    blocks: int
    height: int
    sets: int


@dataclass(frozen=True, slots=True)
class SetRecord:
    """The state of a block was changed by hand."""

    block: bytes


def origin_record(record: OriginRecord, state: Changes) -> bytes:
    """Write down the first block that a chain has, and the whole state after it."""
    spec = record.spec
    told = {
        "genesis_hash": record.genesis_hash.hex(),
        "spec": None
        if spec is None
        else {
            "preset": spec.preset,
            "patch": spec.patch_json,
            "start_time_ms": spec.start_time_ms,
            "nonce": spec.nonce.hex(),
        },
    }
    return _ORIGIN + _pack([json.dumps(told).encode(), *_parts(record.block)]) + _changes(state)


def block_record(record: BlockRecord, changes: Changes) -> bytes:
    """Write down a block and what it changed in its parent's state."""
    return _BLOCK + bytes((record.by_hand,)) + _pack(_parts(record.block)) + _changes(changes)


def revert_record(record: RevertRecord) -> bytes:
    """Write down that the chain went back."""
    return _REVERTED + _THREE.pack(record.blocks, record.height, record.sets)


def set_record(record: SetRecord, changes: Changes) -> bytes:
    """Write down that a state was changed by hand."""
    return _SET + record.block + _changes(changes)


def read_record(data: bytes) -> OriginRecord | BlockRecord | RevertRecord | SetRecord:
    """Read a record without what it says of states.

    Raises
    ------
    DecodeError
        The bytes are no record.
    """
    try:
        match data[:1]:
            case b"\x00":
                (told, *parts), _ = _unpack(data, 1)
                return _origin(json.loads(told), _block(parts))
            case b"\x01":
                return BlockRecord(_block(_unpack(data, 2)[0]), bool(data[1]))
            case b"\x02":
                return RevertRecord(*_THREE.unpack(data[1:]))
            case b"\x03":
                return SetRecord(data[1 : 1 + _HASH])
    except (struct.error, ValueError, LookupError, TypeError) as error:
        raise DecodeError(f"no record of a chain: {error}") from error
    raise DecodeError(f"no record of a chain starts with {data[:1].hex()}")


def read_changes(data: bytes) -> dict[bytes, bytes | None]:
    """Read what a record says of a state; None deletes.

    Raises
    ------
    DecodeError
        The bytes are no such record.
    """
    try:
        match data[:1]:
            case b"\x00":
                place = _end(data, 1)
            case b"\x01":
                place = _end(data, 2)
            case b"\x03":
                place = 1 + _HASH
            case other:
                raise DecodeError(f"a record that starts with {other.hex()} says nothing of states")
        (count,) = _U32.unpack_from(data, place)
        lengths = struct.unpack_from(f"<{2 * count}I", data, place + 4)
    except struct.error as error:
        raise DecodeError(f"a record ends inside its changes: {error}") from error
    place += 4 + 8 * count
    changes: dict[bytes, bytes | None] = {}
    for index in range(0, 2 * count, 2):
        middle = place + lengths[index]
        size = lengths[index + 1]
        if size == _DELETED:
            changes[data[place:middle]] = None
            place = middle
        else:
            changes[data[place:middle]] = data[middle : middle + size]
            place = middle + size
    if place != len(data):
        raise DecodeError("a record is longer or shorter than it says")
    return changes


def _origin(told: dict[str, object], block: Block) -> OriginRecord:
    spec = told["spec"]
    genesis_hash = bytes.fromhex(str(told["genesis_hash"]))
    if spec is None:
        return OriginRecord(block, genesis_hash, None)
    if not isinstance(spec, dict):
        raise TypeError("the spec of a chain is an object")
    start, nonce = int(spec["start_time_ms"]), bytes.fromhex(spec["nonce"])
    return OriginRecord(block, genesis_hash, Spec(spec["preset"], spec["patch"], start, nonce))


def _parts(block: Block) -> tuple[bytes, ...]:
    return (block.header.encode(), *block.extrinsics)


def _block(parts: list[bytes]) -> Block:
    header, *extrinsics = parts
    return Block(Header.decode(header), tuple(extrinsics))


def _pack(parts: Iterable[bytes]) -> bytes:
    parts = tuple(parts)
    lengths = struct.pack(f"<{1 + len(parts)}I", len(parts), *map(len, parts))
    return lengths + b"".join(parts)


def _unpack(data: bytes, start: int) -> tuple[list[bytes], int]:
    (count,) = _U32.unpack_from(data, start)
    lengths = struct.unpack_from(f"<{count}I", data, start + 4)
    place = start + 4 + 4 * count
    parts = []
    for length in lengths:
        parts.append(data[place : place + length])
        place += length
    return parts, place


def _end(data: bytes, start: int) -> int:
    (count,) = _U32.unpack_from(data, start)
    lengths: tuple[int, ...] = struct.unpack_from(f"<{count}I", data, start + 4)
    return start + 4 + 4 * int(count) + sum(lengths)


def _changes(changes: Changes) -> bytes:
    lengths = [len(changes)]
    parts = []
    for key, value in changes.items():
        lengths.append(len(key))
        lengths.append(_DELETED if value is None else len(value))
        parts.append(key)
        if value is not None:
            parts.append(value)
    return struct.pack(f"<{len(lengths)}I", *lengths) + b"".join(parts)
