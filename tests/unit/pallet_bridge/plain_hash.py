"""BLAKE2b-256 over parts that a test writes out itself: no code of the package takes part."""

from __future__ import annotations

from hashlib import blake2b


def hashed(*parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=32).digest()


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def u128(value: int) -> bytes:
    return value.to_bytes(16, "little")
