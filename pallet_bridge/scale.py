"""The few SCALE forms that hashes and terms are made of; `EncodingError` for what does not fit."""

from __future__ import annotations

from pallet_bridge.errors import EncodingError
from pallet_bridge.types.base import HASH_BYTES


def compact(value: int) -> bytes:
    """Return SCALE's compact form of an integer from 0 to 2^30 - 1."""
    if not 0 <= value < 1 << 30:
        raise EncodingError(f"a length of {value} has no short compact form")
    if value < 1 << 6:
        return bytes([value << 2])
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    return (value << 2 | 2).to_bytes(4, "little")


def utf8(text: str) -> bytes:
    """Return text as UTF-8, which has no form for half of a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EncodingError("half of a surrogate pair cannot be written as UTF-8") from error


def scale_bytes(data: bytes) -> bytes:
    """Return SCALE's form of bytes: compact length, then the bytes."""
    return compact(len(data)) + data


def scale_str(text: str) -> bytes:
    """Return SCALE's form of a string: compact length, then UTF-8."""
    return scale_bytes(utf8(text))


def hash32(name: str, value: bytes) -> bytes:
    """Return a hash as it is, once it has 32 bytes."""
    if len(value) != HASH_BYTES:
        raise EncodingError(f"{name} has {HASH_BYTES} bytes, not {len(value)}")
    return value


def uint(value: int, size: int) -> bytes:
    """Return an unsigned integer in this many bytes, little endian."""
    if not 0 <= value < 1 << (8 * size):
        raise EncodingError(f"{value} does not fit an unsigned integer of {8 * size} bits")
    return value.to_bytes(size, "little")


def int64(value: int) -> bytes:
    """Return a signed integer of 64 bits, little endian."""
    if not -(1 << 63) <= value < 1 << 63:
        raise EncodingError(f"{value} does not fit a signed integer of 64 bits")
    return value.to_bytes(8, "little", signed=True)
