"""Between Flower's records and numpy: read without trust, without a copy, without writing.

Replies are put in order here and nowhere else: everything that depends on the order of the
replies depends on the node ids only.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.published.numbers import agreed, cast
from strategies._flower import Array, ArrayRecord, MetricRecord, RecordDict
from strategies.errors import UnreadableArray
from strategies.messages.arrays import to_array, to_numpy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from strategies._flower import Message

    NDArray = np.ndarray[Any, np.dtype[Any]]

OURS = "bcfl."
"""Prefix of the records that this package adds to messages; apps and strategies never see them."""


def sort_replies(replies: Iterable[Message]) -> tuple[Message, ...]:
    """Return the replies in ascending order of the node that they name as their source.

    Several replies of one node stay as they came: who reads them must not go by their order.
    """
    return tuple(sorted(replies, key=lambda message: message.metadata.src_node_id))


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
            raise UnreadableArray(f"array {name[:40]!r}: {error}") from error
    return MappingProxyType(arrays)


def to_record(arrays: Mapping[str, NDArray]) -> ArrayRecord:
    """Make a Flower record of numpy arrays."""
    record = ArrayRecord()
    for name, array in arrays.items():
        record[name] = to_array(np.asarray(array))
    return record


def restored(
    record: ArrayRecord,
    reference: Mapping[str, NDArray],
    averaged: Sequence[Mapping[str, NDArray]] = (),
) -> ArrayRecord:
    """Return an aggregate with the model's dtypes.

    Averages turn integer buffers into float64, and some strategies promote whole models to
    float64; without this the model that goes out grows with the rounds. Arrays whose dtype is
    right, and arrays that the model does not have, stay the same objects.

    Parameters
    ----------
    record : ArrayRecord
        The aggregate.
    reference : Mapping[str, NDArray]
        The model that went out.
    averaged : sequence of Mapping[str, NDArray]
        The updates that it was made of, in the model's dtypes. An integer that is the same in all
        of them is taken from there: a float64 has no room for all its digits.
    """
    fixed: dict[str, Array] = {}
    for name, array in record.items():
        like = reference.get(name)
        if like is None or array.dtype == str(like.dtype):
            fixed[name] = array
        else:
            values = to_numpy(array)
            plain = cast(values, like.dtype)
            fixed[name] = to_array(agreed(values, plain, [one[name] for one in averaged]))
    return ArrayRecord(fixed)


def halved(record: ArrayRecord, reference: Mapping[str, NDArray]) -> ArrayRecord:
    """Return an aggregate with half precision where the model has it, all else as it is."""
    half = {name for name, like in reference.items() if like.dtype == np.float16}
    return ArrayRecord(
        {
            name: to_array(cast(to_numpy(array), reference[name].dtype)) if name in half else array
            for name, array in record.items()
        }
    )


def without_ours(content: RecordDict) -> RecordDict:
    """Return the records that are the app's own."""
    return RecordDict({name: rec for name, rec in content.items() if not name.startswith(OURS)})


def plain_metrics(record: MetricRecord | None) -> Mapping[str, Any]:
    """Return a read-only copy of metrics."""
    return MappingProxyType({} if record is None else dict(record))
