"""The replies as the wrapped strategy gets them: always new messages."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.defenses.core.arrays.buffers import weighted_medians
from bcfl_plugins.defenses.core.clipped import room_around
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
    from collections.abc import Iterable, Mapping, Sequence

    from bcfl_plugins.types import ClientUpdate, NodeId
    from strategies.server.reading.examine import Reply

    NDArray = np.ndarray[Any, np.dtype[Any]]

    Limits = Mapping[str, tuple[NDArray, NDArray]]

NOTHING: Mapping[str, NDArray] = MappingProxyType({})
NO_LIMITS: Limits = MappingProxyType({})


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
        """Return a model drawn to the reference by what is missing to 10^9.

        All are drawn equally far: weights alone cannot say that an average counts less.
        """
        total = sum(self.parts.values())
        if total >= ONE:
            return arrays
        return {
            name: _between(self.reference[name], array, total / ONE)
            for name, array in arrays.items()
        }


def medians(
    names: Iterable[str], replies: Sequence[Reply], parts: Mapping[NodeId, int]
) -> Mapping[str, NDArray]:
    """Return the medians of some arrays of the accepted replies, entry by entry.

    Parameters
    ----------
    names : iterable of str
        Which; those that the model does not have are left out.
    replies : sequence of Reply
        One at least.
    parts : Mapping[NodeId, int]
        How much each counts; empty: all the same.
    """
    weights = np.array([parts.get(reply.node_id, 1) for reply in replies], dtype=np.float64)
    first = replies[0].arrays
    return {
        name: _median([reply.arrays[name] for reply in replies], weights)
        for name in sorted({*names} & first.keys())
    }


def limits(
    reach: float,
    updates: Sequence[ClientUpdate],
    reference: Mapping[str, NDArray],
    settled: Iterable[str],
) -> Limits:
    """Return the least and greatest entries that the strategy gets of each array of floats.

    Parameters
    ----------
    reach : float
        As `Verdict.clip`.
    updates : sequence of ClientUpdate
        All that were judged.
    reference : Mapping[str, NDArray]
        The model that went out.
    settled : iterable of str
        Arrays that are not averaged anyway.
    """
    left = [name for name in reference if reference[name].dtype.kind == "f"]
    return {
        name: room_around([one.arrays[name] for one in updates], reference[name], reach)
        for name in left
        if name not in settled
    }


def _within(arrays: Mapping[str, NDArray], room: Limits) -> Mapping[str, NDArray]:
    if not room:
        return arrays
    return {
        name: np.clip(array, *room[name]).astype(array.dtype) if name in room else array
        for name, array in arrays.items()
    }


def _median(arrays: Sequence[NDArray], weights: NDArray) -> NDArray:
    if arrays[0].dtype.kind in "iub":
        middle: NDArray = np.sort(np.stack(arrays), axis=0)[(len(arrays) - 1) // 2]
        return middle
    found = weighted_medians([array.reshape(-1) for array in arrays], weights)
    return found.reshape(arrays[0].shape).astype(arrays[0].dtype)


def _between(start: NDArray, end: NDArray, part: float) -> NDArray:
    if end.dtype.kind not in "fc":
        return end
    wide = np.result_type(end.dtype, np.float64)
    first = start.astype(wide)
    between: NDArray = (first + part * (end.astype(wide) - first)).astype(end.dtype)
    return between


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
    dtypes: dict[str, set[np.dtype[Any]]] = {}
    for reply in replies:
        for name, array in reply.sent.items():
            dtypes.setdefault(name, set()).add(array.dtype)
    mixed = {name for name, kinds in dtypes.items() if len(kinds) > 1}
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
    inside = _within(reply.arrays, written.room)
    drawn = inside if shares is None else shares.drawn(inside)
    made = ArrayRecord()
    for name, own in drawn.items():
        array = written.settled.get(name, own)
        sent = reply.sent[name]
        is_theirs = array.dtype != sent.dtype and name not in written.mixed
        as_sent = array is reply.arrays[name] and (array is sent or is_theirs)
        if written.wide and is_narrow((sent if as_sent else array).dtype):
            made[name] = to_array(array.astype(np.float64))
        else:
            made[name] = rewritten(record[name], sent) if as_sent else to_array(array)
    return made
