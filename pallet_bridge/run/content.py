"""Arrays and values as bytes of one form, so that equal ones have one address: the BLAKE3 of them.

The bytes of a model or an update are those that its digest is made of
(`pallet_bridge.encoding.update_digest`). So an update in the store lies at the digest that its node
has signed a commitment to, and whoever fetches it has checked it.

A value is its tree as `pallet_bridge.run.values` writes it, as JSON in an array of bytes, and the
arrays that the tree counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from pallet_bridge.encoding import layout, plain
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.values import ValueReader, ValueWriter, plain_dtype
from pallet_bridge.scale import scale_str, uint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pallet_bridge.run.values import Array

_DOMAIN = scale_str("bcfl/arrays/v2")
_TREE = "tree"
_KINDS = "biufc"
_LENGTH, _COUNT = 8, 4  # bytes of a length, and of the number of arrays
_MOST_AXES = 32
_MOST_NAME = 1 << 16


def address_of(data: bytes) -> bytes:
    """Return the 32 bytes that name some content."""
    return blake3(data, max_threads=blake3.AUTO).digest()


def arrays_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Return the bytes of a model or an update, whose BLAKE3 is its `update_digest`.

    Raises
    ------
    EncodingError
        When an array's dtype is not bool, integer, float or complex.
    """
    return b"".join((_header(arrays), *(plain(array) for array in arrays.values())))


def read_arrays(data: bytes) -> dict[str, Array]:
    """Read what `arrays_bytes` wrote; the arrays are read-only views of the bytes.

    Raises
    ------
    EncodingError
        When the bytes are not exactly those of some arrays.
    """
    try:
        reading = _Reading(data)
        found = dict(reading.arrays())
    except (ValueError, TypeError, OverflowError) as error:
        raise EncodingError(f"these are no bytes of arrays: {error}") from error
    header = _header(found)
    if not data.startswith(header) or reading.place != len(data):
        raise EncodingError("these are no bytes of arrays in their one form")
    return found


def value_bytes(value: object) -> bytes:
    """Return the bytes of a value.

    Raises
    ------
    EncodingError
        When something in it cannot be written, and so not be read again.
    """
    writer = ValueWriter()
    tree = writer.plain(value)
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    arrays = {str(number): array for number, array in enumerate(writer.arrays)}
    return arrays_bytes({_TREE: np.frombuffer(text.encode("ascii"), np.uint8), **arrays})


def read_value(data: bytes, is_known: Callable[[str], bool]) -> Any:  # noqa: ANN401 - as written
    """Read what `value_bytes` wrote.

    Parameters
    ----------
    data : bytes
        The bytes, of anybody.
    is_known : callable
        Whether a class that they name, as ``module:Class``, may be in there.

    Raises
    ------
    EncodingError
        When the bytes are not those of a value, or name another class.
    """
    arrays = read_arrays(data)
    try:
        tree = json.loads(arrays.pop(_TREE).tobytes())
    except (KeyError, ValueError, RecursionError) as error:
        raise EncodingError(f"these are no bytes of a value: {error}") from error
    for name in _named(tree):
        if not is_known(name):
            raise EncodingError(f"{name[:100]} has no place in here")
    if [*arrays] != [str(number) for number in range(len(arrays))]:
        raise EncodingError("the arrays of this value are not counted")
    value = ValueReader(tuple(arrays.values())).value(tree)
    if value_bytes(value) != data:
        raise EncodingError("this value is not in its one form")
    return value


def _header(arrays: Mapping[str, Array]) -> bytes:
    layouts = b"".join(layout(name, array) for name, array in arrays.items())
    return _DOMAIN + uint(len(arrays), _COUNT) + layouts


def _named(tree: object) -> Iterator[str]:
    if isinstance(tree, list):
        for one in tree:
            yield from _named(one)
    elif isinstance(tree, dict):
        for name, one in tree.items():
            if name == "of":
                yield str(one)
            yield from _named(one)


class _Reading:
    """Reads the layouts of arrays, and then their values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def arrays(self) -> Iterator[tuple[str, Array]]:
        if self._take(len(_DOMAIN)) != _DOMAIN:
            raise ValueError("they begin otherwise")
        layouts = [self._layout() for _ in range(self._number(_COUNT))]
        for name, dtype, shape, size in layouts:
            values = np.frombuffer(self._take(size), dtype).reshape(shape)
            values.flags.writeable = False
            yield name, values

    def _layout(self) -> tuple[str, np.dtype[Any], tuple[int, ...], int]:
        name = self._take(min(self._number(), _MOST_NAME)).decode()
        dtype = plain_dtype(self._take(min(self._number(), 8)).decode())
        axes = self._number()
        if dtype.kind not in _KINDS or axes > _MOST_AXES:
            raise ValueError(f"{dtype} with {axes} axes")
        shape = tuple(self._number() for _ in range(axes))
        return name, dtype, shape, self._number()

    def _number(self, size: int = _LENGTH) -> int:
        return int.from_bytes(self._take(size), "little")

    def _take(self, size: int) -> bytes:
        taken = self._data[self.place : self.place + size]
        if len(taken) != size:
            raise ValueError("they end too early")
        self.place += size
        return taken
