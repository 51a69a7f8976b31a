"""Linear sketches of vectors over the integers mod 2^32: hashed tables, from a public seed.

A sketch of a sum is the sum of the sketches, exactly, whatever the vectors are; so it can be
computed of a masked update and of its masks, and the difference is the sketch of the update.

The vector is cut into rows of `width` words. For each table every word gets a sign, every row is
rolled by a shift, and the rows are added up. Dense rows of signs would not do: mod 2^32 two entries
of 2^31 vanish in all of them. In tables they meet in one cell with probability about 1 / width.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bcfl_plugins.secure.streams import CHUNK, Given, MaskWords

if TYPE_CHECKING:
    from collections.abc import Sequence

    NDArray = np.ndarray[Any, np.dtype[Any]]

LEAST_WIDTH, MOST_WIDTH = 32, CHUNK
MOST_TABLES = 8
LEAST_RATIO = 20
"""A node lets a sketch have one number for so many parameters at most."""

_BITS = 32
_BYTE = 8
_SIGNS, _SHIFTS = b"bcfl/sketch-signs/v1", b"bcfl/sketch-shifts/v1"


_OF_A_BYTE = np.uint32(1) - (
    np.unpackbits(np.arange(1 << _BYTE, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(
        np.uint32
    )
    << np.uint32(1)
)
"""(256, 8) the ones and minus ones mod 2^32 that each byte stands for."""


class _Source(Protocol):
    def take(self, count: int) -> NDArray:
        """Return the next words."""
        ...


@dataclass(frozen=True, slots=True)
class SketchSize:
    """How large sketches are.

    Parameters
    ----------
    tables : int
        1 to 8.
    width : int
        Cells of a table: a power of two.
    """

    tables: int
    width: int

    @property
    def cells(self) -> int:
        """Numbers of a sketch."""
        return self.tables * self.width

    @property
    def is_possible(self) -> bool:
        """Whether there are such sketches."""
        fits = LEAST_WIDTH <= self.width <= MOST_WIDTH and self.width & (self.width - 1) == 0
        return fits and 1 <= self.tables <= MOST_TABLES

    def hides(self, parameters: int) -> bool:
        """Say whether a model has enough parameters to stay hidden behind such a sketch."""
        return parameters >= LEAST_RATIO * self.cells


@dataclass(frozen=True, slots=True)
class Sketching:
    """The linear map of one round.

    Parameters
    ----------
    size : SketchSize
        Of the sketches.
    seed : bytes
        32 public bytes, which nobody knew before the round was sealed.
    """

    size: SketchSize
    seed: bytes

    def of_seeds(self, seeds: Sequence[bytes], length: int) -> NDArray:
        """Return (m, tables, width) the sketches of the streams of some seeds."""
        return self._made([MaskWords(seed) for seed in seeds], length)

    def of_vector(self, vector: NDArray) -> NDArray:
        """Return (tables, width) the sketch of a vector of uint32."""
        found: NDArray = self._made([Given(vector)], vector.size)[0]
        return found

    def _made(self, sources: Sequence[_Source], length: int) -> NDArray:
        width = self.size.width
        rows = -(-length // width)
        signs = [MaskWords(self._seed(_SIGNS, table)) for table in range(self.size.tables)]
        shifts = [self._shifts(table, rows) for table in range(self.size.tables)]
        # Each table twice: a row that is rolled past the end goes on in the second, which is folded
        # onto the first when all rows are in. So a row is added in one piece.
        made = np.zeros((len(sources), self.size.tables, 2 * width), np.uint32)
        signed = np.empty(CHUNK, np.uint32)
        room = [np.empty((CHUNK // _BYTE, _BYTE), np.uint32) for _ in signs]
        for at in range(0, length, CHUNK):
            count = min(CHUNK, length - at)
            signs_here = [
                _signs(words, count, kept) for words, kept in zip(signs, room, strict=True)
            ]
            first = at // width
            for cells, source in zip(made, sources, strict=True):
                words = source.take(count)
                for table, sign in enumerate(signs_here):
                    np.multiply(words, sign, out=signed[:count])
                    _add_rows(cells[table], signed[:count], shifts[table][first:], width)
        return made[..., :width] + made[..., width:]

    def _seed(self, purpose: bytes, table: int) -> bytes:
        return hashlib.sha256(purpose + self.seed + table.to_bytes(1, "little")).digest()

    def _shifts(self, table: int, rows: int) -> list[int]:
        words = MaskWords(self._seed(_SHIFTS, table))
        drawn: list[int] = []
        while len(drawn) < rows:
            some = words.take(min(CHUNK, rows - len(drawn)))
            drawn += (some & np.uint32(self.size.width - 1)).tolist()
        return drawn


def as_vector(sketch: NDArray, bits: int) -> NDArray:
    """Return a sketch as (tables * width,) numbers whose length estimates that of the update.

    Parameters
    ----------
    sketch
        (tables, width) uint32.
    bits
        Fractional bits of the update.
    """
    flat = sketch.reshape(-1).view(np.int32).astype(np.float64)
    flat /= 2.0**bits * math.sqrt(sketch.shape[0])
    return flat


def _signs(words: MaskWords, count: int, room: NDArray) -> NDArray:
    """Return (count,) ones and minus ones mod 2^32, in a room of (words / 8, 8) for them."""
    # A chunk is a multiple of 32 words, so only the last one takes bits that it does not use.
    drawn = words.take(-(-count // _BITS)).view(np.uint8)
    np.take(_OF_A_BYTE, drawn, axis=0, out=room[: drawn.size], mode="clip")
    signs: NDArray = room.reshape(-1)[:count]
    return signs


def _add_rows(cells: NDArray, words: NDArray, shifts: Sequence[int], width: int) -> None:
    for row, at in enumerate(range(0, words.size, width)):
        part, shift = words[at : at + width], shifts[row]
        place = cells[shift : shift + part.size]
        np.add(place, part, out=place)
