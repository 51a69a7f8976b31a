"""A chain in memory that executes a real runtime and builds real blocks.

Every state root and block hash is what a node computes for the same blob and the same blocks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain import export
from pallet_bridge.embedded.chain.authoring import (
    Authored,
    build_block,
    last_timestamp,
    slot_duration,
)
from pallet_bridge.embedded.chain.block import Block, Header, execution_payload
from pallet_bridge.embedded.chain.clock import SlotClock
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.origin import Origin
from pallet_bridge.embedded.chain.outcome import (
    ApplyOutcome,
    Invalid,
    InvalidKind,
    TransactionSource,
    Unknown,
    UnknownKind,
    Valid,
    Validity,
    decode_validity,
)
from pallet_bridge.embedded.errors import (
    BlockRefused,
    NotExportable,
    RuntimePanic,
    UnknownBlock,
    UnknownSnapshot,
)
from pallet_bridge.embedded.executor.executor import Runtime
from pallet_bridge.embedded.state.storage import Overlay, State
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "DEFAULT_START_TIME_MS",
    "ApplyOutcome",
    "Authored",
    "Block",
    "Chain",
    "Header",
    "Invalid",
    "InvalidKind",
    "TransactionSource",
    "Unknown",
    "UnknownKind",
    "Valid",
    "Validity",
]

# 2026-01-01T00:00:00Z: a fixed time, so that equal runs make equal blocks.
DEFAULT_START_TIME_MS: Final = 1_767_225_600_000
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class _Entry:
    block: Block
    state: State


class Chain:
    """The blocks from a genesis on, each with its state. Not safe to change from two threads.

    Make one with `Chain.new`, `Chain.load` or `copy_of`. Every state stays readable; states
    share what they have in common, so an empty block costs about 6 kB of memory.

    Attributes
    ----------
    genesis_hash
        The hash of block 0.
    head
        The hash of the last block.
    """

    __slots__ = (
        "_cache_dir",
        "_canonical",
        "_clock",
        "_entries",
        "_first",
        "_reads",
        "_runtimes",
        "_snapshots",
        "_spec",
        "genesis_hash",
        "head",
    )

    def __init__(
        self, origin: Origin, runtime: Runtime, clock: SlotClock, cache_dir: Path | None
    ) -> None:
        self.genesis_hash = origin.genesis_hash
        self.head = origin.block.hash
        self._spec = origin.spec
        self._first = origin.block.header.number
        self._cache_dir = cache_dir
        self._clock = clock
        self._runtimes = {runtime.blob: runtime}
        self._entries = {self.head: _Entry(origin.block, origin.state)}
        self._canonical = [self.head]
        self._snapshots: list[_Snapshot] = []
        self._reads: dict[bytes, bytes | None] = {}

    @classmethod
    def new(
        cls,
        *,
        blob: bytes | None = None,
        preset: str = "development",
        patch: Mapping[str, object] | None = None,
        start_time_ms: int = DEFAULT_START_TIME_MS,
        wall_clock: bool = False,
        nonce: bytes | None = None,
        cache_dir: Path | None = None,
    ) -> Chain:
        """Start a chain.

        Parameters
        ----------
        blob
            The runtime, compressed or plain; None is the one that ships with the package.
        preset
            Name of the runtime's genesis preset.
        patch
            JSON merge patch on the preset.
        start_time_ms
            The time of block 1, in milliseconds since 1970; each further block is one slot later.
        wall_clock
            Give blocks the time of this machine instead, when that is later.
        nonce
            Part of the genesis: equal nonces make equal chains. None is a new one, so that what
            was signed for one chain never holds on another. Empty bytes are for the genesis that
            a node makes of the same preset and patch.
        cache_dir
            Folder for compiled modules; None is the user's cache folder.

        Raises
        ------
        BadBlob
            The blob is no runtime that can run here.
        GenesisRefused
            The runtime does not know the preset, or refuses the patched configuration.
        """
        runtime = Runtime(load_blob() if blob is None else blob, cache_dir)
        nonce = os.urandom(_NONCE_BYTES) if nonce is None else nonce
        spec = export.Spec.of(preset, patch, start_time_ms, nonce)
        clock = SlotClock(start_time_ms, wall_clock=wall_clock)
        return cls(Origin.built(runtime, spec), runtime, clock, cache_dir)

    @classmethod
    def load(cls, path: Path, *, blob: bytes | None = None, cache_dir: Path | None = None) -> Chain:
        """Read an export and execute every block in it again.

        Raises
        ------
        BadExport
            The file is damaged, or was made with another runtime or genesis.
        BlockRefused
            A block does not re-execute to the roots in its header.
        """
        code = load_blob() if blob is None else blob
        saved = export.read(path, code)
        chain = cls.new(
            blob=code,
            preset=saved.spec.preset,
            patch=saved.spec.patch,
            start_time_ms=saved.spec.start_time_ms,
            nonce=saved.spec.nonce,
            cache_dir=cache_dir,
        )
        saved.check_genesis(chain.genesis_hash)
        for block in saved.blocks:
            chain.import_block(block)
        return chain

    def upgrade(self, blob: bytes) -> Authored:
        """Put another runtime in place, by no call, and build the block in which it migrates.

        Afterwards the chain cannot be exported: nothing in its blocks says what was done.
        """
        self._spec = None
        return self._author((), code=blob)

    def export(self, path: Path) -> None:
        """Write the blocks up to the head as JSON lines, so that `load` can execute them again.

        Raises
        ------
        NotExportable
            The chain is a copy of another, or was upgraded by `upgrade`.
        """
        if self._spec is None:
            raise NotExportable
        blocks = (self._entries[hash_].block for hash_ in self._canonical[1:])
        genesis_runtime = self._entries[self.genesis_hash].state.get(CODE) or b""
        export.write(path, self._spec, genesis_runtime, self.genesis_hash, blocks)

    def header(self, hash_: bytes) -> Header | None:
        """Return the header of a block, None when there is no such block."""
        entry = self._entries.get(hash_)
        return None if entry is None else entry.block.header

    def block(self, hash_: bytes) -> Block | None:
        """Return a block, None when there is no such block."""
        entry = self._entries.get(hash_)
        return None if entry is None else entry.block

    def hash_at(self, number: int) -> bytes | None:
        """Return the hash of the block with this number on the way to the head."""
        if number == 0:
            return self.genesis_hash
        place = number - self._first
        return self._canonical[place] if 0 <= place < len(self._canonical) else None

    def get(self, key: bytes, at: bytes | None = None) -> bytes | None:
        """Return a storage value after block `at` (the head when None).

        Raises
        ------
        UnknownBlock
            There is no block `at`. So do all other reads of a state.
        """
        return self._state(at).get(key)

    def keys(
        self, prefix: bytes, *, count: int, start: bytes | None = None, at: bytes | None = None
    ) -> list[bytes]:
        """Return up to `count` keys with `prefix` in order, the first one after `start`."""
        return list(islice(self._state(at).keys(prefix, start=start), count))

    def call(self, method: str, args: bytes = b"", at: bytes | None = None) -> bytes:
        """Call a function of the runtime's API on the state of a block, and drop its changes.

        Raises
        ------
        RuntimePanic
            The runtime trapped.
        MethodMissing
            It has no such function.
        """
        overlay = self._overlay(at)
        return self._runtime(overlay.state).call(method, args, overlay)

    def validate(
        self,
        xt: bytes,
        source: TransactionSource = TransactionSource.EXTERNAL,
        at: bytes | None = None,
    ) -> Validity:
        """Ask the runtime whether an extrinsic (length-prefixed) can go into a block after `at`."""
        block = self.head if at is None else at
        arguments = bytes((source,)) + xt + block
        return decode_validity(
            self.call("TaggedTransactionQueue_validate_transaction", arguments, at)
        )

    def author(self, extrinsics: Sequence[bytes] = ()) -> Authored:
        """Build the next block on the head from `extrinsics`, in this order, and move the head.

        Raises
        ------
        RuntimePanic
            The runtime trapped; the chain is as it was.
        """
        return self._author(extrinsics)

    def _author(self, extrinsics: Sequence[bytes], *, code: bytes | None = None) -> Authored:
        parent = self._entries[self.head]
        overlay = self._overlay(None)
        if code is not None:
            overlay.set(CODE, code)
        runtime = self._runtime(overlay)
        slot_ms = slot_duration(runtime, parent.state)
        timestamp = self._clock.next(last_timestamp(parent.state), slot_ms)
        block, outcomes = build_block(
            runtime,
            overlay,
            parent.block.header,
            extrinsics,
            timestamp=timestamp,
            slot=timestamp // slot_ms,
        )
        self._clock.used()
        return Authored(block, self._add(block, overlay.result()), outcomes)

    def import_block(self, block: Block) -> bytes:
        """Execute a block on its parent's state, keep it, and return its hash.

        The head moves when the block is the head's child.

        Raises
        ------
        UnknownBlock
            The parent is not here.
        BlockRefused
            The runtime does not come to the roots in the header, or refuses the block.
        """
        hash_ = block.hash
        if hash_ in self._entries:
            return hash_
        header = block.header
        parent = self._entries.get(header.parent_hash)
        if parent is None:
            raise UnknownBlock(header.parent_hash)
        if header.number != parent.block.header.number + 1:
            raise BlockRefused(header.number, hash_, "its number does not follow its parent's")
        overlay = self._overlay(header.parent_hash)
        try:
            self._runtime(parent.state).call(
                "Core_execute_block", execution_payload(block), overlay
            )
        except RuntimePanic as error:
            raise BlockRefused(header.number, hash_, error.message) from error
        state = overlay.result()
        if state.root != header.state_root:
            raise BlockRefused(header.number, hash_, "its state root is not that of its state")
        return self._add(block, state)

    def snapshot(self) -> int:
        """Remember the chain as it is now; return a number for `revert`."""
        self._snapshots.append(
            _Snapshot(len(self._canonical), len(self._entries), self._clock.pending)
        )
        return len(self._snapshots) - 1

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot; it and all taken after it are gone.

        Raises
        ------
        UnknownSnapshot
            There is no such snapshot.
        """
        if not 0 <= snapshot < len(self._snapshots):
            raise UnknownSnapshot(snapshot)
        saved = self._snapshots[snapshot]
        del self._snapshots[snapshot:]
        for hash_ in list(self._entries)[saved.blocks :]:
            del self._entries[hash_]
        del self._canonical[saved.height :]
        self._clock.pending = saved.pending_ms
        self._move_head(self._canonical[-1])

    def advance_time(self, milliseconds: int) -> None:
        """Let so much more time pass before the next block that is authored."""
        self._clock.advance(milliseconds)

    def _add(self, block: Block, state: State) -> bytes:
        hash_ = block.hash
        self._entries[hash_] = _Entry(block, state)
        if block.header.parent_hash == self.head:
            self._canonical.append(hash_)
            self._move_head(hash_)
        return hash_

    def _move_head(self, hash_: bytes) -> None:
        self.head = hash_
        self._reads = {}

    def _state(self, at: bytes | None) -> State:
        entry = self._entries.get(self.head if at is None else at)
        if entry is None:
            raise UnknownBlock(at or b"")
        return entry.state

    def _overlay(self, at: bytes | None) -> Overlay:
        at_head = at is None or at == self.head
        return Overlay(self._state(at), self._reads if at_head else None)

    def _runtime(self, state: State | Overlay) -> Runtime:
        code = state.get(CODE) or b""
        runtime = self._runtimes.get(code)
        if runtime is None:
            runtime = self._runtimes[code] = Runtime(code, self._cache_dir)
        return runtime


@dataclass(frozen=True, slots=True)
class _Snapshot:
    height: int
    blocks: int
    pending_ms: int
