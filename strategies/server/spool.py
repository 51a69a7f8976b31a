"""Replies that wait on disk, so that a round may be larger than the server's memory.

What a node sent stays what it is: the bytes of its arrays move into a file, and whoever reads them
reads them there. The operating system keeps as much of the file in memory as there is room for.
"""

from __future__ import annotations

import logging
import mmap
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from strategies._flower import ArrayRecord, RecordDict, with_content
from strategies.messages.lazy import LazyArray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from types import TracebackType
    from typing import Self

    from bcfl_plugins.config.run_config import BcflConfig
    from strategies._flower import Array, Message
    from strategies.server.replies import Training

_log = logging.getLogger("flwr.bcfl")

_FILE = 1 << 30
"""Bytes of one file, at least: few files for many replies, since a process may open few."""

_AT_ONCE = 64 << 20
"""Bytes of replies that are taken from Flower together, and so are in memory together."""

_ROOM = 2
"""A reply that is so many times as large as the model is refused, and never written."""

_HEADERS = 1 << 20
_ALIGNED = 64


class Spool:
    """Where the replies to one round wait.

    Its files are unlinked from the start: they are gone with the last array in them, however the
    process ends. Nobody else can open them.

    Parameters
    ----------
    folder : Path
        On a disk with room for one round. It is made where it is not there.
    model_bytes : int
        Of the model that went out.
    """

    def __init__(self, folder: Path, model_bytes: int) -> None:
        self._folder = folder
        self._most = _ROOM * model_bytes + _HEADERS
        self.at_once = max(1, _AT_ONCE // max(1, model_bytes))
        """How many replies may be taken from Flower together."""
        self._file: FileIO | None = None
        self._map: memoryview = memoryview(b"")
        self._used = 0
        self._told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write no more into the file that is open. What was put there stays."""
        if self._file is not None:
            self._file.close()
        self._file, self._map = None, memoryview(b"")

    def keep(self, message: Message) -> Message:
        """Return the same message, with its arrays on disk.

        A reply that is an error, or too large to be one to this round, is returned as it is. So is
        one for which the disk has no room: that is said once a round.
        """
        if message.has_error():
            return message
        sizes = [len(array.data) + _ALIGNED for array in _arrays(message)]
        if not sizes or sum(sizes) > self._most:
            return message
        try:
            return self._kept(message, sum(sizes))
        except OSError as error:
            self._tell(error)
            return message

    def _kept(self, message: Message, size: int) -> Message:
        file = self._with_room(size)
        content = RecordDict()
        for name, record in message.content.items():
            content[name] = record
            if isinstance(record, ArrayRecord):
                content[name] = moved = ArrayRecord()
                for key, one in record.items():  # the constructor would copy the bytes
                    moved[key] = self._moved(one, file)
        return with_content(message, content)

    def _moved(self, array: Array, file: FileIO) -> Array:
        data = array.data
        file.seek(self._used)
        written = 0
        while written < len(data):
            written += file.write(memoryview(data)[written:])
        there = self._map[self._used : self._used + len(data)]
        self._used += -(-len(data) // _ALIGNED) * _ALIGNED
        return LazyArray(array.dtype, tuple(array.shape), array.stype, partial(_view, there))

    def _with_room(self, size: int) -> FileIO:
        """Return a file with room; an old one stays for as long as an array of it does."""
        if self._file is not None and self._used + size <= len(self._map):
            return self._file
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - see `close`
        try:
            file.truncate(max(_FILE, size))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError:
            file.close()
            raise
        self._map, self._file, self._used = memoryview(mapped), file, 0
        _log.info("bcfl: replies to this round wait on disk, in %s", self._folder)
        return file

    def _tell(self, error: OSError) -> None:
        if not self._told:
            _log.warning(
                "bcfl: replies cannot be put on disk and stay in memory: %s. Make room in %s, or "
                "name another folder as bcfl.spool.folder",
                error.strerror or error,
                self._folder,
            )
        self._told = True


def spool_of(config: BcflConfig, training: Training) -> Spool | None:
    """Return where the replies to a round wait; `None`: they have room in memory."""
    model_bytes = sum(array.nbytes for array in training.ctx.reference.values())
    if model_bytes * len(training.asked) <= config.spool.over_mib << 20:
        return None
    return Spool(Path(config.spool.folder or config.run_dir), model_bytes)


def _arrays(message: Message) -> Iterator[Array]:
    for record in message.content.values():
        if isinstance(record, ArrayRecord):
            yield from record.values()


def _view(there: memoryview) -> memoryview:
    return there
