"""A chain that a folder keeps: begun there, or gone on with.

``FOLDER/blocks`` holds the blocks and what each changed, in the order in which they were made;
``FOLDER/lock`` belongs to the process that adds to it. `kept_chain` opens a folder for going on,
whatever ended the process before: the chain is where its last whole record left it, with every
block that anybody was told of. `read_kept` reads the blocks of a folder that nobody needs to have
closed, to execute them again.

The chain of a run is in ``RUN/chain``, and ``connect("embedded", state=RUN / "chain")`` goes on
with it.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain.chain import (
    DEFAULT_PRESET,
    DEFAULT_START_TIME_MS,
    NONCE_BYTES,
    Chain,
)
from pallet_bridge.embedded.chain.clock import SlotClock
from pallet_bridge.embedded.chain.export import Saved, Spec
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.history import History
from pallet_bridge.embedded.chain.origin import Origin
from pallet_bridge.embedded.chain.writing.keeper import Keeper
from pallet_bridge.embedded.chain.writing.records import (
    BlockRecord,
    OriginRecord,
    SetRecord,
    origin_record,
    read_changes,
    read_record,
)
from pallet_bridge.embedded.errors import DecodeError, NotExportable
from pallet_bridge.embedded.executor.executor import Runtimes
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.embedded.store.errors import NoStateKept, StateDamaged, StateDiffers
from pallet_bridge.embedded.store.lock import FolderLock
from pallet_bridge.embedded.store.log import Log, Scan
from pallet_bridge.jsonio import writing
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BLOCKS: Final = "blocks"


def kept_chain(
    folder: Path,
    *,
    blob: bytes | None = None,
    preset: str | None = None,
    patch: Mapping[str, object] | None = None,
    start_time_ms: int | None = None,
    wall_clock: bool = False,
    nonce: bytes | None = None,
    cache_dir: Path | None = None,
) -> Chain:
    """Go on with the chain that a folder keeps, or begin one there.

    Close the chain, or end the process, so that another process can have the folder.

    Parameters
    ----------
    folder
        Made when it is not there.
    blob, preset, patch, start_time_ms, nonce
        What a new chain is made with, see `Chain.new`. A chain that is there has to have been made
        with what is given.
    wall_clock, cache_dir
        See `Chain.new`.

    Raises
    ------
    StateInUse
        Another process has the folder.
    StateDamaged
        What the folder keeps is not as it was written.
    StateDiffers
        It keeps a chain that was made with something else.
    NotWritten
        When the disk is full or read-only.
    BadBlob, GenesisRefused
        As `Chain.new`, for a new chain.
    """
    path = folder / BLOCKS
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder)
    log: Log | None = None
    try:
        told = Retelling(path)
        log = Log.open(path, told.take)
        keeper = Keeper(log, lock)
        if told.origin is None:
            spec = Spec.of(
                preset or DEFAULT_PRESET,
                patch,
                DEFAULT_START_TIME_MS if start_time_ms is None else start_time_ms,
                os.urandom(NONCE_BYTES) if nonce is None else nonce,
            )
            runtimes = Runtimes(cache_dir)
            runtime = runtimes.of(load_blob() if blob is None else blob)
            origin = Origin.built(runtime, spec)
            history = _begun(log, keeper, origin)
            clock = SlotClock(spec.start_time_ms, wall_clock=wall_clock)
            _sync_folder(folder)
            return Chain(history, origin.genesis_hash, spec, clock, runtimes)
        asked = {
            "preset": preset,
            "accounts": None if patch is None else json.dumps(patch),
            "start": None if start_time_ms is None else str(start_time_ms),
            "nonce": None if nonce is None else nonce.hex(),
            "runtime": None if blob is None else blake2_256(blob).hex(),
        }
        _check(folder, told, asked)
        return told.chain(keeper, cache_dir, wall_clock=wall_clock)
    except BaseException:
        if log is not None:
            log.close()
        lock.release()
        raise


def read_kept(folder: Path) -> tuple[Saved, bytes]:
    """Read the blocks that lead to the head of the chain in a folder, and its first runtime.

    A record that is being written, or was cut off, is left out. Nothing is changed.

    Raises
    ------
    NoStateKept
        The folder keeps no chain.
    StateDamaged
        It is not as it was written.
    NotExportable
        Executing the blocks again does not lead to the chain.
    """
    path = folder / BLOCKS
    told = Retelling(path)
    if path.exists():
        with path.open("rb") as file:
            for place, record in Scan(path, file):
                told.take(place, record)
    if told.origin is None or told.history is None:
        raise NoStateKept(folder)
    spec = told.origin.spec
    if spec is None or told.history.is_by_hand:
        raise NotExportable
    blocks = tuple(told.history.blocks())
    return Saved(str(path), spec, told.origin.genesis_hash, blocks), told.code


class Retelling:
    """Takes the records of a file one by one; afterwards it has what they tell."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0
        self.origin: OriginRecord | None = None
        self.history: History | None = None
        self.code = b""

    def take(self, place: int, data: bytes) -> None:
        """Take the next record.

        Raises
        ------
        StateDamaged
            It does not follow from those before.
        """
        try:
            self._take(place, data)
        except (DecodeError, LookupError) as error:
            raise StateDamaged(self._path, place, f"a record makes no sense: {error}") from error
        self._last = place

    def chain(self, keeper: Keeper, cache_dir: Path | None, *, wall_clock: bool) -> Chain:
        """Give the chain, to go on with.

        Raises
        ------
        StateDamaged
            The state of its head is not the one that the head names.
        """
        if self.origin is None or self.history is None:
            raise NoStateKept(self._path.parent)
        self.history.keep_with(keeper)
        spec = self.origin.spec
        start = DEFAULT_START_TIME_MS if spec is None else spec.start_time_ms
        clock = SlotClock(start, wall_clock=wall_clock)
        chain = Chain(self.history, self.origin.genesis_hash, spec, clock, Runtimes(cache_dir))
        if not self.history.is_head_true:
            raise StateDamaged(self._path, self._last, "its last state is not that of its head")
        return chain

    def _take(self, place: int, data: bytes) -> None:
        record = read_record(data)
        if isinstance(record, OriginRecord):
            if self.history is not None:
                raise DecodeError("a second beginning")
            self.origin = record
            self.code = read_changes(data).get(CODE) or b""
            self.history = History(record.block, None, places=(place,), by_hand=record.spec is None)
            return
        if self.history is None:
            raise DecodeError("there is no beginning")
        if isinstance(record, BlockRecord):
            if record.block.header.parent_hash not in self.history:
                raise DecodeError("the parent of a block is not there")
            self.history.take(record.block, None, (place,), by_hand=record.by_hand)
        elif isinstance(record, SetRecord):
            self.history.take_set(record.block, None, (place,))
        else:
            self.history.take_revert(record.blocks, record.height, record.sets)


def _begun(log: Log, keeper: Keeper, origin: Origin) -> History:
    state = {key: origin.state.get(key) for key in origin.state.keys(b"")}
    record = OriginRecord(origin.block, origin.genesis_hash, origin.spec)
    place = log.append(origin_record(record, state))
    log.sync()
    return History(origin.block, origin.state, keeper=keeper, places=(place,))


def _check(folder: Path, told: Retelling, asked: Mapping[str, str | None]) -> None:
    """Refuse a chain that was made with something else than what was asked for."""
    spec = None if told.origin is None else told.origin.spec
    made: dict[str, str] = {"runtime": blake2_256(told.code).hex()}
    if spec is not None:
        made |= {
            "preset": spec.preset,
            "accounts": spec.patch_json,
            "start": str(spec.start_time_ms),
            "nonce": spec.nonce.hex(),
        }
    for what, wanted in asked.items():
        kept = made.get(what, "a copy of a state")
        if wanted is not None and wanted != kept:
            raise StateDiffers(folder, what, kept, wanted)


def _sync_folder(folder: Path) -> None:
    """See the names of new files on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
