"""What can go wrong with a folder that keeps a chain; a branch of `EmbeddedError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.errors import NotWritten

if TYPE_CHECKING:
    from pathlib import Path


class StateInUse(EmbeddedError):
    """Another process has the folder of a chain open.

    Attributes
    ----------
    folder
        The folder.
    process
        The number of that process, as it noted it; empty when it did not.
    """

    def __init__(self, folder: Path, process: str) -> None:
        super().__init__(folder, process)
        self.folder = folder
        self.process = process

    def __str__(self) -> str:
        who = f"process {self.process}" if self.process else "another process"
        return (
            f"the chain in {self.folder} is open in {who}: one process writes a chain. "
            "End that one first, or connect to its URL"
        )


class StateDamaged(EmbeddedError):
    """The file of a chain is not as it was written, before its end.

    Attributes
    ----------
    path
        The file.
    place
        The byte at which the record starts that cannot be read.
    reason
        What is wrong with it.
    """

    def __init__(self, path: Path, place: int, reason: str) -> None:
        super().__init__(path, place, reason)
        self.path = path
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.path} is damaged at byte {self.place}: {self.reason}. Nothing was changed. "
            "Put a copy of the file in its place, or use another folder for a new chain"
        )


class StateDiffers(EmbeddedError):
    """A folder keeps another chain than the one that was asked for.

    Attributes
    ----------
    folder
        The folder.
    what
        In what they differ.
    kept, wanted
        What the chain there was made with, and what was asked for.
    """

    def __init__(self, folder: Path, what: str, kept: str, wanted: str) -> None:
        super().__init__(folder, what, kept, wanted)
        self.folder = folder
        self.what = what
        self.kept = kept
        self.wanted = wanted

    def __str__(self) -> str:
        return (
            f"the chain in {self.folder} was made with {self.what} {self.kept}, not {self.wanted}: "
            f"leave {self.what} out to go on with it, or name another folder for a new chain"
        )


class NoStateKept(EmbeddedError):
    """A folder keeps no chain."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"{self.folder} keeps no chain: name the folder in which one was begun"


class NotKept(EmbeddedError, NotWritten):
    """A block cannot be written down: the disk is full or read-only. It was not made."""
