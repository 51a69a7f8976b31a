"""One process at a time: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pallet_bridge.jsonio import OURS, writing

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a lock while this is open; says False when another process, or this one, has it.

    Where the system knows no such locks everybody gets it.

    Raises
    ------
    NotWritten
        When its file cannot be made.
    """
    with writing(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, OURS)
    try:
        yield _take(handle)
    finally:
        os.close(handle)  # and with it the lock


def _take(handle: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
