"""The logs of a network's nodes."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

_AGAIN_S = 0.3


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log; none where there is no log yet."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, count)]
    except FileNotFoundError:
        return []


@contextmanager
def following(logs: Mapping[str, Path]) -> Iterator[Iterator[tuple[str, str]]]:
    """Give each line that is added to one of the logs from now on, with the log's name."""
    with ExitStack() as stack:
        files = {}
        for name, path in logs.items():
            path.touch(0o600)
            files[name] = stack.enter_context(path.open("rb"))
            files[name].seek(0, os.SEEK_END)
        yield _added(files)


def _added(files: Mapping[str, BinaryIO]) -> Iterator[tuple[str, str]]:
    pending = dict.fromkeys(files, b"")
    while True:
        quiet = True
        for name, file in files.items():
            *lines, pending[name] = (pending[name] + file.read()).split(b"\n")
            for line in lines:
                quiet = False
                yield name, line.decode("utf-8", errors="replace")
        if quiet:
            time.sleep(_AGAIN_S)
