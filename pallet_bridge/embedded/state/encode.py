"""The few SCALE encodings that the embedded chain itself writes; `decode` reads them.

Everything that depends on the metadata is left to the client; here are only the fixed shapes of
the runtime's own interfaces.
"""

from __future__ import annotations

_SINGLE = 1 << 6
_DOUBLE = 1 << 14
_QUAD = 1 << 30
_MODE_BIG = 3


def compact(number: int) -> bytes:
    """Encode an unsigned integer below 2**536 as SCALE ``Compact``."""
    if number < _SINGLE:
        return (number << 2).to_bytes(1, "little")
    if number < _DOUBLE:
        return (number << 2 | 1).to_bytes(2, "little")
    if number < _QUAD:
        return (number << 2 | 2).to_bytes(4, "little")
    length = (number.bit_length() + 7) // 8
    return ((length - 4) << 2 | _MODE_BIG).to_bytes(1, "little") + number.to_bytes(length, "little")


def blob(data: bytes) -> bytes:
    """Encode ``Vec<u8>``: the compact length, then the bytes."""
    return compact(len(data)) + data


def option_blob(data: bytes | None) -> bytes:
    """Encode ``Option<Vec<u8>>``."""
    return b"\x00" if data is None else b"\x01" + compact(len(data)) + data


def vector(items: tuple[bytes, ...] | list[bytes]) -> bytes:
    """Encode ``Vec<T>`` from items that are encoded already."""
    return compact(len(items)) + b"".join(items)
