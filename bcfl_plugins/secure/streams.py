"""Streams of mask words: AES-256 in counter mode, in chunks that fit a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Iterable

    NDArray = np.ndarray[Any, np.dtype[Any]]

CHUNK = 1 << 16
"""MaskWords that are made at a time."""

SEED_BYTES = 32
_WORD = 4
_BLOCK = 16
_ZEROS = bytes(CHUNK * _WORD)


class MaskWords:
    """The words of one seed, from the first on.

    A seed is used for one stream, so the counter may begin at zero.

    Parameters
    ----------
    seed : bytes
        32 secret bytes, or public ones where everybody is to draw the same.
    """

    def __init__(self, seed: bytes) -> None:
        self._made = Cipher(algorithms.AES256(seed), modes.CTR(bytes(_BLOCK))).encryptor()
        # update_into asks for room for one more block than it writes.
        self._buffer = bytearray(CHUNK * _WORD + _BLOCK)

    def take(self, count: int) -> NDArray:
        """Return the next words as a view that the next call overwrites; `CHUNK` at most."""
        size = count * _WORD
        self._made.update_into(memoryview(_ZEROS)[:size], self._buffer)
        return np.frombuffer(self._buffer, "<u4", count)


class Given:
    """The words of a vector, taken in turn as those of a seed."""

    def __init__(self, vector: NDArray) -> None:
        self._vector = vector
        self._place = 0

    def take(self, count: int) -> NDArray:
        """Return the next words."""
        found: NDArray = self._vector[self._place : self._place + count]
        self._place += count
        return found


def add_streams(vector: NDArray, plus: Iterable[bytes], minus: Iterable[bytes] = ()) -> None:
    """Add the streams of some seeds to a vector mod 2^32, and take those of others off, in place.

    Parameters
    ----------
    vector
        (d,) uint32.
    plus, minus
        Seeds.
    """
    added, taken = [MaskWords(seed) for seed in plus], [MaskWords(seed) for seed in minus]
    for at in range(0, vector.size, CHUNK):
        part = vector[at : at + CHUNK]
        for words in added:
            part += words.take(part.size)
        for words in taken:
            part -= words.take(part.size)
