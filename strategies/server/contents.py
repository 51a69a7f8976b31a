"""The replies as the wrapped strategy gets them: always new messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.apportion import ONE
from strategies._flower import Array, ArrayRecord, Message, MetricRecord, RecordDict, with_content
from strategies.messages.records import without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.types import NodeId
    from strategies.server.screen import Reply

    NDArray = np.ndarray[Any, np.dtype[Any]]


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


def _between(start: NDArray, end: NDArray, part: float) -> NDArray:
    if end.dtype.kind != "f":
        return end
    first = start.astype(np.float64)
    between: NDArray = (first + part * (end.astype(np.float64) - first)).astype(end.dtype)
    return between


def for_strategy(replies: Sequence[Reply], shares: Shares | None = None) -> list[Message]:
    """Return the replies as the wrapped strategy gets them.

    Arrays are in the model's order. Where the replies disagree about an array's dtype, all have
    the model's; where they agree, the array is the one that came. With shares, these stand in the
    place of the numbers of examples. Records of this package are taken out. The strategy may write
    into the result: nobody else sees it.
    """
    dtypes: dict[str, set[np.dtype[Any]]] = {}
    for reply in replies:
        for name, array in reply.sent.items():
            dtypes.setdefault(name, set()).add(array.dtype)
    mixed = {name for name, kinds in dtypes.items() if len(kinds) > 1}
    return [with_content(reply.message, _content(reply, mixed, shares)) for reply in replies]


def _content(reply: Reply, mixed: set[str], shares: Shares | None) -> RecordDict:
    content = without_ours(reply.message.content)
    arrays = reply.arrays if shares is None else shares.drawn(reply.arrays)
    for name, record in content.items():
        if isinstance(record, MetricRecord):
            own = {} if shares is None else {shares.key: shares.parts[reply.node_id]}
            content[name] = MetricRecord({**record, **own})
        elif isinstance(record, ArrayRecord) and name == reply.array_name:
            content[name] = ArrayRecord(
                {
                    key: record[key]
                    if array is reply.arrays[key]
                    and not (key in mixed and array.dtype != reply.sent[key].dtype)
                    else Array(np.asarray(array))
                    for key, array in arrays.items()
                }
            )
    return content
