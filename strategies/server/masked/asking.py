"""Ask nodes one question each, and read what each answers; who answers nothing good is named."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.errors import BcflError
from strategies._flower import Message, RecordDict
from strategies.messages.records import sort_replies
from strategies.server.reading.screen import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from strategies._flower import Grid

_T = TypeVar("_T")
_log = logging.getLogger("flwr.bcfl")


def ask(
    grid: Grid,
    kind: str,
    questions: Mapping[int, RecordDict],
    read: Callable[[int, RecordDict], _T],
    timeout: float,
) -> tuple[dict[int, _T], dict[int, str]]:
    """Return the good answers, and why the other nodes gave none; both by node.

    Parameters
    ----------
    grid : Grid
        Where to ask.
    kind : str
        The type of the messages.
    questions : Mapping[int, RecordDict]
        What is asked of each node.
    read : callable
        Reads one answer of a node; a `BcflError` or `ValueError` says that it is none.
    timeout : float
        Seconds.
    """
    messages = [Message(content, node, kind) for node, content in sorted(questions.items())]
    replies = grid.send_and_receive(messages, timeout=timeout)
    good: dict[int, _T] = {}
    bad: dict[int, str] = {}
    grouped = groupby(sort_replies(replies), key=lambda reply: reply.metadata.src_node_id)
    for node, said in grouped:
        if node in questions:
            _read_one(node, said, read, good, bad)
    for node in questions:
        if node not in good:
            bad.setdefault(node, f"it did not answer {kind} within {timeout:g} s")
            _log.warning("bcfl: node %d is left out: %s", node, bad[node])
    return good, {node: why for node, why in bad.items() if node not in good}


def _read_one(
    node: int,
    said: Iterable[Message],
    read: Callable[[int, RecordDict], _T],
    good: dict[int, _T],
    bad: dict[int, str],
) -> None:
    """Take the first good answer of a node: a source may be forged, a signature may not."""
    for reply in said:
        if node in good:
            return
        if reply.has_error():
            bad[node] = printable(str(reply.error.reason))
            continue
        try:
            good[node] = read(node, reply.content)
        except (BcflError, ValueError) as error:
            bad[node] = printable(str(error))
