"""Checkpoints of a run: the model after a round and what goes on from it, whole or not at all.

::

    RUN/checkpoints/000004.npz   the model after Flower's round 4, as `numpy.load` reads it, with
                                 two more members: `about.json` and the arrays that it counts
    RUN/checkpoints/metrics.json what the rounds so far were measured at
    RUN/checkpoints/app.json     which app the run is of, where its chain does not say so

A file is complete when it has its name. Which one a run goes on from is the chain's decision: the
one whose model it settled last. So the newest that is known to be settled, and all after it, stay.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from pallet_bridge.errors import EncodingError, JournalError
from pallet_bridge.jsonio import replacing, write_atomically, writing
from pallet_bridge.run.values import ValueKind, ValueReader, ValueWriter
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pallet_bridge.run.values import Array

FORMAT = "bcfl-checkpoint/1"
FOLDER = "checkpoints"
HANDED_OVER = ""
"""Stands for the strategy's class in a checkpoint that was made of what another server left."""
_METRICS = "metrics.json"
_APP = "app.json"
_ABOUT = "about.json"
_EXTRA = "~state/"
_NPY = ".npy"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A run after one of its rounds.

    Parameters
    ----------
    server_round
        Flower's number of the round; 0: before the first.
    digest
        Of the model, as `pallet_bridge.encoding.update_digest` makes it.
    model
        The model that the next round starts from.
    state
        What else goes on, of values that `pallet_bridge.run.values` writes.
    """

    server_round: int
    digest: bytes
    model: Mapping[str, Array]
    state: object


class Checkpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    run
        The run's folder.
    kinds
        Classes of values in states, beside those that everybody knows.
    """

    def __init__(self, run: Path, kinds: tuple[ValueKind, ...] = ()) -> None:
        self.folder = run / FOLDER
        self._kinds = kinds

    def put(self, made: Checkpoint) -> None:
        """Write a checkpoint; it is on disk when this returns.

        Raises
        ------
        EncodingError
            When the state holds what cannot be written.
        NotWritten
            When the disk is full or read-only; those before stay.
        """
        writer = ValueWriter(self._kinds)
        about = {
            "format": FORMAT,
            "server_round": made.server_round,
            "digest": made.digest.hex(),
            "names": list(made.model),
            "state": writer.plain(made.state),
        }
        with replacing(self.path(made.server_round)) as file, ZipFile(file, "w") as archive:
            archive.writestr(_ABOUT, json.dumps(about))
            write_arrays(archive, made.model)
            extra = {f"{_EXTRA}{n}": array for n, array in enumerate(writer.arrays)}
            write_arrays(archive, extra)

    def path(self, server_round: int) -> Path:
        """Return where the checkpoint of a round is, or would be."""
        return self.folder / f"{server_round:06}.npz"

    def rounds(self) -> list[int]:
        """Return the rounds that have one, in ascending order."""
        stems = [path.stem for path in self.folder.glob("*.npz")]
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def digest(self, server_round: int) -> bytes:
        """Return the digest of a checkpoint's model without reading the model.

        Raises
        ------
        JournalError
            When the file is damaged, or of another version.
        """
        path = self.path(server_round)
        try:
            with ZipFile(path) as archive:
                return _digest(_about(archive))
        except _BROKEN as error:
            raise _unreadable(path, error) from error

    def get(self, server_round: int) -> Checkpoint:
        """Read a checkpoint.

        Raises
        ------
        JournalError
            When the file is damaged, or of another version.
        """
        path = self.path(server_round)
        try:
            with ZipFile(path) as archive:
                about = _about(archive)
                model = _model(archive, about)
                count = sum(name.startswith(_EXTRA) for name in archive.namelist())
                extra = tuple(_array(archive, f"{_EXTRA}{n}") for n in range(count))
            state = ValueReader(extra, self._kinds).value(about["state"])
            return Checkpoint(server_round, _digest(about), model, state)
        except _BROKEN as error:
            raise _unreadable(path, error) from error

    def model(self, server_round: int) -> Mapping[str, Array]:
        """Read the model alone: of a checkpoint by another server nothing else is looked at.

        Raises
        ------
        JournalError
            When the file is damaged, or of another version.
        """
        path = self.path(server_round)
        try:
            with ZipFile(path) as archive:
                return _model(archive, _about(archive))
        except _BROKEN as error:
            raise _unreadable(path, error) from error

    def prune(self, settled: Iterable[bytes]) -> None:
        """Remove those before the newest whose model is one of these: nobody goes back there."""
        known, listed = set(settled), self.rounds()
        newest = next((one for one in reversed(listed) if self.digest(one) in known), None)
        if newest is None:
            return
        with writing(self.folder):
            for one in listed[: listed.index(newest)]:
                self.path(one).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all: the run is over, and nothing goes on from them."""
        with writing(self.folder):
            for one in self.rounds():
                self.path(one).unlink(missing_ok=True)
            for name in (_METRICS, _APP):
                (self.folder / name).unlink(missing_ok=True)
            if self.folder.exists():
                self.folder.rmdir()

    def put_metrics(self, metrics: object) -> None:
        """Write what the rounds so far were measured at, in place of what is there."""
        writer = ValueWriter(self._kinds)
        plain = {"format": FORMAT, "metrics": writer.plain(metrics)}
        if writer.arrays:
            raise EncodingError("metrics are numbers and lists of numbers, no arrays")
        write_atomically(self.folder / _METRICS, json.dumps(plain).encode())

    def metrics(self) -> Any:  # noqa: ANN401 - whatever was written
        """Return them; `None` when nothing was written yet.

        Raises
        ------
        JournalError
            When the file is damaged, or of another version.
        """
        path = self.folder / _METRICS
        try:
            plain = _checked(json.loads(path.read_bytes()))
            return ValueReader((), self._kinds).value(plain["metrics"])
        except FileNotFoundError:
            return None
        except _BROKEN as error:
            raise _unreadable(path, error) from error

    def put_app(self, parts: Mapping[str, str]) -> None:
        """Write which app the run is of, before the first checkpoint."""
        plain = {"format": FORMAT, "app": dict(parts)}
        write_atomically(self.folder / _APP, json.dumps(plain).encode())

    def app(self) -> Mapping[str, object]:
        """Return which app the run is of.

        Raises
        ------
        JournalError
            When the file is not there, damaged, or of another version.
        """
        path = self.folder / _APP
        try:
            parts = _checked(json.loads(path.read_bytes()))["app"]
            if not isinstance(parts, dict):
                raise EncodingError("it names no app")
        except _BROKEN as error:
            raise _unreadable(path, error) from error
        return parts


def write_arrays(archive: ZipFile, arrays: Mapping[str, Array]) -> None:
    """Write arrays under their names as `numpy.load` reads them, one after the other.

    `numpy.savez` takes no array with the name "file".
    """
    for name, array in arrays.items():
        with archive.open(f"{name}{_NPY}", "w", force_zip64=True) as stream:
            np.lib.format.write_array(stream, array, allow_pickle=False)


_BROKEN = (
    *(OSError, EOFError, BadZipFile, EncodingError, ValueError, LookupError, TypeError),
    # numpy evaluates the dtype in an array's header, and believes the size
    *(SyntaxError, MemoryError, OverflowError),
)


def _unreadable(path: Path, error: Exception) -> JournalError:
    return JournalError(
        f"{path} cannot be read: {error}. Put the file back as it was, or take it away: then the "
        f"run goes on from the one before, if the chain settled its model last"
    )


def _about(archive: ZipFile) -> dict[str, Any]:
    return _checked(json.loads(archive.read(_ABOUT)))


def _checked(about: Any) -> dict[str, Any]:  # noqa: ANN401 - what a file holds
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise EncodingError(f"its format is not {FORMAT}")
    return about


def _digest(about: Mapping[str, Any]) -> bytes:
    digest = bytes.fromhex(about["digest"])
    if len(digest) != HASH_BYTES:
        raise EncodingError("its digest is damaged")
    return digest


def _model(archive: ZipFile, about: Mapping[str, Any]) -> dict[str, Array]:
    model = {name: _array(archive, name) for name in about["names"]}
    for array in model.values():
        array.flags.writeable = False
    return model


def _array(archive: ZipFile, name: str) -> Array:
    # read whole: only at a member's end is its checksum compared
    stream = BytesIO(archive.read(f"{name}{_NPY}"))
    made: Array = np.lib.format.read_array(stream, allow_pickle=False)
    return made
