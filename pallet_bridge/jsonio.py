"""JSON files that are written whole or not at all, and read without trust."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from pallet_bridge.errors import EncodingError, NotWritten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

E = TypeVar("E", bound=Enum)

OURS = 0o600
"""Mode of a run's files: accounts, salts and signatures are nobody else's business."""

ANYONES = 0o644
"""Mode of a file that its owner publishes."""

_MOST_DIGITS = 20
"""Of an integer that needs 64 bits."""
_DRAFT = re.compile(r"\..+\.[a-z0-9_]{8}")  # as `replacing` names a file until it is whole

_log = logging.getLogger(__name__)


def canonical(value: object) -> bytes:
    """Return the one form of a JSON value: keys sorted, no spaces, ASCII, no floats.

    Raises
    ------
    EncodingError
        When there is a float in it: floats print differently in different languages.
    """
    _refuse_floats(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def parse(data: bytes) -> Record:
    """Read a JSON object.

    Raises
    ------
    EncodingError
        When the bytes are no JSON object, or have a key twice, a float or a NaN.
    """
    try:
        value = json.loads(
            data, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
    except (ValueError, RecursionError) as error:  # ours from the hooks are ValueErrors too
        raise EncodingError(f"this is no JSON object: {error}") from None
    return Record(value, "")


class Record:
    """A JSON object read field by field; whatever is not as expected is an `EncodingError`."""

    __slots__ = ("_fields", "_where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise EncodingError(f"{where or 'the value'} is no JSON object")
        self._fields = value
        self._where = where

    def integer(self, name: str) -> int:
        """Return an int field."""
        value = self._get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise EncodingError(f"{self._name(name)} is no integer")
        return value

    def text(self, name: str) -> str:
        """Return a string field."""
        value = self._get(name)
        if not isinstance(value, str):
            raise EncodingError(f"{self._name(name)} is no string")
        return value

    def boolean(self, name: str) -> bool:
        """Return a field that is true or false."""
        value = self._get(name)
        if not isinstance(value, bool):
            raise EncodingError(f"{self._name(name)} is neither true nor false")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a field that is a list of strings."""
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise EncodingError(f"{self._name(name)} is no list of strings")
        return value

    def hex(self, name: str, size: int | None = None) -> bytes:
        """Return bytes, `size` of them when it is given, written as lower-case hex."""
        return unhex(self.text(name), size, self._name(name))

    def optional_hex(self, name: str, size: int) -> bytes | None:
        """Return such a field, or None when it is null."""
        return self.hex(name, size) if self.has(name) else None

    def decimal(self, name: str) -> int:
        """Return an integer that is written as text because it may need 64 bits."""
        text = self.text(name)
        digits = text.removeprefix("-")
        if not (text.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
            raise EncodingError(f"{self._name(name)} is no whole number: {text[:40]!r}")
        return int(text)

    def choice(self, name: str, kind: type[E]) -> E:
        """Return a field that holds the value of an enum's member."""
        try:
            return kind(self.text(name))
        except ValueError:
            raise EncodingError(f"{self._name(name)} is no {kind.__name__}") from None

    def has(self, name: str) -> bool:
        """Say whether a field is there and not null."""
        return self._fields.get(name) is not None

    def record(self, name: str) -> Record:
        """Return an object field."""
        return Record(self._get(name), self._name(name))

    def records(self, name: str) -> list[Record]:
        """Return a field that is a list of objects."""
        value = self._get(name)
        if not isinstance(value, list):
            raise EncodingError(f"{self._name(name)} is no list")
        return [Record(item, f"{self._name(name)}[{n}]") for n, item in enumerate(value)]

    def values(self, name: str) -> dict[str, Any]:
        """Return an object field as it is, without looking into it."""
        value = self._get(name)
        if not isinstance(value, dict):
            raise EncodingError(f"{self._name(name)} is no object")
        return value

    def names(self) -> list[str]:
        """Return the names of all fields."""
        return list(self._fields)

    def _get(self, name: str) -> object:
        if name not in self._fields:
            raise EncodingError(f"missing: {self._name(name)}")
        return self._fields[name]

    def _name(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


def unhex(text: str, size: int | None, what: str) -> bytes:
    """Read `size` bytes, or any number for None, of lower-case hex without a prefix."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        raise EncodingError(f"{what} is no hex") from None
    if value.hex() != text or size not in (None, len(value)):
        raise EncodingError(f"{what} is not lower-case hex of {size or 'some'} bytes")
    return value


def write_atomically(path: Path, data: bytes, *, mode: int = OURS) -> None:
    """Put a file in place so that a reader sees all of it or the one before.

    Raises
    ------
    NotWritten
        When the disk is full or read-only; the file before stays.
    """
    with replacing(path, mode=mode) as file:
        file.write(data)


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Do the same with a file that is made piece by piece."""
    with replacing(path) as file:
        file.writelines(parts)


@contextmanager
def replacing(path: Path, *, mode: int = OURS) -> Iterator[BinaryIO]:
    """Do the same with what is written to the file that this gives."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                if mode != OURS:  # which mkstemp gives
                    os.fchmod(handle, mode)  # whatever the umask says
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote a file whole.

    Only who alone writes in the folder may do this.
    """
    for path in folder.rglob(".*"):
        if path.is_file() and _DRAFT.fullmatch(path.name):
            with writing(path):
                path.unlink(missing_ok=True)


def append_line(path: Path, value: Mapping[str, object]) -> None:
    """Add one line to a file and see it on disk before returning.

    Raises
    ------
    NotWritten
        When the disk is full or read-only; nothing of the line stays.
    """
    line = canonical(value) + b"\n"
    with writing(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OURS)
        try:
            _append(handle, line)
        finally:
            os.close(handle)


def mend(path: Path) -> None:
    """Take away the last line of a file if it was written only in part, and say so in the log.

    A process that ends in the middle of a line leaves such a one, and so does a power cut.

    Raises
    ------
    NotWritten
        When the disk is read-only.
    """
    data = path.read_bytes()
    whole, torn = _split(data)
    if not torn:
        return
    with writing(path), path.open("r+b") as file:
        if is_whole(torn):  # all but its end is there
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        else:
            file.truncate(len(whole))
        file.flush()
        os.fsync(file.fileno())
    if not is_whole(torn):
        _log.warning(
            "%s: the last line was written only in part (%d bytes) and is left out; "
            "the %d lines before it are whole",
            path,
            len(torn),
            whole.count(b"\n"),
        )


def read_lines(path: Path) -> Iterator[tuple[int, Record]]:
    """Read a file of one JSON object a line, with the number of each line from 1.

    A last line that was written only in part is left out, and the log says so.

    Raises
    ------
    EncodingError
        Naming file and line, when a line is no object.
    """
    whole, torn = _split(path.read_bytes())
    lines = whole.split(b"\n")
    if torn and is_whole(torn):
        lines.append(torn)
    elif torn:
        _log.warning("%s:%d: written only in part, and left out", path, len(lines))
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            yield number, parse(line)
        except EncodingError as error:
            raise EncodingError(f"{path}:{number}: {error}") from None


def is_whole(line: bytes) -> bool:
    """Say whether a line is a JSON object: no proper part of one is one."""
    try:
        parse(line)
    except EncodingError:
        return False
    return True


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file it was when the system refuses to write.

    Raises
    ------
    NotWritten
        For whatever the system refuses.
    """
    try:
        yield
    except NotWritten:
        raise
    except OSError as error:
        raise NotWritten(path, error.strerror or str(error)) from error


def _sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _append(handle: int, line: bytes) -> None:
    before = os.fstat(handle).st_size
    try:
        written = os.write(handle, line)  # one write: lines of two writers do not mix
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        with suppress(OSError):  # half a line would spoil the next one
            os.ftruncate(handle, before)
        raise


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Return what ends with a line, and what stands behind that."""
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise EncodingError(f"{value!r} is a float: write it as an integer or as text")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise EncodingError("a key is there twice")
    return fields


def _no_float(text: str) -> object:
    raise EncodingError(f"{text} is no integer")
