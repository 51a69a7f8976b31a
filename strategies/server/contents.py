"""The replies as the wrapped strategy gets them: always new messages."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

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
from strategies.messages.records import without_ours
from strategies.server.reading.metrics import common_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.published.average import Limits
    from bcfl_plugins.types import NodeId
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

    def drawn(self, arrays: Mapping[str, NDArray]) -> Mapping[str, NDArray]:
        """See `average.drawn`."""
        return drawn(arrays, self.reference, sum(self.parts.values()))


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
    written = _Writing(mixed, shares, settled, room, wide)
    return [
        with_content(reply.message, _content(reply, common.of[reply.node_id], written))
        for reply in replies
    ], common.remarks


@dataclass(frozen=True, slots=True)
class _Writing:
    """How arrays are written for the strategy."""

    mixed: set[str]
    shares: Shares | None
    settled: Mapping[str, NDArray]
    room: Limits
    wide: bool


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
    shares = written.shares
    inside = within(reply.arrays, written.room)
    moved = inside if shares is None else shares.drawn(inside)
    made = ArrayRecord()
    for name, own in moved.items():
        array = written.settled.get(name, own)
        sent = reply.sent[name]
        as_sent = array is reply.arrays[name] and goes_as_sent(array, sent, name, written.mixed)
        if written.wide and is_narrow((sent if as_sent else array).dtype):
            made[name] = to_array(array.astype(np.float64))
        else:
            made[name] = rewritten(record[name], sent) if as_sent else to_array(array)
    return made
