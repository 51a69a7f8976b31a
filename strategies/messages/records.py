"""Between Flower's records and numpy: read without trust, without a copy, without writing.

Replies are put in order here and nowhere else: everything that depends on the order of the
replies depends on the node ids only.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies._flower import Array, ArrayRecord, MetricRecord, RecordDict
from strategies.errors import UnreadableArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strategies._flower import Message

    NDArray = np.ndarray[Any, np.dtype[Any]]

OURS = "bcfl."
"""Prefix of the records that this package adds to messages; apps and strategies never see them."""

# What `numpy.save` writes for a plain array, and nothing else: `numpy.load` would also open zip
# archives and evaluate any literal.
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|=][biufc]\d{1,2})', 'fortran_order': (False|True), "
    rb"'shape': \(([0-9, ]{0,500})\), \} *\n"
)
_STYPE = "numpy.ndarray"
_MAX_AXES = 32


def sort_replies(replies: Iterable[Message]) -> tuple[Message, ...]:
    """Return the replies in ascending order of the node that they name as their source.

    Copies of one reply and several replies of one node stay in the order of their content, not of
    their arrival.
    """
    listed = list(replies)
    sources = [message.metadata.src_node_id for message in listed]
    if len({*sources}) == len(sources):
        return tuple(sorted(listed, key=lambda message: message.metadata.src_node_id))
    return tuple(sorted(listed, key=lambda m: (m.metadata.src_node_id, content_id(m))))


def content_id(message: Message) -> str:
    """Return an id of what a reply says: equal for equal contents."""
    if message.has_error():
        return f"error {message.error.code} {message.error.reason}"
    return str(message.content.object_id)


def to_numpy(array: Array) -> NDArray:
    """Read an array that came over the wire; the result is a read-only view of its bytes.

    Raises
    ------
    UnreadableArray
        If the bytes are not exactly one plain array (bool, integer, float or complex) as
        `numpy.save` writes it, or the declared shape or dtype is another.
    """
    if array.stype != _STYPE:
        raise UnreadableArray(f"serialised as {array.stype[:40]!r}, not as {_STYPE!r}")
    data = array.data
    size = int.from_bytes(data[8:10], "little")
    header = _HEADER.fullmatch(data[10 : 10 + size]) if data.startswith(_MAGIC) else None
    if header is None:
        raise UnreadableArray(f"not a plain array in numpy's format ({len(data)} bytes)")
    descr, fortran, axes = header.groups()
    lengths = [int(axis) for axis in axes.decode().split(",") if axis.strip()]
    try:
        dtype = np.dtype(descr.decode())
    except TypeError as error:
        raise UnreadableArray(f"no dtype {descr.decode()}") from error
    if len(lengths) > _MAX_AXES or math.prod(lengths) * dtype.itemsize != len(data) - 10 - size:
        raise UnreadableArray(
            f"{len(data) - 10 - size} bytes of data do not fit shape {tuple(lengths)} of {dtype}"
        )
    if tuple(array.shape) != tuple(lengths) or array.dtype != str(dtype):
        raise UnreadableArray(
            f"declared as {array.dtype} {tuple(array.shape)} but holds {dtype} {tuple(lengths)}"
        )
    flat = np.frombuffer(data, dtype, offset=10 + size)
    view = flat.reshape(lengths, order="F" if fortran == b"True" else "C")
    view.flags.writeable = False
    return view


def to_arrays(record: ArrayRecord) -> Mapping[str, NDArray]:
    """Read all arrays of a record, in its order; read-only.

    Raises
    ------
    UnreadableArray
        Naming the array.
    """
    arrays = {}
    for name, array in record.items():
        try:
            arrays[name] = to_numpy(array)
        except UnreadableArray as error:
            raise UnreadableArray(f"array {name!r}: {error}") from error
    return MappingProxyType(arrays)


def to_record(arrays: Mapping[str, NDArray]) -> ArrayRecord:
    """Make a Flower record of numpy arrays."""
    return ArrayRecord({name: Array(np.asarray(array)) for name, array in arrays.items()})


def cast(array: NDArray, dtype: np.dtype[Any]) -> NDArray:
    """Bring an array to a dtype; averages of integers are rounded to the nearest, ties to even."""
    if array.dtype == dtype:
        return array
    if dtype.kind in "biu" and array.dtype.kind == "f":
        array = np.rint(array)
    return array.astype(dtype)


def restored(record: ArrayRecord, reference: Mapping[str, NDArray]) -> ArrayRecord:
    """Return an aggregate with the model's dtypes.

    Averages turn integer buffers into float64, and some strategies promote whole models to
    float64; without this the model that goes out grows with the rounds. Arrays whose dtype is
    right, and arrays that the model does not have, stay the same objects.
    """
    fixed: dict[str, Array] = {}
    for name, array in record.items():
        like = reference.get(name)
        if like is None or array.dtype == str(like.dtype):
            fixed[name] = array
        else:
            fixed[name] = Array(np.asarray(cast(to_numpy(array), like.dtype)))
    return ArrayRecord(fixed)


def all_finite(arrays: Mapping[str, NDArray]) -> bool:
    """Say whether no array holds a NaN or an infinity."""
    return all(
        bool(np.isfinite(array).all()) for array in arrays.values() if array.dtype.kind in "fc"
    )


def without_ours(content: RecordDict) -> RecordDict:
    """Return the records that are the app's own."""
    return RecordDict({name: rec for name, rec in content.items() if not name.startswith(OURS)})


def plain_metrics(record: MetricRecord | None) -> Mapping[str, Any]:
    """Return a read-only copy of metrics."""
    return MappingProxyType({} if record is None else dict(record))
