"""One process at a time has a folder."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from pallet_bridge.embedded.store.errors import StateInUse
from pallet_bridge.jsonio import OURS, writing

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"
_LONGEST = 20  # digits of a process number


class FolderLock:
    """Holds a folder until `release`, or until the process ends, in whichever way.

    Raises
    ------
    StateInUse
        Another one holds it.
    NotWritten
        The folder is not ours to write.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        with writing(path):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, OURS)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            process = os.read(self._handle, _LONGEST).decode("ascii", errors="replace").strip()
            os.close(self._handle)
            raise StateInUse(folder, process) from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let others have the folder; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
