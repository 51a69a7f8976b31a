"""The runtime's linear memory as Python reads, writes and allocates it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, cast

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.executor.core_wat import (
    HEADER,
    LARGEST_ORDER,
    OCCUPIED,
    PAGE,
    SMALLEST_ORDER,
)

if TYPE_CHECKING:
    from pallet_bridge.embedded.executor.core_wat import Layout

_LOW = 0xFFFFFFFF
_SMALLEST = 1 << SMALLEST_ORDER


class MemoryWindow:
    """A window on the memory of one instance; it never moves and never grows.

    A *span* is how the runtime passes bytes: the address in the low 32 bits, the length above.

    Attributes
    ----------
    arguments
        The cells in which a host call brings its arguments and takes its result.
    """

    __slots__ = ("_address", "_bytes", "_layout", "_text", "_words", "arguments")

    def __init__(self, address: int, layout: Layout) -> None:
        self._address = address
        self._layout = layout
        # Slices of a char array are bytes, made in one step; a memoryview is what can be written.
        window = (ctypes.c_char * (layout.pages * PAGE)).from_address(address)
        self._text = cast("bytes", window)
        self._bytes = memoryview(window).cast("B")
        self._words = self._bytes.cast("I")
        cells = layout.arguments
        self.arguments = self._bytes[cells : layout.block].cast("Q")

    def read(self, span: int) -> bytes:
        """Return the bytes of a span."""
        start = span & _LOW
        return self._text[start : start + (span >> 32)]

    def read_at(self, address: int, length: int) -> bytes:
        """Return `length` bytes."""
        return self._text[address : address + length]

    def write_at(self, address: int, data: bytes) -> None:
        """Write `data`; the runtime must own the place."""
        self._bytes[address : address + len(data)] = data

    def give(self, data: bytes) -> int:
        """Copy `data` into a new block, which the runtime then owns; return its span."""
        length = len(data)
        address = self.malloc(length)
        self._bytes[address : address + length] = data
        return length << 32 | address

    def give_at(self, data: bytes) -> int:
        """Copy `data` into a new block, which the runtime then owns; return its address."""
        return self.give(data) & _LOW

    def malloc(self, size: int) -> int:
        """Allocate as the core module does, on the same free lists.

        Raises
        ------
        EmbeddedError
            The heap has no room for `size` bytes.
        """
        order = (size - 1).bit_length() - SMALLEST_ORDER if size > _SMALLEST else 0
        words = self._words
        head = (self._layout.heads >> 2) + order
        if order > LARGEST_ORDER - SMALLEST_ORDER:
            raise EmbeddedError(f"the runtime's allocator gives no block of {size} bytes")
        block = words[head]
        if block:
            words[head] = words[block >> 2]
        else:
            bump = self._layout.bump >> 2
            block = words[bump]
            end = block + HEADER + (_SMALLEST << order)
            if end > self._layout.pages * PAGE:
                raise EmbeddedError("the runtime's heap is full; put fewer extrinsics in a block")
            words[bump] = end
        words[block >> 2] = order
        words[(block >> 2) + 1] = OCCUPIED >> 32
        return block + HEADER

    def pristine(self, start: int) -> bytes:
        """Return the static data from `start` on, and make the heap empty."""
        self._words[self._layout.bump >> 2] = self._layout.heap
        return self._text[start : self._layout.heads]

    def reset(self, start: int, pristine: bytes) -> int:
        """Undo what a call did to the memory; return how many bytes of heap it had used."""
        bump = self._words[self._layout.bump >> 2]
        ctypes.memmove(self._address + start, pristine, len(pristine))
        ctypes.memset(self._address + self._layout.heads, 0, bump - self._layout.heads)
        self._words[self._layout.bump >> 2] = self._layout.heap
        return bump - self._layout.heap
