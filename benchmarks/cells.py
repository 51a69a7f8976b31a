"""Cells of a table, each kept on disk as soon as it is done: what is killed goes on from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

FILE = "cells.jsonl"

Found = dict[str, tuple[float, ...]]


class Job(Protocol):
    """A cell of a table."""

    @property
    def key(self) -> str:
        """Names it on disk."""

    def run(self) -> tuple[float, ...]:
        """Return what it gives."""


def kept(cache: Path | None) -> Found:
    """Return the cells on disk, and cut off a last line that was not finished."""
    path = None if cache is None else cache / FILE
    if path is None or not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]  # a line that was cut off while writing has no end
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return {key: tuple(values) for key, values in map(json.loads, whole.splitlines())}


def results(
    cells: Iterable[Job], cache: Path | None, go_on: Callable[[], bool] = lambda: True
) -> Found:
    """Return what each cell gave; those on disk are not run again.

    Parameters
    ----------
    cells : iterable of Job
        In the order in which they run.
    cache : Path or None
        Folder of finished cells. Remove it after a change of a rule.
    go_on : callable
        Asked before each cell that is not on disk; nothing runs any more once it says no.
    """
    found = kept(cache)
    for cell in cells:
        if cell.key in found:
            continue
        if not go_on():
            break
        found[cell.key] = cell.run()
        if cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
            with (cache / FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps([cell.key, found[cell.key]]) + "\n")
    return found
