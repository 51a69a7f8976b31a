"""The one reply that a strategy gets of a masked round: the model that the sum gives."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.sketches import as_vector
from strategies._flower import ArrayRecord, MetricRecord, with_content
from strategies.messages.records import to_record, without_ours
from strategies.server.reading.metrics import common_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.sketches import SketchSize
    from bcfl_plugins.types import ClientUpdate, RoundContext
    from pallet_bridge.types import AccountId
    from strategies._flower import Message
    from strategies.server.reading.examine import Reply
    from strategies.server.reading.expectations import Expectations

    NDArray = np.ndarray[Any, np.dtype[Any]]

SKETCH_ARRAY = "sketch"
"""The only array of a sketched update."""


def summed_reply(
    replies: Sequence[Reply],
    expected: Expectations,
    reference: Mapping[str, NDArray],
    total: NDArray,
    scale: MaskScale,
) -> Message:
    """Return a message with the mean of the accepted updates, each counted once.

    It is one message, so that no arithmetic of a strategy comes between the sum and the model. Its
    metrics are the plain means; the number of examples is the sum.

    Parameters
    ----------
    replies : sequence of Reply
        The accepted ones, ascending by node id.
    expected : Expectations
        What the strategy needs.
    reference : Mapping[str, NDArray]
        The model that went out.
    total : NDArray
        (d,) uint32: the sum.
    scale : MaskScale
        How entries became integers.
    """
    model, place = {}, 0
    for name, start in reference.items():
        model[name] = scale.mean(total, len(replies), start, place)
        place += start.size
    common = common_metrics(replies, {reply.node_id: 1.0 for reply in replies}).of
    said = [common[reply.node_id] for reply in replies]
    metrics: dict[str, Any] = {name: _mean([one[name] for one in said]) for name in said[0]}
    metrics[expected.weight_key] = sum(int(reply.weight) for reply in replies)
    content = without_ours(replies[0].message.content)
    for name, record in content.items():
        if isinstance(record, ArrayRecord):
            content[name] = to_record(model)
        elif isinstance(record, MetricRecord):
            content[name] = MetricRecord(metrics)
    return with_content(replies[0].message, content)


def as_sketched(
    ctx: RoundContext,
    sent: Mapping[AccountId, ClientUpdate],
    sketches: Mapping[AccountId, NDArray],
    bits: int,
    size: SketchSize,
) -> tuple[RoundContext, tuple[ClientUpdate, ...]]:
    """Return a round and its updates as plugins judge them: by their sketches.

    Parameters
    ----------
    ctx, sent
        The round, and what came.
    sketches
        By account, (tables, width) uint32, ascending by node id.
    bits
        Fractional bits of the updates.
    size
        Of the sketches.
    """
    updates = []
    for who, sketch in sketches.items():
        vector = as_vector(sketch, bits)
        vector.flags.writeable = False
        arrays = MappingProxyType({SKETCH_ARRAY: vector})
        updates.append(replace(sent[who], arrays=arrays, sent=None))
    nothing = np.zeros(size.cells)
    nothing.flags.writeable = False
    reference = MappingProxyType({SKETCH_ARRAY: nothing})
    return replace(ctx, reference=reference), tuple(updates)


def _mean(values: Sequence[Any]) -> float | list[float]:
    if isinstance(values[0], list):
        return [_mean(column) for column in zip(*values, strict=True)]  # type: ignore[misc]
    return math.fsum(values) / len(values)
