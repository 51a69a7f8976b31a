"""The training messages as the nodes get them: with what to sign for, and what was voted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies._flower import ConfigRecord, RecordDict, with_content
from strategies.messages.wire import ROUND, Instruction, instruction_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strategies._flower import Message


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
