"""What a copy says of itself: which files a run has, and in which object each is.

It is JSON of one form. Who fetches a copy takes it for the word of whoever can write at the URL:
names and sizes are bounded here, and the objects are compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.copies.cid import is_cid
from pallet_bridge.copies.errors import CopyDamaged
from pallet_bridge.copies.files import RUN_NAME, kind_of
from pallet_bridge.errors import EncodingError
from pallet_bridge.jsonio import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.copies.place import CopyPlace

T = TypeVar("T")

FILES, RUNS, OBJECTS = "files.json", "runs.json", "objects"
"""The list of a run's files, that of the runs, and the folder of the objects."""
MOST_LISTED = 1 << 28
"""Bytes of a list."""
FILES_FORMAT = "bcfl-copy-files/1"
RUNS_FORMAT = "bcfl-copy-runs/1"
_MOST_BYTES = 1 << 40  # of one object
_MOST_RUNS = 100_000


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """One file in a copy.

    Parameters
    ----------
    cid : str
        Of the object.
    size : int
        Bytes of the object.
    sealed : bool
        Whether the object is the file encrypted by age.
    """

    cid: str
    size: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run.

    Parameters
    ----------
    files : Mapping[str, CopiedFile]
        By their names below the run's folder.
    recipients : tuple of str
        Public keys of age whom the sealed ones are encrypted to.
    """

    files: Mapping[str, CopiedFile] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Return the bytes of ``files.json``."""
        files = {
            name: {"cid": one.cid, "sealed": one.sealed, "size": one.size}
            for name, one in self.files.items()
        }
        return canonical({"format": FILES_FORMAT, "files": files, "recipients": [*self.recipients]})

    @classmethod
    def decode(cls, data: bytes) -> RunFiles:
        """Read ``files.json``.

        Raises
        ------
        EncodingError
            When these are not the bytes of one, or name a file that no run has.
        """
        record = parse(data)
        if record.text("format") != FILES_FORMAT:
            raise EncodingError(f"this is no {FILES_FORMAT}")
        listed = record.record("files")
        files = {}
        for name in listed.names():
            one = listed.record(name)
            found = CopiedFile(one.text("cid"), one.integer("size"), one.boolean("sealed"))
            if kind_of(name) is None or not is_cid(found.cid):
                raise EncodingError(f"{name[:100]!r} is no file of a run")
            if not 0 <= found.size <= _MOST_BYTES:
                raise EncodingError(f"{name} has {found.size} bytes")
            files[name] = found
        return cls(files, tuple(record.texts("recipients")))


def read_list(place: CopyPlace, name: str, decode: Callable[[bytes], T]) -> T | None:
    """Return a list that lies at a URL; ``None``: there is none.

    Raises
    ------
    CopyUnreachable
        When the URL cannot be used.
    CopyDamaged
        When something else lies there.
    """
    data = place.get(name, MOST_LISTED)
    if data is None:
        return None
    try:
        return decode(data)
    except EncodingError as error:
        raise CopyDamaged(f"{place.url}/{name}", str(error)) from error


def encode_runs(names: list[str]) -> bytes:
    """Return the bytes of ``runs.json``."""
    return canonical({"format": RUNS_FORMAT, "runs": names})


def decode_runs(data: bytes) -> list[str]:
    """Read ``runs.json``.

    Raises
    ------
    EncodingError
        When these are not the bytes of one, or a name is none of a folder.
    """
    record = parse(data)
    if record.text("format") != RUNS_FORMAT:
        raise EncodingError(f"this is no {RUNS_FORMAT}")
    names = record.texts("runs")
    if len(names) > _MOST_RUNS or any(RUN_NAME.fullmatch(name) is None for name in names):
        raise EncodingError("it names something that is no run's folder")
    return names
