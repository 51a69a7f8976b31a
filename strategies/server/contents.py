"""The replies as the wrapped strategy gets them: always new messages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.published.average import (
    NO_LIMITS,
    drawn,
    goes_as_sent,
    mixed_dtypes,
    within,
)
from strategies._flower import (
    ArrayRecord,
    Message,
    MetricRecord,
    RecordDict,
    with_content,
)
from strategies.messages.arrays import is_narrow, rewritten, to_array
from strategies.messages.lazy import LazyArray
from strategies.messages.records import without_ours
from strategies.server.reading.metrics import common_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.published.average import Limits
    from bcfl_plugins.types import NodeId
    from strategies._flower import Array
    from strategies.server.reading.examine import Reply

    NDArray = np.ndarray[Any, np.dtype[Any]]

NOTHING: Mapping[str, NDArray] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shares:
    """What the plugins say about how much each update counts in the average.

    Parameters
    ----------
    key : str
        The metric that the strategy weighs by.
    parts : Mapping[NodeId, int]
        Of each update, in parts of 1e-9. What is missing to 10^9 is the reference.
    reference : Mapping[str, NDArray]
        The model that went out.
    """

    key: str
    parts: Mapping[NodeId, int]
    reference: Mapping[str, NDArray]


def for_strategy(
    replies: Sequence[Reply],
    shares: Shares | None = None,
    settled: Mapping[str, NDArray] = NOTHING,
    room: Limits = NO_LIMITS,
    *,
    wide: bool = False,
) -> tuple[list[Message], tuple[tuple[NodeId, str], ...]]:
    """Return the replies as the wrapped strategy gets them, and which metrics are left out.

    Arrays are in the model's order, and written anew: no strategy gets bytes of a node. Where the
    replies disagree about an array's dtype, all have the model's; where they agree, all have
    theirs. With shares, these stand in the place of the numbers of examples. Settled arrays stand
    in the place of each node's own, and no other entry lies outside of its room. Integers, bools
    and half precision become float64 where `wide` says that the strategy measures updates. Records
    of this package are taken out. The strategy may write into the result: nobody else sees it.
    """
    mixed = mixed_dtypes([reply.sent for reply in replies])
    weights = {reply.node_id: float(reply.weight) for reply in replies}
    if shares is not None:
        weights = {node: float(part) for node, part in shares.parts.items()}
    common = common_metrics(replies, weights)
    given = ONE if shares is None else sum(shares.parts.values())
    written = _Writing(mixed, shares, given, settled, room, wide)
    return [
        with_content(reply.message, _content(reply, common.of[reply.node_id], written))
        for reply in replies
    ], common.remarks


@dataclass(frozen=True, slots=True)
class _Writing:
    """How arrays are written for the strategy."""

    mixed: set[str]
    shares: Shares | None
    given: int
    settled: Mapping[str, NDArray]
    room: Limits
    wide: bool

    def moved(self, name: str, own: NDArray) -> NDArray:
        """Return an array as the strategy gets it, before its dtype is chosen."""
        if name in self.settled:
            return self.settled[name]
        inside = within({name: own}, self.room)
        if self.shares is None:
            return inside[name]
        return drawn(inside, self.shares.reference, self.given)[name]

    def as_made(self, name: str, reply: Reply, was: Array) -> Array:
        """Return an array as the strategy gets it, from the one that came."""
        own, sent = reply.arrays[name], reply.sent[name]
        array = self.moved(name, own)
        as_sent = array is own and goes_as_sent(array, sent, name, self.mixed)
        if self.wide and is_narrow((sent if as_sent else array).dtype):
            return to_array(array.astype(np.float64))
        return rewritten(was, sent) if as_sent else to_array(array)


def _content(reply: Reply, metrics: Mapping[str, Any], written: _Writing) -> RecordDict:
    shares = written.shares
    content = without_ours(reply.message.content)
    for name, record in content.items():
        if isinstance(record, MetricRecord):
            own = {} if shares is None else {shares.key: shares.parts[reply.node_id]}
            content[name] = MetricRecord({**metrics, **own})
        elif isinstance(record, ArrayRecord):
            content[name] = _rewritten(record, reply, written)
    return content


def _rewritten(record: ArrayRecord, reply: Reply, written: _Writing) -> ArrayRecord:
    """Return the arrays as the strategy gets them; those that wait on disk take no memory yet."""
    made = ArrayRecord()
    for name in reply.arrays:
        was = record[name]
        array = written.as_made(name, reply, was)
        if isinstance(was, LazyArray) and not isinstance(array, LazyArray):
            again = partial(written.as_made, name, reply, was)
            array = LazyArray(array.dtype, array.shape, array.stype, partial(_bytes_of, again))
        made[name] = array
    return made


def _bytes_of(made: Callable[[], Array]) -> bytes:
    return made().data
