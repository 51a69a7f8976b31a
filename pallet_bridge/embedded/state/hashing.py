"""Hashes of Substrate, as the executor itself needs them outside the runtime."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from xxhash import xxh64_intdigest


def blake2_256(data: bytes) -> bytes:
    """BLAKE2b with 32 bytes of output, without key."""
    return blake2b(data, digest_size=32).digest()


def blake2_128(data: bytes) -> bytes:
    """BLAKE2b with 16 bytes of output, without key."""
    return blake2b(data, digest_size=16).digest()


def twox(data: bytes, words: int) -> bytes:
    """`words` little-endian XXH64 digests with the seeds 0, 1, ... one after the other."""
    return b"".join(xxh64_intdigest(data, seed).to_bytes(8, "little") for seed in range(words))


@lru_cache(maxsize=256)
def storage_prefix(pallet: str, item: str) -> bytes:
    """Storage key of a plain value, and the prefix of a map: twox_128 of both names."""
    return twox(pallet.encode(), 2) + twox(item.encode(), 2)
