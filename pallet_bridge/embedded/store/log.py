"""A file of records that only grows, each with a checksum; what was cut off is taken away.

::

    bcfl-state/1 and a line end
    then for each record
        u32  bytes of the record
        u32  CRC-32 of the record
        u32  CRC-32 of the eight bytes before
        the record

The second checksum tells a record that was cut off from one whose length cannot be believed: the
first is at the end of the file and is taken away, the second is damage and is an error.
"""

from __future__ import annotations

import logging
import os
import struct
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from zlib import crc32

from pallet_bridge.embedded.store.errors import NotKept, StateDamaged
from pallet_bridge.errors import NotWritten
from pallet_bridge.jsonio import OURS, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

_log = logging.getLogger(__name__)

MAGIC: Final = b"bcfl-state/1\n"
_HEAD: Final = struct.Struct("<III")
_ROOM: Final = 1 << 16
_LENGTHS: Final = struct.Struct("<II")


class Scan:
    """The whole records of a file, from its first one on, each with the byte where it starts.

    Attributes
    ----------
    end
        Where the last whole record ends, once all were read.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.end = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Read on.

        Raises
        ------
        StateDamaged
            A record before the last one is not as it was written.
        """
        size = os.fstat(self._file.fileno()).st_size
        start = self._file.read(len(MAGIC))
        if start != MAGIC:
            if MAGIC.startswith(start):  # cut off before there was any record
                return
            raise StateDamaged(self._path, 0, f"it does not start with {MAGIC.decode().strip()}")
        self.end = len(MAGIC)
        while self.end < size:
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, sum_, sum_of_head = _HEAD.unpack(head)
            if crc32(head[: _LENGTHS.size]) != sum_of_head:
                if self._is_blank(head):
                    return
                raise StateDamaged(self._path, self.end, "the head of a record is not its own")
            record = self._file.read(length)
            after = self.end + _HEAD.size + length
            if after > size:
                return
            if crc32(record) != sum_:
                if after == size:
                    return
                raise StateDamaged(self._path, self.end, "a record is not as it was written")
            yield self.end, record
            self.end = after

    def _is_blank(self, head: bytes) -> bool:
        """Say whether nothing follows but zeros: a power cut leaves them for what it cut off."""
        if any(head):
            return False
        while piece := self._file.read(1 << 16):
            if any(piece):
                return False
        return True


class Log:
    """The file, open for adding records. Make it with `open`."""

    def __init__(self, path: Path, handle: int, end: int) -> None:
        self._path = path
        self._handle = handle
        self._end = end
        self._is_dirty = False
        self._is_ragged = False  # whether a part of a record stands behind the end

    @classmethod
    def open(cls, path: Path, take: Callable[[int, bytes], None]) -> Log:
        """Open or begin a file, and hand each record of it, with its place, to `take`.

        A record at the end that was written only in part is taken away, and the log says so.

        Raises
        ------
        StateDamaged
            A record before the last one is not as it was written; the file stays as it is.
        NotWritten
            When the disk is full or read-only.
        """
        with writing(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, OURS)
        try:
            with path.open("rb") as file:
                scan = Scan(path, file)
                for place, record in scan:
                    take(place, record)
            log = cls(path, handle, scan.end)
            log._mend()
        except BaseException:
            os.close(handle)
            raise
        return log

    def append(self, record: bytes) -> int:
        """Add one record; give its place. It survives the process from now on.

        Raises
        ------
        NotKept
            When the disk is full or read-only, or the log closed; nothing of the record stays.
        """
        lengths = _LENGTHS.pack(len(record), crc32(record))
        place = self._end
        if self._handle < 0:
            raise NotKept(self._path, "it was closed")
        try:
            if self._is_ragged:
                self._trim()
            self._write(lengths + crc32(lengths).to_bytes(4, "little") + record)
        except OSError as error:
            self._end, self._is_ragged = place, True
            with suppress(OSError):
                self._trim()
            raise NotKept(self._path, error.strerror or str(error)) from error
        self._is_dirty = True
        return place

    def check_room(self) -> None:
        """See whether a record would find room.

        Raises
        ------
        NotKept
            When the disk is full or read-only, or the log closed.
        """
        if self._handle < 0:
            raise NotKept(self._path, "it was closed")
        self._is_ragged = True
        try:
            self._put(bytes(_ROOM))  # zeros are no record
            self._trim()
        except OSError as error:
            with suppress(OSError):
                self._trim()
            raise NotKept(self._path, error.strerror or str(error)) from error

    def read(self, place: int) -> bytes:
        """Give the record at a place.

        Raises
        ------
        StateDamaged
            It is not as it was written.
        """
        with self._readable() as handle:
            head = os.pread(handle, _HEAD.size, place)
            if len(head) == _HEAD.size:
                length, sum_, _ = _HEAD.unpack(head)
                record = os.pread(handle, length, place + _HEAD.size)
                if crc32(record) == sum_:
                    return record
        raise StateDamaged(self._path, place, "a record changed while the file was open")

    def sync(self) -> None:
        """See all records on disk: they survive a power cut from now on.

        Raises
        ------
        NotKept
            When the system refuses.
        """
        if not self._is_dirty:
            return
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise NotKept(self._path, error.strerror or str(error)) from error
        self._is_dirty = False

    def close(self) -> None:
        """See all on disk and close the file; a second call does nothing."""
        if self._handle < 0:
            return
        try:
            self.sync()
        finally:
            os.close(self._handle)
            self._handle = -1

    @contextmanager
    def _readable(self) -> Iterator[int]:
        """Give a handle to read from, also once the log is closed."""
        if self._handle >= 0:
            yield self._handle
            return
        with self._path.open("rb", buffering=0) as file:
            yield file.fileno()

    def _trim(self) -> None:
        os.ftruncate(self._handle, self._end)
        self._is_ragged = False

    def _mend(self) -> None:
        """Cut off what is no whole record, and begin a file that has none."""
        size = os.fstat(self._handle).st_size
        try:
            if self._end < size:
                if self._end:
                    _log.warning(
                        "%s: the last record was written only in part (%d bytes) and is taken away",
                        self._path,
                        size - self._end,
                    )
                os.ftruncate(self._handle, self._end)
            if not self._end:
                self._write(MAGIC)
            os.fsync(self._handle)
        except OSError as error:
            raise NotWritten(self._path, error.strerror or str(error)) from error

    def _write(self, data: bytes) -> None:
        self._put(data)
        self._end += len(data)

    def _put(self, data: bytes) -> None:
        written = 0
        while written < len(data):
            written += os.pwrite(self._handle, data[written:], self._end + written)
