"""One process at a time: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pallet_bridge.jsonio import OURS, writing

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_mine: set[Path] = set()  # the system's lock does not tell the threads of one process apart
_guard = threading.Lock()


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a lock while this is open; says False when it is held already, here or elsewhere.

    Children that the holder leaves behind do not have it. Where the system or the disk knows no
    such locks, each process gets it.

    Raises
    ------
    NotWritten
        When its file cannot be made.
    """
    path = path.absolute()
    with _guard:
        free = path not in _mine
        _mine.add(path)
    if not free:
        yield False
        return
    try:
        with writing(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, OURS)
        try:
            yield _take(handle)
        finally:
            os.close(handle)  # and with it the lock
    finally:
        with _guard:
            _mine.discard(path)


def _take(handle: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
