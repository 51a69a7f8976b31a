"""Arrays of Flower whose bytes are not in memory: in a file, or made when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies._flower import Array

if TYPE_CHECKING:
    from collections.abc import Callable

    Buffer = bytes | memoryview


class LazyArray(Array):
    """An array whose bytes are made anew each time that they are asked for.

    It is read like any other: ``numpy()`` and ``data`` give what they give, and nothing is kept of
    it. A copy of it, or what comes out of a pickle, is a plain `Array`.

    Parameters
    ----------
    dtype : str
        As Flower calls it.
    shape : tuple of int
        Its lengths.
    stype : str
        How it is written.
    made : callable
        Gives its bytes, the same each time.
    """

    def __init__(
        self, dtype: str, shape: tuple[int, ...], stype: str, made: Callable[[], Buffer]
    ) -> None:
        self.dtype, self.shape, self.stype = dtype, shape, stype
        self._made = made

    @property
    def data(self) -> bytes:
        """The bytes, in memory of their own."""
        return bytes(self._made())

    @data.setter
    def data(self, value: bytes) -> None:
        self._made = lambda: value

    def buffer(self) -> Buffer:
        """Return the bytes where they are."""
        return self._made()

    def shaped(self, shape: tuple[int, ...]) -> LazyArray:
        """Return the same bytes under a shape as a tuple of plain integers."""
        return LazyArray(self.dtype, shape, self.stype, self._made)

    def __reduce__(self) -> tuple[Any, ...]:
        return Array, (self.dtype, self.shape, self.stype, self.data)


def buffer_of(array: Array) -> Buffer:
    """Return the bytes of an array, without a copy where there is one of them already."""
    return array.buffer() if isinstance(array, LazyArray) else array.data
