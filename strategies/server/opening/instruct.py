"""The training messages as the nodes get them: with what to sign for, and what was voted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.encoding import update_digest
from strategies._flower import ConfigRecord, RecordDict, with_content
from strategies.errors import OtherModelSent
from strategies.messages.records import to_arrays
from strategies.messages.wire import ROUND, Instruction, instruction_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strategies._flower import ArrayRecord, Message


def instruct(messages: Iterable[Message], instruction: Instruction) -> list[Message]:
    """Add what to sign for to training messages, and the governed training parameters.

    Parameters that the federation's terms govern replace those of the same name in the app's own
    config records, in the app's type: a node trains with what was voted. One that no record has
    goes into the first. Messages that share their content share the new one too, so that Flower
    sends it once.
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


def check_carried(messages: Iterable[Message], model: ArrayRecord, digest: bytes) -> None:
    """Refuse messages that do not carry the model that the round is opened on.

    Each node checks that before it trains, and none would answer.

    Parameters
    ----------
    messages : iterable of Message
        As the strategy made them.
    model : ArrayRecord
        What the strategy was given. A message with this very object is not read.
    digest : bytes
        The digest of it.

    Raises
    ------
    OtherModelSent
        Saying what they carry instead.
    """
    seen: set[int] = {id(model)}
    for message in messages:
        records = list(message.content.array_records.values())
        if len(records) != 1:
            raise OtherModelSent(f"a message carries {len(records)} ArrayRecords")
        if id(records[0]) not in seen and update_digest(to_arrays(records[0])) != digest:
            raise OtherModelSent("a message carries another one")
        seen.add(id(records[0]))


def _governed(content: RecordDict, training: Mapping[str, int | float]) -> RecordDict:
    configs = [record for record in content.values() if isinstance(record, ConfigRecord)]
    if not training or not configs:
        return content
    unasked = {key: value for key, value in training.items() if not any(key in c for c in configs)}
    governed = RecordDict()
    for name, record in content.items():
        if isinstance(record, ConfigRecord):
            new = {
                key: _typed(training[key], own) for key, own in record.items() if key in training
            }
            if record is configs[0]:
                new |= unasked
            governed[name] = ConfigRecord({**record, **new})
        else:
            governed[name] = record
    return governed


def _typed(value: float, own: object) -> bool | int | float:
    """Return a governed number as the app has it: as a float for a float, a flag for a flag."""
    if isinstance(own, bool) and value in {0, 1}:
        return bool(value)
    return float(value) if isinstance(own, float) else value
