"""Copy a run to a URL, and what is new in it again and again."""

from __future__ import annotations

from contextlib import suppress
from stat import S_IROTH
from typing import TYPE_CHECKING

from pallet_bridge.copies.cid import cid_of
from pallet_bridge.copies.files import LINES, files_of, kind_of, read_whole
from pallet_bridge.copies.manifest import (
    FILES,
    OBJECTS,
    RUNS,
    CopiedFile,
    RunFiles,
    decode_runs,
    encode_runs,
    read_list,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.copies.age import Recipients
    from pallet_bridge.copies.place import CopyPlace


class RunCopy:
    """A run and its copy. It is for one process at a time, as the run is.

    Parameters
    ----------
    place
        The URL, which may have several runs.
    run
        The run's folder.
    recipients
        Whom what is private is encrypted to. Without any, of the private files only those are
        copied that everybody on this machine may read: the run published them.
    """

    def __init__(self, place: CopyPlace, run: Path, recipients: Recipients) -> None:
        self.url = f"{place.url}/{run.name}"
        self._runs, self._place, self._run = place, place.below(run.name), run
        self._recipients = recipients
        self._seen: dict[str, tuple[int, int]] = {}
        self._copied: RunFiles | None = None
        self._old: list[str] = []
        self._named = False

    def push(self) -> int:
        """Copy what is new or has changed, and return how many files that were.

        A reader sees what was there before, or all of it: the list of files is written last.

        Raises
        ------
        CopyUnreachable
            When the URL cannot be used. What was copied is not copied again.
        CopyDamaged
            When there is something else.
        OSError
            When a file of the run cannot be read.
        """
        before = self._listed()
        files = dict(before.files)
        changed = 0
        for name, data, seen in self._changed(before):
            one = self._object(name, data, files.get(name))
            if files.get(name) != one:
                files[name] = one
                changed += 1
            self._seen[name] = seen
        gone = self._gone(files)
        for name in gone:
            del files[name]
        now = RunFiles(files, self._recipients.keys)
        if now != before:
            self._place.put(FILES, now.encode())
            self._copied = now
            self._remove_old(before, now)
        self._name_run()
        return changed + len(gone)

    def _listed(self) -> RunFiles:
        """Return what is there, which is asked for once: nobody else writes it."""
        if self._copied is None:
            self._copied = read_list(self._place, FILES, RunFiles.decode) or RunFiles()
        return self._copied

    def _changed(self, before: RunFiles) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
        """Give what may have to be copied. The journal is read first: what it names is there."""
        yield from self._new(LINES, self._run / LINES)
        same = before.recipients == self._recipients.keys
        for name, path in files_of(self._run).items():
            kind = kind_of(name)
            if kind is None or (kind.private and not self._may_leave(path)):
                continue
            if kind.fixed and name in before.files and (same or not kind.private):
                continue
            if name != LINES:
                yield from self._new(name, path)

    def _may_leave(self, path: Path) -> bool:
        """Say whether a private file is copied."""
        if self._recipients.keys:
            return True
        with suppress(FileNotFoundError):
            return bool(path.stat().st_mode & S_IROTH)
        return False

    def _new(self, name: str, path: Path) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
        """Give a file, unless it is as it was when it was copied."""
        with suppress(FileNotFoundError):  # not yet written, or a checkpoint that was pruned
            stat = path.stat()
            seen = stat.st_mtime_ns, stat.st_size
            if self._seen.get(name) != seen:
                yield name, read_whole(name, path), seen

    def _object(self, name: str, data: bytes, before: CopiedFile | None) -> CopiedFile:
        """Bring the bytes of a file to the URL, unless they are there."""
        kind = kind_of(name)
        sealed = kind is not None and kind.private and bool(self._recipients.keys)
        if sealed:
            data = self._recipients.seal(data)
        made = CopiedFile(cid_of(data), len(data), sealed)
        if made != before:
            self._place.put(f"{OBJECTS}/{made.cid}", data)
        return made

    def _gone(self, files: dict[str, CopiedFile]) -> list[str]:
        """Return what is in the copy, and was taken away here: checkpoints of rounds before."""
        return [
            name
            for name in files
            if not (self._run / name).exists() and (kind := kind_of(name)) and not kind.fixed
        ]

    def _remove_old(self, before: RunFiles, now: RunFiles) -> None:
        """Take objects away that no list names any more, once nobody reads by the list before."""
        kept = {one.cid for one in now.files.values()}
        for cid in self._old:
            if cid not in kept:
                self._place.remove(f"{OBJECTS}/{cid}")
        self._old = [one.cid for one in before.files.values() if one.cid not in kept]

    def _name_run(self) -> None:
        """Name the run in the list of runs, once."""
        if self._named:
            return
        names = read_list(self._runs, RUNS, decode_runs) or []
        if self._run.name not in names:
            self._runs.put(RUNS, encode_runs([*names, self._run.name]))
        self._named = True
