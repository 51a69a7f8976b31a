"""The chain, its pool and who watches them, behind one lock.

Every use of the chain in a running node goes through here with the lock held: a reader never
sees half a block, and two authors never build on the same head.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.outcome import Valid
from pallet_bridge.embedded.chain.pool import Change, Pool, PoolStatus, Transaction
from pallet_bridge.embedded.chain.refusals import may_fit_later, refusal
from pallet_bridge.embedded.chain.view import Migration
from pallet_bridge.embedded.errors import (
    AlreadyImported,
    NoTagsProvided,
    PoolRefusal,
    RuntimePanic,
    TemporarilyBanned,
)
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.embedded.store.errors import NotKept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from pallet_bridge.embedded.chain.chain import Authored, Chain

    Watcher: TypeAlias = Callable[[Change], None]
    HeadListener: TypeAlias = Callable[[bytes], None]

_LOG = logging.getLogger(__name__)
_CODE_KEY = b":code"
# A node bans for half an hour; here half an hour is counted in slots of 3 s.
_BAN_BLOCKS = 600
_BANS = 2048


class Service:
    """One chain with its pool; safe to use from any thread.

    Attributes
    ----------
    lock
        Hold it for several reads that must see the same head.
    chain, pool
        Use them with the lock held only.
    on_ready
        Called, with the lock held, when the pool has something for a block. It must not block.
    keys, offchain
        What clients put into the keystore and the storage beside the chain; in memory.
    by_hand
        Whether blocks are made by command only, whatever the chain was started with.
    trouble
        Why the last block could not be written down, or seen on disk; None when it was.
    """

    def __init__(self, chain: Chain) -> None:
        self.lock = threading.RLock()
        self.chain = chain
        self.pool = Pool()
        self.on_ready: Callable[[], None] = lambda: None
        self.keys: set[tuple[bytes, bytes]] = set()
        self.offchain: dict[bytes, bytes] = {}
        self.trouble: NotKept | None = None
        self.by_hand = False
        self._watchers: dict[bytes, list[Watcher]] = {}
        self._head_listeners: list[HeadListener] = []
        self._banned: dict[bytes, int] = {}
        self._by_code: dict[tuple[str, bytes | None], bytes] = {}
        self._passed_over: frozenset[bytes] = frozenset()
        self._said_stuck = False

    @property
    def head_number(self) -> int:
        """The number of the head; use with the lock held."""
        header = self.chain.header(self.chain.head)
        return 0 if header is None else header.number

    def metadata(self, block: bytes) -> bytes:
        """Give the runtime's metadata at a block; asked of each runtime once."""
        return ScaleReader(self._of_code("Metadata_metadata", block)).blob()

    def version(self, block: bytes) -> bytes:
        """Give the result of ``Core_version`` at a block; asked of each runtime once."""
        return self._of_code("Core_version", block)

    def _of_code(self, method: str, block: bytes) -> bytes:
        key = (method, self.chain.get(_CODE_KEY, block))
        if key not in self._by_code:
            self._by_code[key] = self.chain.call(method, at=block)
        return self._by_code[key]

    def listen(self, listener: HeadListener) -> None:
        """Call `listener` with the hash of every new head; it must not block."""
        self._head_listeners.append(listener)

    def submit(self, extrinsic: bytes, watcher: Watcher | None = None) -> bytes:
        """Validate an extrinsic (with its length prefix) and put it into the pool.

        Returns its hash. The watcher is told of every change until the last one.

        Raises
        ------
        PoolRefusal
            One class for each cause.
        RuntimePanic
            The runtime cannot decode it.
        NotKept
            No block can be made, as the last one could not be written down.
        """
        with self.lock:
            if self.trouble is not None:
                self.chain.check_room()
                self.trouble = None
            transaction = self._validated(extrinsic)
            extrinsic_hash = transaction.hash
            if watcher is not None:
                self._watchers.setdefault(extrinsic_hash, []).append(watcher)
            try:
                changes = self.pool.submit(transaction)
            except PoolRefusal:
                if watcher is not None:
                    self.unwatch(extrinsic_hash, watcher)
                raise
            self._tell(changes)
            self._wake()
            return extrinsic_hash

    def hold(self, *, by_hand: bool) -> None:
        """Make blocks by command only, or again as the chain was started."""
        with self.lock:
            self.by_hand = by_hand
            self._wake()

    def _wake(self) -> None:
        if self.pool.ready_count and not self.by_hand and not self._is_stuck():
            self.on_ready()

    def unwatch(self, extrinsic_hash: bytes, watcher: Watcher) -> None:
        """Stop telling this watcher."""
        with self.lock:
            watchers = self._watchers.get(extrinsic_hash, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._watchers.pop(extrinsic_hash, None)

    def remove(self, hashes: Iterable[bytes]) -> tuple[bytes, ...]:
        """Take extrinsics out of the pool as invalid; give the hashes of all that left."""
        with self.lock:
            gone = tuple(transaction.hash for transaction in self.pool.remove(hashes))
            for extrinsic_hash in gone:
                self._ban(extrinsic_hash)
            self._tell(Change(extrinsic_hash, PoolStatus.INVALID) for extrinsic_hash in gone)
            return gone

    def seal(self) -> bytes:
        """Make one block of everything that is ready; give its hash.

        Nobody is told of a block that is not written down, or of an extrinsic in one that would
        not survive a power cut.

        Raises
        ------
        NotKept
            The block cannot be written down. What was ready is ready still.
        """
        with self.lock:
            batch = self.pool.ready()
            try:
                authored = self.chain.author([transaction.data for transaction in batch])
            except NotKept as error:
                self.trouble = error
                raise
            self.trouble = self._sync() if batch else None
            self._settle(batch, authored)
            return authored.hash

    def give_up(self) -> None:
        """Drop what is ready, as no block can take it; who watches is told."""
        with self.lock:
            gone = self.pool.remove([transaction.hash for transaction in self.pool.ready()])
            self._tell(Change(transaction.hash, PoolStatus.DROPPED) for transaction in gone)

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot of the chain; what waits in the pool is validated again."""
        with self.lock:
            self.chain.revert(snapshot)
            self._start_over()

    def set_head(self, block: bytes) -> None:
        """Make an earlier block the head again; what waits in the pool is validated again."""
        with self.lock:
            self.chain.go_back(block)
            self._start_over()

    def set_storage(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Change the state of the head by hand, and tell who listens."""
        with self.lock:
            self.chain.set_storage(changes)
            self._announce(self.chain.head)

    def _start_over(self) -> None:
        self._banned.clear()
        self._passed_over = frozenset()
        waiting = self.pool.drain()
        for transaction in waiting:
            try:
                self._tell(self.pool.submit(self._validated(transaction.data)))
            except PoolRefusal:
                self._tell([Change(transaction.hash, PoolStatus.INVALID)])
        self._announce(self.chain.head)

    def _sync(self) -> NotKept | None:
        try:
            self.chain.sync()
        except NotKept as error:
            _LOG.exception("the newest block would not survive a power cut")
            return error
        return None

    def _validated(self, extrinsic: bytes) -> Transaction:
        extrinsic_hash = blake2_256(extrinsic)
        if self._banned.get(extrinsic_hash, 0) > self.head_number:
            raise TemporarilyBanned(extrinsic_hash)
        if extrinsic_hash in self.pool:
            raise AlreadyImported(extrinsic_hash)
        try:
            validity = self.chain.validate(extrinsic)
        except RuntimePanic:
            self._ban(extrinsic_hash)
            raise
        if not isinstance(validity, Valid):
            self._ban(extrinsic_hash)
            raise refusal(validity)
        if not validity.provides:
            raise NoTagsProvided
        return Transaction(
            hash=extrinsic_hash,
            data=extrinsic,
            priority=validity.priority,
            requires=validity.requires,
            provides=validity.provides,
            valid_till=self.head_number + validity.longevity,
            propagate=validity.propagate,
        )

    def _settle(self, batch: list[Transaction], authored: Authored) -> None:
        included = []
        lost = []
        for transaction, outcome in zip(batch, authored.outcomes, strict=True):
            if outcome.rejected is None:
                included.append(transaction)
            elif not may_fit_later(outcome.rejected):
                lost.append(transaction.hash)
        goes_on = included or authored.only_inherents
        waiting = [tx.hash for tx in batch if tx.hash not in lost] if not goes_on else []
        # The block that ends a session has room for nothing. What a second empty block in a row
        # rejects as well would never fit.
        lost += [waited for waited in waiting if waited in self._passed_over]
        self._passed_over = frozenset(waiting)
        self._announce(authored.hash)
        for transaction in included:
            self._ban(transaction.hash)
        self._tell(Change(tx.hash, PoolStatus.IN_BLOCK, authored.hash) for tx in included)
        self._tell(self.pool.prune(tag for tx in included for tag in tx.provides))
        self._tell(Change(tx.hash, PoolStatus.FINALIZED, authored.hash) for tx in included)
        self.remove(lost)
        self._tell(self.pool.expire(self.head_number))
        if self.pool.ready_count and not self._is_stuck():
            self.on_ready()

    def _is_stuck(self) -> bool:
        """Tell whether no block will ever take an extrinsic, and say so once."""
        stuck = self.chain.migration is Migration.STUCK
        if stuck and not self._said_stuck:
            _LOG.error(
                "the chain could not rewrite its records after a runtime upgrade, and takes no "
                "calls (MultiBlockMigrations.Cursor is Stuck): put a mended runtime in place, see "
                "docs/how-to/upgrade-a-chain.md; the pool keeps its extrinsics"
            )
        self._said_stuck = stuck
        return stuck

    def _ban(self, extrinsic_hash: bytes) -> None:
        self._banned[extrinsic_hash] = self.head_number + _BAN_BLOCKS
        while len(self._banned) > _BANS:
            del self._banned[next(iter(self._banned))]

    def _tell(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for watcher in tuple(self._watchers.get(change.hash, ())):
                watcher(change)
            if change.is_last:
                self._watchers.pop(change.hash, None)

    def _announce(self, head: bytes) -> None:
        for listener in self._head_listeners:
            listener(head)
