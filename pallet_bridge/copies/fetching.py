"""Bring copies of runs from a URL into a local folder, and what is new in them again and again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.copies.cid import cid_of
from pallet_bridge.copies.errors import CopyDamaged, NoIdentity
from pallet_bridge.copies.files import kind_of
from pallet_bridge.copies.manifest import (
    FILES,
    OBJECTS,
    RUNS,
    CopiedFile,
    RunFiles,
    decode_runs,
    read_list,
)
from pallet_bridge.jsonio import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pallet_bridge.copies.age import AgeIdentities
    from pallet_bridge.copies.place import CopyPlace

_TRIES = 3  # between the list and an object another list may have come
_SPARE = 1 << 28
"""Bytes of the disk that a copy leaves free."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a run's copy.

    Parameters
    ----------
    folder : Path
        Where the run is now.
    new : int
        Files that were not here, or were others.
    closed : tuple of str
        Files that are encrypted to others.
    """

    folder: Path
    new: int
    closed: tuple[str, ...]


class Fetcher:
    """Copies at a URL, and the folder that they are brought into.

    Parameters
    ----------
    place
        The URL.
    folder
        Each run gets a folder in it.
    identities
        To open what is private.
    """

    def __init__(self, place: CopyPlace, folder: Path, identities: AgeIdentities) -> None:
        self._place, self._folder, self._identities = place, folder, identities
        self._here: dict[str, dict[str, CopiedFile]] = {}

    def runs(self) -> list[str]:
        """Return the names of the runs at the URL, the newest last.

        Raises
        ------
        CopyUnreachable
            When the URL cannot be used.
        CopyDamaged
            When there is no list of runs.
        """
        names = read_list(self._place, RUNS, decode_runs)
        if names is None:
            raise CopyDamaged(self._place.url, f"there is no {RUNS}")
        return sorted(names)

    def fetch(self, run: str) -> Fetched:
        """Bring a run here, or what is new in it.

        The files are those that the copy's list names. They are the word of whoever can write at
        the URL: an audit checks them.

        Raises
        ------
        CopyUnreachable
            When the URL cannot be used.
        CopyDamaged
            When an object is missing or is another than the list says, or would fill the disk.
        NotWritten
            When the folder cannot be written to.
        """
        place = self._place.below(run)
        for tried in range(1, _TRIES + 1):
            try:
                return self._fetch(place, run, self._listed(place))
            except CopyDamaged:
                if tried == _TRIES:
                    raise
        raise AssertionError("unreachable")

    def _listed(self, place: CopyPlace) -> RunFiles:
        found = read_list(place, FILES, RunFiles.decode)
        if found is None:
            raise CopyDamaged(place.url, f"there is no {FILES}")
        return found

    def _fetch(self, place: CopyPlace, run: str, listed: RunFiles) -> Fetched:
        here = self._here.setdefault(run, {})
        new, closed = 0, []
        self._check_room(place, listed.files)
        for name, one in listed.files.items():
            path = self._folder / run / name
            if self._is_here(name, one, path, here):
                continue
            data = _object(place, one)
            if one.sealed:
                try:
                    data = self._identities.open(data, f"{place.url}: {name}")
                except NoIdentity:
                    closed.append(name)
                    continue
            write_atomically(path, data)
            here[name] = one
            new += 1
        return Fetched(self._folder / run, new, tuple(closed))

    def _is_here(
        self, name: str, one: CopiedFile, path: Path, here: Mapping[str, CopiedFile]
    ) -> bool:
        if here.get(name) == one:
            return True
        if not path.is_file():
            return False
        kind = kind_of(name)
        if one.sealed:
            return kind is not None and kind.fixed
        return path.stat().st_size == one.size and cid_of(path.read_bytes()) == one.cid

    def _check_room(self, place: CopyPlace, files: Mapping[str, CopiedFile]) -> None:
        """Refuse a list that says of itself that it would fill the disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        needed = sum(one.size for one in files.values()) + _SPARE
        free = shutil.disk_usage(self._folder).free
        if needed > free:
            raise CopyDamaged(place.url, f"it says that it needs {needed} bytes: {free} are free")


def _object(place: CopyPlace, one: CopiedFile) -> bytes:
    data = place.get(f"{OBJECTS}/{one.cid}", one.size)
    if data is None or cid_of(data) != one.cid:
        found = "missing" if data is None else "other bytes"
        raise CopyDamaged(f"{place.url}/{OBJECTS}/{one.cid}", found)
    return data
