"""The messages that the wrapped strategy and the nodes get: always new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies._flower import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
    with_content,
)
from strategies.records import without_ours
from strategies.wire import ROUND, Instruction, instruction_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from strategies.screen import Reply


def instruct(messages: Iterable[Message], instruction: Instruction) -> list[Message]:
    """Add what to sign for to training messages, and the governed training parameters.

    Parameters that the federation's terms govern replace those of the same name in the app's own
    config records: a node trains with what was voted. Messages that share their content share the
    new one too, so that Flower sends it once.
    """
    record = instruction_record(instruction)
    made: dict[int, RecordDict] = {}
    instructed = []
    for message in messages:
        content = message.content
        if id(content) not in made:
            governed = _governed(content, instruction.opened.training)
            made[id(content)] = RecordDict({**governed, ROUND: record})
        instructed.append(with_content(message, made[id(content)]))
    return instructed


def _governed(content: RecordDict, training: Mapping[str, float]) -> RecordDict:
    if not training:
        return content
    return RecordDict(
        {
            name: ConfigRecord({**record, **training})
            if isinstance(record, ConfigRecord)
            else record
            for name, record in content.items()
        }
    )


def for_strategy(replies: Sequence[Reply]) -> list[Message]:
    """Return the replies as the wrapped strategy gets them.

    Arrays are in the model's order. Where the replies disagree about an array's dtype, all have
    the model's; where they agree, the array is the one that came. Records of this package are
    taken out. The strategy may write into the result: nobody else sees it.
    """
    dtypes: dict[str, set[np.dtype[Any]]] = {}
    for reply in replies:
        for name, array in reply.sent.items():
            dtypes.setdefault(name, set()).add(array.dtype)
    mixed = {name for name, kinds in dtypes.items() if len(kinds) > 1}
    return [with_content(reply.message, _content(reply, mixed)) for reply in replies]


def _content(reply: Reply, mixed: set[str]) -> RecordDict:
    content = without_ours(reply.message.content)
    for name, record in content.items():
        if isinstance(record, MetricRecord):
            content[name] = MetricRecord(dict(record))
        elif isinstance(record, ArrayRecord) and name == reply.array_name:
            content[name] = ArrayRecord(
                {
                    key: Array(np.asarray(array))
                    if key in mixed and array.dtype != reply.sent[key].dtype
                    else record[key]
                    for key, array in reply.arrays.items()
                }
            )
    return content
