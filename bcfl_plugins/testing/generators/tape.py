"""Drawn bytes, and what is read from them: choices, seeds and tables of small whole numbers.

A round is read from one draw of bytes, for three reasons. A draw costs more than most rules do. A
table of fixed size keeps its numbers while n and d shrink. And hypothesis puts constants of the
modules that happen to be imported in the place of drawn integers, so the rounds of a fixed seed
would depend on what else is imported. It knows no constants of more than 50 bytes, and takes no
whole numbers below 100 for constants.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats

HEAD = 53
"""Bytes before the table. Who reads a choice has a place of its own among them."""

LONG = 51
"""Bytes that a draw must have at least, so that no constant takes its place."""

_COMMON = string.ascii_letters + string.digits + string.punctuation + string.whitespace
_OTHERS = "".join(chr(code) for code in range(256) if chr(code) not in _COMMON)
_LETTERS = _COMMON + _OTHERS[:-9] + "\u2028\u202e\u0301\ufeff\uffff\u6f22\U0001f600\u0660\u200d"
"""What a byte is in a word: ASCII and Latin-1, some of it control characters, and a few others."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tape:
    """Drawn bytes.

    Parameters
    ----------
    raw : bytes
        `HEAD` bytes of choices, then the rows of a table.
    columns : int
        Columns of the table.
    """

    raw: bytes
    columns: int = 0

    def pick(self, place: int, options: Sequence[T]) -> T:
        """Return one of the options; failures shrink to the first."""
        return options[self.raw[place] % len(options)]

    def number(self, place: int) -> int:
        """Return a number below 2**16, from two places."""
        return self.raw[place] * 256 + self.raw[place + 1]

    def whole(self, rows: int, columns: int, most: int, *, below: int = 0) -> Floats:
        """Return (rows, columns) whole numbers from -most to most; failures shrink to zeros.

        Parameters
        ----------
        rows, columns, most : int
            Size, and the greatest number: at most 127.
        below : int
            Rows of the table that others read.
        """
        code = self._table()[below : below + rows, :columns].astype(np.int64) % (2 * most + 1)
        signed = np.where(code % 2, 1, -1) * ((code + 1) // 2)
        return signed.astype(np.float64)

    def words(self, rows: int, columns: int, *, below: int = 0) -> np.ndarray[Any, Any]:
        """Return (rows, columns) unsigned numbers of 32 bits; each takes four rows of the table."""
        table = self._table()[below : below + 4 * rows, :columns]
        return np.ascontiguousarray(table.reshape(rows, 4, columns).swapaxes(1, 2)).view("<u4")[
            ..., 0
        ]

    def _table(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.frombuffer(self.raw, np.uint8, offset=HEAD).reshape(-1, self.columns)


@cache
def tapes(rows: int = 0, columns: int = 1) -> st.SearchStrategy[Tape]:
    """Draw a tape with a table of this many rows and columns."""
    size = HEAD + rows * columns
    return st.binary(min_size=size, max_size=size).map(lambda raw: Tape(raw, columns))


@dataclass(slots=True)
class TapeReader:
    """Reads drawn bytes one after the other.

    Parameters
    ----------
    raw : bytes
        Enough for all that is read.
    """

    raw: bytes
    _at: int = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes as they are."""
        found = self.raw[self._at : self._at + size]
        self._at += size
        return found

    def pick(self, options: Sequence[T]) -> T:
        """Return one of at most 256 options, by the next byte; failures shrink to the first."""
        return options[self.take(1)[0] % len(options)]

    def number(self, size: int) -> int:
        """Return a number of `size` bytes, by one byte more: small, any, or the greatest."""
        kind = self.pick(("small", "any", "greatest"))
        raw = self.take(size)
        if kind == "greatest":
            return int(2 ** (8 * size) - 1)
        return int.from_bytes(raw, "big") if kind == "any" else raw[-1]

    def word(self, most: int) -> str:
        """Return up to `most` letters, by one byte more."""
        length = self.take(1)[0] % (most + 1)
        return "".join(_LETTERS[code] for code in self.take(most)[:length])


def readers(size: int) -> st.SearchStrategy[TapeReader]:
    """Draw this many bytes to read, or `LONG`."""
    room = max(size, LONG)
    return st.binary(min_size=room, max_size=room).map(TapeReader)
