from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.store.errors import StateInUse
from pallet_bridge.embedded.store.lock import FolderLock

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_holder_is_told_who_has_the_folder(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(StateInUse, match=f"is open in process {os.getpid()}: ") as told:
        FolderLock(tmp_path)
    assert told.value.folder == tmp_path
    lock.release()
    lock.release()
    FolderLock(tmp_path).release()


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    hold = (
        "import sys, pathlib;"
        "from pallet_bridge.embedded.store.lock import FolderLock;"
        "lock = FolderLock(pathlib.Path(sys.argv[1]));"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StateInUse, match=f"process {process.pid}"):
            FolderLock(tmp_path)
        process.kill()
        process.wait()
    FolderLock(tmp_path).release()
