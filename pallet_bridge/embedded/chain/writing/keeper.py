"""What a chain hands over to be written down, before it counts as done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.writing.records import (
    BlockRecord,
    RevertRecord,
    SetRecord,
    block_record,
    read_changes,
    revert_record,
    set_record,
)

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.block import Block
    from pallet_bridge.embedded.chain.writing.records import Changes
    from pallet_bridge.embedded.store.lock import FolderLock
    from pallet_bridge.embedded.store.log import Log


class Keeper:
    """The file of one chain, open for writing, and the lock on its folder.

    What a method has written survives the process; after `sync` also a power cut. Each raises
    `NotKept` when it cannot be written, and then nothing of it is.
    """

    def __init__(self, log: Log, lock: FolderLock) -> None:
        self._log = log
        self._lock = lock

    def block(self, block: Block, changes: Changes, *, by_hand: bool) -> int:
        """Write down a block and its changes; give the place of the changes."""
        return self._log.append(block_record(BlockRecord(block, by_hand), changes))

    def changed(self, block: bytes, changes: Changes) -> int:
        """Write down that the state of a block was changed by hand; give the place."""
        return self._log.append(set_record(SetRecord(block), changes))

    def reverted(self, blocks: int, height: int, sets: int) -> None:
        """Write down how much of the chain is left."""
        self._log.append(revert_record(RevertRecord(blocks, height, sets)))

    def changes(self, place: int) -> Changes:
        """Read the changes at a place."""
        return read_changes(self._log.read(place))

    def sync(self) -> None:
        """See everything on disk."""
        self._log.sync()

    def check_room(self) -> None:
        """See whether a record would find room."""
        self._log.check_room()

    def close(self) -> None:
        """Close the file and let others have the folder; a second call does nothing."""
        try:
            self._log.close()
        finally:
            self._lock.release()
