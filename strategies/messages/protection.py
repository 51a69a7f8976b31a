"""How a training message says that plugins stand behind it, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies._flower import ConfigRecord, MessageType, RecordDict, with_content
from strategies.messages.wire import ROUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strategies._flower import Message

GUARDED = "bcfl.guarded"
"""The record of a training message for which the plugins act without a round on chain."""

_PLUGINS = "bcfl.plugins"


def named_plugins(run_config: Mapping[str, object]) -> str:
    """Return what a run config, flat as Flower has it, says under ``bcfl.plugins``."""
    said = str(run_config.get(_PLUGINS, ""))
    return ", ".join(name for name in (part.strip() for part in said.split(",")) if name)


def is_training(message: Message) -> bool:
    """Say whether a message asks a node to train."""
    return message.metadata.message_type.split(".")[0] == MessageType.TRAIN


def is_guarded(content: RecordDict) -> bool:
    """Say whether plugins stand behind a training message."""
    return ROUND in content or GUARDED in content


def guarded(messages: Iterable[Message], plugins: str) -> list[Message]:
    """Say in training messages that plugins act; messages that share content share the new one."""
    record = ConfigRecord({"plugins": plugins})
    made: dict[int, RecordDict] = {}
    marked = []
    for message in messages:
        content = message.content
        if id(content) not in made:
            made[id(content)] = RecordDict({**content, GUARDED: record})
        marked.append(with_content(message, made[id(content)]))
    return marked
