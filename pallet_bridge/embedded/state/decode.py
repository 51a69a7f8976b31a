"""The few SCALE encodings that the embedded chain itself reads; `encode` writes them."""

from __future__ import annotations

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.encode import compact

_MODE_BIG = 3


def compact_at(data: bytes, offset: int) -> tuple[int, int]:
    """Read a ``Compact`` at `offset`; return the number and the offset behind it.

    Raises
    ------
    DecodeError
        The bytes end inside the number, or it is not in its shortest form.
    """
    if offset >= len(data):
        raise DecodeError("a compact number is missing at the end of the bytes")
    first = data[offset]
    mode = first & 3
    if mode == _MODE_BIG:
        length, skip = (first >> 2) + 4, 1
    else:
        length, skip = 1 << mode, 0
    end = offset + skip + length
    if end > len(data):
        raise DecodeError("the bytes end inside a compact number")
    number = int.from_bytes(data[offset + skip : end], "little")
    if mode != _MODE_BIG:
        number >>= 2
    if len(compact(number)) != skip + length:
        raise DecodeError("a compact number is not in its shortest form")
    return number, end


class ScaleReader:
    """A cursor over SCALE bytes. Every method raises `DecodeError` at the end of the bytes."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, count: int) -> bytes:
        """Read `count` raw bytes."""
        end = self.offset + count
        if end > len(self.data):
            raise DecodeError(f"{count} bytes wanted, {len(self.data) - self.offset} left")
        piece = self.data[self.offset : end]
        self.offset = end
        return piece

    def uint(self, size: int) -> int:
        """Read a little-endian unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def compact(self) -> int:
        """Read a ``Compact`` number."""
        number, self.offset = compact_at(self.data, self.offset)
        return number

    def blob(self) -> bytes:
        """Read a ``Vec<u8>``."""
        return self.take(self.compact())

    def option_blob(self) -> bytes | None:
        """Read an ``Option<Vec<u8>>``."""
        return self.blob() if self.flag() else None

    def flag(self) -> bool:
        """Read a ``bool``, or the tag of an ``Option``."""
        tag = self.uint(1)
        if tag > 1:
            raise DecodeError(f"a flag is 0 or 1, not {tag}")
        return tag == 1

    def rest(self) -> bytes:
        """Read what is left."""
        return self.take(len(self.data) - self.offset)

    def finish(self) -> None:
        """Check that nothing is left."""
        if self.offset != len(self.data):
            raise DecodeError(f"{len(self.data) - self.offset} bytes too many")
