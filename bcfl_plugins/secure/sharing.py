"""Share a seed of 32 bytes among nodes, so that any `needed` of them give it back.

PyCryptodome's Shamir sharing takes 16 bytes, so each half is shared on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from Crypto.Protocol.SecretSharing import Shamir

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE_BYTES = 32
NOTHING = bytes(SHARE_BYTES)
"""Stands in an answer where a node gives nothing."""
_HALF = 16


def split(seed: bytes, needed: int, holders: int) -> tuple[bytes, ...]:
    """Return one share of 32 bytes for each holder, numbered from 1 on."""
    halves = [
        Shamir.split(needed, holders, half, ssss=False) for half in (seed[:_HALF], seed[_HALF:])
    ]
    return tuple(one[1] + other[1] for one, other in zip(*halves, strict=True))


def combine(shares: Mapping[int, bytes]) -> bytes:
    """Return the seed that shares give, by their numbers; with too few of them some other bytes."""
    numbers = sorted(shares)
    halves = [
        Shamir.combine([(number, shares[number][part]) for number in numbers], ssss=False)
        for part in (slice(_HALF), slice(_HALF, None))
    ]
    return b"".join(halves)
