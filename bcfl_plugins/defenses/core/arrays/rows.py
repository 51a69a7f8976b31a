"""n updates as n rows of one long vector, read block by block and never stacked.

The float arrays of an update, one after the other, are one virtual row of d entries. Rows are put
in a canonical order first, by id or by content, so that nothing that follows can depend on which
update arrived first.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import AnyArray, Flags, Floats, Ints, RowBlock
    from bcfl_plugins.defenses.core.arrays.device import Device, Library
    from bcfl_plugins.defenses.core.arrays.layer import Layer

SLAB_BYTES = 1 << 20
"""Size of one block of all rows: it stays in a core's cache."""
PADDING = 16
"""Entries added to the stride of a block: with a power of two all rows share a few cache sets."""

InputForm: TypeAlias = Literal["matrix", "array", "mapping", "list"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n updates in canonical order.

    Parameters
    ----------
    form : InputForm
        How the updates were given; the result takes the same form.
    layers : tuple of Layer
        The arrays, in the model's order.
    origin : Ints
        (n,) place of each row among the updates that were given.
    total : int
        How many updates were given; more than n after some were thrown out.
    library : Library or None
        Whose tensors the updates were; ``None``: they were numpy arrays.
    device : Device or None
        What computes on the arrays, which still are tensors, because numpy cannot read them where
        they lie; ``None``: the arrays are numpy's.
    dtype : numpy dtype
        Of blocks: float64 when an array is wider than float32, else float32.
    referenced : bool
        Whether rows are deltas to a reference, which is added to the result.
    """

    form: InputForm
    layers: tuple[Layer, ...]
    origin: Ints
    total: int
    library: Library | None
    device: Device[Rows] | None
    dtype: np.dtype[Any]
    referenced: bool

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.origin)

    @property
    def d(self) -> int:
        """Number of float entries of a row."""
        return max((layer.stop for layer in self.layers), default=0)

    @property
    def nbytes(self) -> int:
        """Size of the float entries, as they were sent."""
        entry = sum((layer.stop - layer.start) * int(layer.dtype.itemsize) for layer in self.judged)
        return self.n * entry

    @property
    def judged(self) -> tuple[Layer, ...]:
        """The float arrays that have entries."""
        return tuple(layer for layer in self.layers if layer.stop > layer.start)

    def take(self, which: Ints | Flags) -> Rows:
        """Return some of the rows: places in this object, or a flag for each."""
        places = np.arange(self.n)[which]
        return replace(
            self,
            origin=self.origin[places],
            layers=tuple(
                replace(layer, arrays=tuple(layer.arrays[i] for i in places))
                for layer in self.layers
            ),
        )

    def widened(self) -> Rows:
        """Return the same rows with blocks of float64."""
        return replace(self, dtype=np.dtype(np.float64))

    def columns(self, slabs: float = 1.0) -> int:
        """Return how many columns a block has so that `slabs` of them fill a core's cache."""
        return max(64, int(SLAB_BYTES * slabs / (max(self.n, 1) * self.dtype.itemsize)))

    def buffer(self, columns: int) -> RowBlock:
        """Return an (n, columns) array to be filled by `fill`, with a padded stride."""
        return self.buffers(1, columns)[0]

    def buffers(self, count: int, columns: int, height: int | None = None) -> list[RowBlock]:
        """Return such arrays, of n rows or of `height`, in one piece of memory."""
        shape = (count, self.n if height is None else height, max(columns, 1) + PADDING)
        return list(np.empty(shape, self.dtype)[:, :, :columns])

    def spans(self, columns: int | None = None) -> list[tuple[int, int]]:
        """Return the (start, stop) of consecutive blocks."""
        width = columns or self.columns()
        return [(a, min(a + width, self.d)) for a in range(0, self.d, width)]

    def pieces(self, start: int, stop: int) -> Iterator[tuple[Layer, slice, slice]]:
        """Yield the arrays that [start, stop) touches: the array, where in it, where in the block.

        The cost is a binary search, so that a block does not pay for all arrays.
        """
        judged = self.judged
        first = bisect_right([layer.stop for layer in judged], start)
        for layer in judged[first:]:
            if layer.start >= stop:
                return
            low, high = max(start, layer.start), min(stop, layer.stop)
            yield (
                layer,
                slice(low - layer.start, high - layer.start),
                slice(low - start, high - start),
            )

    def fill(self, start: int, stop: int, out: RowBlock) -> RowBlock:
        """Copy columns [start, stop) of all rows, minus the reference, into `out`; return them.

        The difference is rounded once, as if it had been taken in float64. What overflows `out`
        becomes infinite without a warning.
        """
        block = out[:, : stop - start]
        with np.errstate(over="ignore", invalid="ignore"):
            for layer, inside, there in self.pieces(start, stop):
                reference = None if layer.reference is None else self._host(layer.reference[inside])
                pieces = [self._host(array[inside]) for array in layer.arrays]
                _put(pieces, reference, block[:, there])
                if layer.scale != 1.0:
                    block[:, there] *= layer.scale
        return block

    def blocks(self, columns: int | None = None) -> Iterator[tuple[slice, RowBlock]]:
        """Yield (columns, (n, b) block of deltas) in order.

        The block is a buffer that is filled anew each time: copy what must last, write into it
        at will. Always numpy, whatever the updates are.
        """
        spans = self.spans(columns)
        buffer = self.buffer(min(columns or self.columns(), self.d))
        for start, stop in spans:
            yield slice(start, stop), self.fill(start, stop, buffer)

    def reference_block(self, start: int, stop: int) -> Floats:
        """Return (stop - start,) entries of the reference in float64; zeros without one."""
        out = np.zeros(stop - start)
        for layer, inside, there in self.pieces(start, stop):
            if layer.reference is not None:
                out[there] = self._host(layer.reference[inside])
        return out

    def _host(self, piece: AnyArray) -> RowBlock:
        return piece if self.device is None else self.device.host(piece)


def _put(pieces: list[RowBlock], reference: RowBlock | None, out: RowBlock) -> None:
    """Put the (b,) pieces, minus the reference, into the rows of `out`."""
    if reference is None or np.result_type(pieces[0], reference, out) == out.dtype:
        # One call for all rows: threads wait for each other less than with a call for each.
        np.concatenate([piece[None] for piece in pieces], out=out)
        if reference is not None:
            out -= reference
        return
    for piece, row in zip(pieces, out, strict=True):
        exact = np.result_type(piece, reference)
        np.subtract(piece, reference, out=row, dtype=exact, casting="unsafe")
