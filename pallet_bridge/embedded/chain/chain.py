"""A chain in memory that executes a real runtime and builds real blocks.

Every state root and block hash is what a node computes for the same blob and the same blocks.
"""

from __future__ import annotations

import os
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
from pallet_bridge.embedded.chain.history import History
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
)
from pallet_bridge.embedded.chain.view import ChainView, Migration
from pallet_bridge.embedded.errors import (
    BlockRefused,
    MigrationFailed,
    NotExportable,
    RuntimePanic,
    UnknownSnapshot,
)
from pallet_bridge.embedded.executor.executor import Runtimes
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pallet_bridge.embedded.chain.history import Mark
    from pallet_bridge.embedded.state.storage import Overlay

__all__ = [
    "DEFAULT_PRESET",
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
DEFAULT_PRESET: Final = "development"
NONCE_BYTES: Final = 16


class Chain(ChainView):
    """The blocks from a genesis on, each with its state. Not safe to change from two threads.

    Make one with `Chain.new`, `Chain.load`, `copy_of`, or `kept_chain` for one in a folder. Every
    state stays readable.
    """

    __slots__ = ("_clock", "_snapshots", "_spec")

    def __init__(
        self,
        history: History,
        genesis_hash: bytes,
        spec: export.Spec | None,
        clock: SlotClock,
        runtimes: Runtimes,
    ) -> None:
        super().__init__(history, genesis_hash, runtimes)
        self._spec = spec
        self._clock = clock
        self._snapshots: list[tuple[Mark, int]] = []

    @classmethod
    def new(
        cls,
        *,
        blob: bytes | None = None,
        preset: str = DEFAULT_PRESET,
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
            Give blocks the time of this machine when that is later.
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
        runtimes = Runtimes(cache_dir)
        runtime = runtimes.of(load_blob() if blob is None else blob)
        nonce = os.urandom(NONCE_BYTES) if nonce is None else nonce
        spec = export.Spec.of(preset, patch, start_time_ms, nonce)
        clock = SlotClock(start_time_ms, wall_clock=wall_clock)
        origin = Origin.built(runtime, spec)
        history = History(origin.block, origin.state)
        return cls(history, origin.genesis_hash, spec, clock, runtimes)

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
        return cls.executed(export.read(path, code), code, cache_dir)

    @classmethod
    def executed(cls, saved: export.Saved, blob: bytes, cache_dir: Path | None = None) -> Chain:
        """Execute blocks that were read from a file, on the genesis that they were made on."""
        chain = cls.new(
            blob=blob,
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

        A large state takes more blocks: `migration` tells.

        Afterwards the chain cannot be exported: nothing in its blocks says what was done.
        """
        return self._author((), code=blob)

    def migrate(self) -> int:
        """Build empty blocks until the runtime has rewritten its records; return how many.

        Raises
        ------
        MigrationFailed
            The runtime could not rewrite them.
        """
        blocks = 0
        while (found := self.migration) is not None:
            if found is Migration.STUCK:
                raise MigrationFailed(self.head)
            self.author()
            blocks += 1
        return blocks

    def set_storage(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Change what the state of the head holds, by no call and without a block; None deletes.

        The next block builds on it. Afterwards the chain cannot be exported.
        """
        self._history.set_state(dict(changes))
        self._reads = {}

    def export(self, path: Path) -> None:
        """Write the blocks up to the head as JSON lines, so that `load` can execute them again.

        Raises
        ------
        NotExportable
            The chain is a copy of another, or `upgrade` or `set_storage` changed it.
        """
        if self._spec is None or self._history.is_by_hand:
            raise NotExportable
        genesis_runtime = self.get(CODE, self.genesis_hash) or b""
        export.write(path, self._spec, genesis_runtime, self.genesis_hash, self._history.blocks())

    def sync(self) -> None:
        """See what a folder keeps of the chain on disk: it survives a power cut too."""
        self._history.sync()

    def check_room(self) -> None:
        """See whether a block could be written down; raise `NotKept` when not."""
        self._history.check_room()

    def close(self) -> None:
        """Let another process have the folder that keeps the chain; here it can still be read."""
        self._history.close()

    def author(self, extrinsics: Sequence[bytes] = ()) -> Authored:
        """Build the next block on the head from `extrinsics`, in this order, and move the head.

        Raises
        ------
        RuntimePanic
            The runtime trapped; the chain is as it was.
        """
        return self._author(extrinsics)

    def _author(self, extrinsics: Sequence[bytes], *, code: bytes | None = None) -> Authored:
        timestamp, slot = self._next_slot()
        overlay = self._overlay(None)
        if code is not None:
            overlay.set(CODE, code)
        runtime, parent = self._runtime(overlay), self._header(self.head)
        built = build_block(runtime, overlay, parent, extrinsics, timestamp=timestamp, slot=slot)
        by_hand = code is not None or bool(self._runtimes.impersonated)
        hash_ = self._add(built.block, overlay, by_hand=by_hand)
        self._clock.used()
        return Authored(built.block, hash_, built.outcomes, built.only_inherents)

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
        if hash_ in self._history:
            return hash_
        header = block.header
        if header.number != self._header(header.parent_hash).number + 1:
            raise BlockRefused(header.number, hash_, "its number does not follow its parent's")
        overlay = self._overlay(header.parent_hash)
        try:
            self._runtime(overlay.state).call(
                "Core_execute_block", execution_payload(block), overlay
            )
        except RuntimePanic as error:
            raise BlockRefused(header.number, hash_, error.message) from error
        if overlay.result().root != header.state_root:
            raise BlockRefused(header.number, hash_, "its state root is not that of its state")
        return self._add(block, overlay)

    def snapshot(self) -> int:
        """Remember the chain as it is now; return a number for `revert`."""
        self._snapshots.append((self._history.mark(), self._clock.pending))
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
        mark, pending_ms = self._snapshots[snapshot]
        self._history.revert(mark)
        del self._snapshots[snapshot:]
        self._clock.pending = pending_ms
        self._reads = {}

    def go_back(self, hash_: bytes) -> None:
        """Make an earlier block of the chain the head again; what came after it is gone.

        Snapshots that were taken after it are gone too.

        Raises
        ------
        UnknownBlock
            There is no such block on the way to the head.
        """
        mark = self._history.mark_at(hash_)
        self._history.revert(mark)
        self._snapshots = [one for one in self._snapshots if one[0] <= mark]
        self._clock.pending = 0
        self._reads = {}

    def impersonate(self, account: bytes) -> None:
        """Take `MOCK_SIGNATURE` for the signature of this account, in blocks from now on.

        Executing them again does not lead to their states: the chain cannot be exported.
        """
        self._runtimes.impersonated.add(account)

    def stop_impersonating(self, account: bytes) -> None:
        """Ask of this account for its own signature again."""
        self._runtimes.impersonated.discard(account)

    def next_time(self) -> int:
        """Return the time of the next block that is authored, in milliseconds since 1970."""
        return self._next_slot()[0]

    def advance_time(self, milliseconds: int) -> None:
        """Let so much more time pass before the next block that is authored."""
        self._clock.advance(milliseconds)

    def _next_slot(self) -> tuple[int, int]:
        parent = self.state()
        slot_ms = slot_duration(self._runtime(parent), parent)
        timestamp = self._clock.next(last_timestamp(parent), slot_ms)
        return timestamp, timestamp // slot_ms

    def _add(self, block: Block, overlay: Overlay, *, by_hand: bool = False) -> bytes:
        hash_ = self._history.add(block, overlay.result(), overlay.changes(), by_hand=by_hand)
        if hash_ == self.head:
            self._reads = {}
        return hash_
