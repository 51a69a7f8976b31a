"""A small SQLite file that one account keeps: made whole, checked, safe for several processes.

What is written is on the disk before it is handed out. The file may be used by several processes
and threads at once, and nothing is ever removed by itself.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_state_path

from pallet_bridge.errors import MemoryUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

_APPLICATION: Final = int.from_bytes(b"bcfl", "big")
_LOCK_SECONDS: Final = 30.0


def nodes_folder() -> Path:
    """Return where nodes remember when nobody names a folder: in the user's state directory."""
    return _state() / "nodes"


def coordinators_folder() -> Path:
    """Return where coordinators remember: in the user's state directory."""
    return _state() / "coordinators"


def chains_folder() -> Path:
    """Return where it is remembered what is final on chains: in the user's state directory."""
    return _state() / "chains"


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """One file. It is opened for each use, and nothing is kept open.

    Parameters
    ----------
    path
        Made, with its folder, for its owner only, when something is first written.
    schema
        Makes its tables.
    version
        Another one in the file is refused.
    error
        What is raised when the file cannot be used.
    """

    path: Path
    schema: str
    version: int
    error: type[MemoryUnusable] = MemoryUnusable

    def exists(self) -> bool:
        """Say whether anything was written yet."""
        return self.path.exists()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which is on the disk when this returns.

        Raises
        ------
        MemoryUnusable
            When it cannot be made sure. Then nothing may be handed out.
        """
        try:
            if not self.path.exists():
                self._create()
            address = f"{self.path.absolute().as_uri()}?mode=rw"
            opened = sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
            with closing(opened) as file:
                file.execute("PRAGMA synchronous = FULL")
                self._check(file)
                file.execute("BEGIN IMMEDIATE")
                yield file
                file.execute("COMMIT")
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:  # sqlite's words may be bytes
            raise self.error(str(self.path), str(error)) from None

    def remove(self) -> None:
        """Remove the file, also a damaged one.

        Raises
        ------
        MemoryUnusable
            When it cannot be removed.
        """
        try:
            for end in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        except OSError as error:
            raise self.error(str(self.path), f"it cannot be removed: {error}") from None

    def damaged(self, what: str) -> MemoryUnusable:
        """Return the error that says that something in the file is damaged."""
        return self.error(str(self.path), f"what it has for {what} is damaged")

    def _check(self, file: sqlite3.Connection) -> None:
        (application,) = file.execute("PRAGMA application_id").fetchone()
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if (application, version) != (_APPLICATION, self.version):
            raise self.error(str(self.path), "it is empty, or no memory of this version")

    def _create(self) -> None:
        """Make the file whole, and only then give it its name: an empty one is never taken."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder, suffix=".draft")
        os.close(handle)
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as file:
                file.execute("PRAGMA journal_mode = WAL")
                file.execute("PRAGMA synchronous = FULL")
                file.execute(f"PRAGMA application_id = {_APPLICATION}")
                file.execute(f"PRAGMA user_version = {self.version}")
                file.execute(self.schema)
            try:
                os.link(draft, self.path)
            except FileExistsError:  # another process was faster
                return
            _sync(folder)
        finally:
            Path(draft).unlink()


def _state() -> Path:
    return user_state_path("bcfl-plugins", appauthor=False)


def _sync(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
