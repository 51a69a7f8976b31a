"""The bytes of an array: one grammar reads them, and one writer makes those that are handed on.

Two readers that disagree about the same bytes are a way in: what one takes, the next one dies of.
So what a node sent is read here once, and what a strategy gets was written here.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies._flower import Array
from strategies.errors import UnreadableArray
from strategies.messages.lazy import LazyArray, buffer_of

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, np.dtype[Any]]

STYPE = "numpy.ndarray"
"""The only way of writing arrays that is read."""

LONGEST_HEADER = 4096
"""Bytes of a header; `numpy.save` writes 118 for a shape of up to some ten axes."""

_MAGIC = b"\x93NUMPY\x01\x00"
_START = len(_MAGIC) + 2
_MAX_AXES = 32
_MOST_BYTES = 2**62

# What `numpy.save` writes for a plain array, byte for byte but for the number of spaces, which
# differs between its versions. `numpy.load` would also open archives and evaluate any literal.
_LENGTH = rb"(?:0|[1-9]\d{0,18})"
_HEADER = re.compile(
    rb"\{'descr': '([<>|][biufc]\d{1,2})', 'fortran_order': (False|True), 'shape': \("
    rb"(|" + _LENGTH + rb",|" + _LENGTH + rb"(?:, " + _LENGTH + rb"){1,31})\), \} *\n"
)

PLAIN = {
    made.str.encode(): (made, str(made))
    for code in "?bBhHiIqQefdFD"
    for made in (np.dtype(code), np.dtype(code).newbyteorder())
}
"""The dtypes whose bytes are the same numbers on every machine, by the name in a header; and what
Flower calls each."""


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What the bytes of an array say about it, checked against their length.

    Parameters
    ----------
    dtype : numpy.dtype
        Bool, integer, float or complex.
    shape : tuple of int
        Its lengths.
    fortran : bool
        Whether the first axis moves fastest.
    start : int
        Where the values begin.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int


def header_of(array: Array) -> ArrayHeader:
    """Read what an array is, without reading its values.

    Raises
    ------
    UnreadableArray
        If the bytes are not exactly one plain array (bool, integer, float or complex) as
        `numpy.save` writes it, or the declared shape or dtype is another.
    """
    if array.stype != STYPE:
        raise UnreadableArray(f"serialised as {array.stype[:40]!r}, not as {STYPE!r}")
    data = buffer_of(array)
    head = bytes(data[: _START + LONGEST_HEADER])
    size = int.from_bytes(head[_START - 2 : _START], "little")
    plain = head.startswith(_MAGIC) and size <= LONGEST_HEADER
    header = _HEADER.fullmatch(head[_START : _START + size]) if plain else None
    if header is None:
        raise UnreadableArray(f"not a plain array in numpy's format ({len(data)} bytes)")
    descr, fortran, axes = header.groups()
    if descr not in PLAIN:
        raise UnreadableArray(f"no dtype that every machine reads alike: {descr.decode()}")
    dtype, called = PLAIN[descr]
    shape = tuple(int(axis) for axis in axes.split(b",") if axis)
    start = _START + size
    # An array of nothing may still have axes whose product no machine can address.
    exact = math.prod(shape) * dtype.itemsize == len(data) - start
    if not exact or (0 in shape and math.prod(filter(None, shape)) * dtype.itemsize > _MOST_BYTES):
        raise UnreadableArray(
            f"{len(data) - start} bytes of data do not fit shape {shape} of {dtype}"
        )
    if tuple(array.shape) != shape or array.dtype != called:
        raise UnreadableArray(
            f"declared as {array.dtype[:40]!r} {tuple(array.shape[:_MAX_AXES])} but holds {dtype} "
            f"{shape}"
        )
    return ArrayHeader(dtype, shape, fortran == b"True", start)


def values_of(array: Array, header: ArrayHeader) -> NDArray:
    """Return a read-only view of the values behind a header that was read."""
    flat = np.frombuffer(buffer_of(array), header.dtype, offset=header.start)
    view = flat.reshape(header.shape, order="F" if header.fortran else "C")
    view.flags.writeable = False
    return view


def to_numpy(array: Array) -> NDArray:
    """Read an array that came over the wire; the result is a read-only view of its bytes.

    Raises
    ------
    UnreadableArray
        As `header_of`.
    """
    return values_of(array, header_of(array))


def to_array(values: NDArray) -> Array:
    """Write an array in the one form that is handed on: little-endian, in C order; one copy."""
    plain = np.asarray(values, values.dtype.newbyteorder("<"), order="C")
    data = b"".join((_written(plain.dtype.str, plain.shape), plain.reshape(-1).data))
    return Array(str(plain.dtype), plain.shape, STYPE, data)


def rewritten(array: Array, values: NDArray) -> Array:
    """Return what `to_array` makes of an array's values, given the array that they were read from.

    Where the bytes are those that `to_array` would write, they are taken: bytes cannot change, and
    equal ones need no copy. What was read says that all after the header are values.
    """
    descr = values.dtype.str
    header, data = _written(descr, values.shape), buffer_of(array)
    if descr[0] != ">" and data[: len(header)] == header:
        if isinstance(array, LazyArray):
            return array.shaped(values.shape)
        return Array(array.dtype, values.shape, STYPE, array.data)
    return to_array(values)


def is_narrow(dtype: np.dtype[Any]) -> bool:
    """Say whether squares and differences of its numbers may not be numbers of it."""
    return dtype.kind in "biu" or dtype.itemsize < np.dtype(np.float32).itemsize


@lru_cache(maxsize=4096)
def _written(descr: str, shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    described = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, described)
    return buffer.getvalue()
