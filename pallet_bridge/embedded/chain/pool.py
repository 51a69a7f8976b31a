"""The transaction pool of the embedded node: which extrinsics wait, and which go next.

Pure: no chain, clock or lock. The runtime says for every extrinsic which tags it requires and
which it provides (for a signed one: sender and nonce). An extrinsic is *ready* when all it
requires is on the chain or is provided by another ready one, else it is *future*. The rules,
the order of ready extrinsics and the words for what happens to them are those of a Substrate
node's pool.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import (
    AlreadyImported,
    CycleDetected,
    ImmediatelyDropped,
    PriorityTooLow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Tag = bytes


class PoolStatus(Enum):
    """What can happen to an extrinsic; the value is the word that JSON-RPC uses."""

    FUTURE = "future"
    READY = "ready"
    IN_BLOCK = "inBlock"
    FINALIZED = "finalized"
    RETRACTED = "retracted"
    USURPED = "usurped"
    DROPPED = "dropped"
    INVALID = "invalid"


_LAST = frozenset(
    {PoolStatus.FINALIZED, PoolStatus.USURPED, PoolStatus.DROPPED, PoolStatus.INVALID}
)


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to the extrinsic `hash`.

    Attributes
    ----------
    subject
        The block (in block, finalized, retracted) or the extrinsic that took its place
        (usurped); None for the other statuses.
    """

    hash: bytes
    status: PoolStatus
    subject: bytes | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in _LAST


@dataclass(frozen=True, slots=True)
class Transaction:
    """A valid extrinsic and what the runtime said about it.

    Attributes
    ----------
    data
        The extrinsic with its length prefix.
    valid_till
        The last block number in which it is valid.
    """

    hash: bytes
    data: bytes
    priority: int
    requires: tuple[Tag, ...]
    provides: tuple[Tag, ...]
    valid_till: int
    propagate: bool = True


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much the pool holds; the defaults are a node's."""

    ready_count: int = 8192
    ready_bytes: int = 20 * 1024 * 1024
    future_count: int = 819
    future_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Ready:
    transaction: Transaction
    order: int


class Pool:
    """Ready and future extrinsics; every method says what changed."""

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self._limits = limits or PoolLimits()
        self._ready: dict[bytes, _Ready] = {}
        self._provided: dict[Tag, bytes] = {}
        self._future: dict[bytes, Transaction] = {}
        self._wanted: dict[Tag, set[bytes]] = {}
        # Tags of the last blocks: their next extrinsic may arrive validated against the parent.
        self._recent: deque[frozenset[Tag]] = deque(maxlen=2)
        self._order = 0
        self._ready_bytes = 0

    def __contains__(self, extrinsic_hash: object) -> bool:
        return extrinsic_hash in self._ready or extrinsic_hash in self._future

    def __iter__(self) -> Iterator[Transaction]:
        yield from self.ready()
        yield from self._future.values()

    @property
    def ready_count(self) -> int:
        """The number of extrinsics that could be in the next block."""
        return len(self._ready)

    def provides(self, tag: Tag) -> bool:
        """Whether a ready extrinsic provides the tag."""
        return tag in self._provided

    def ready(self) -> list[Transaction]:
        """Give the ready extrinsics in the order in which a block takes them.

        What a transaction requires comes before it; then higher priority, then the shorter
        validity, then the longer wait goes first.
        """
        waits: dict[bytes, int] = {}
        unlocks: dict[bytes, list[bytes]] = {}
        best: list[tuple[int, int, int, bytes]] = []
        for extrinsic_hash, entry in self._ready.items():
            needed = {
                self._provided[tag] for tag in entry.transaction.requires if tag in self._provided
            }
            waits[extrinsic_hash] = len(needed)
            for provider in needed:
                unlocks.setdefault(provider, []).append(extrinsic_hash)
            if not needed:
                best.append(_rank(entry))
        heapq.heapify(best)
        ordered: list[Transaction] = []
        while best:
            extrinsic_hash = heapq.heappop(best)[-1]
            ordered.append(self._ready[extrinsic_hash].transaction)
            for unlocked in unlocks.get(extrinsic_hash, ()):
                waits[unlocked] -= 1
                if not waits[unlocked]:
                    heapq.heappush(best, _rank(self._ready[unlocked]))
        return ordered

    def submit(self, transaction: Transaction) -> tuple[Change, ...]:
        """Take a validated extrinsic in.

        Raises
        ------
        AlreadyImported
            It is in the pool.
        PriorityTooLow
            A ready extrinsic provides the same tag with the same or a higher priority.
        CycleDetected
            It unlocks extrinsics that push it out again.
        ImmediatelyDropped
            The pool is full of better ones.
        """
        if transaction.hash in self:
            raise AlreadyImported(transaction.hash)
        if self._missing(transaction):
            self._hold(transaction)
            changes = [Change(transaction.hash, PoolStatus.FUTURE)]
        else:
            changes = self._make_ready(transaction)
        dropped = self._enforce_limits()
        if any(change.hash == transaction.hash for change in dropped):
            raise ImmediatelyDropped
        return (*changes, *dropped)

    def prune(self, tags: Iterable[Tag]) -> tuple[Change, ...]:
        """Take note of a block: drop who provides its tags too, promote who waits for them."""
        tags = frozenset(tags)
        self._recent.append(tags)
        for tag in tags:
            provider = self._provided.get(tag)
            if provider is not None:
                self._forget_ready(provider)
        stale = [tx.hash for tx in self._future.values() if not tags.isdisjoint(tx.provides)]
        changes = [Change(self._forget_future(item).hash, PoolStatus.INVALID) for item in stale]
        for transaction in self._satisfied(tags):
            try:
                changes.extend(self._make_ready(transaction))
            except (PriorityTooLow, CycleDetected):
                changes.append(Change(transaction.hash, PoolStatus.INVALID))
        return tuple(changes)

    def remove(self, hashes: Iterable[bytes]) -> tuple[Transaction, ...]:
        """Take these extrinsics out, and the ready ones that build on them."""
        removed: list[Transaction] = []
        queue = deque(hashes)
        while queue:
            extrinsic_hash = queue.popleft()
            if extrinsic_hash in self._future:
                removed.append(self._forget_future(extrinsic_hash))
            elif extrinsic_hash in self._ready:
                gone = self._forget_ready(extrinsic_hash)
                removed.append(gone)
                queue.extend(self._dependants(gone.provides))
        return tuple(removed)

    def expire(self, number: int) -> tuple[Change, ...]:
        """Drop what is not valid in any block after `number`."""
        expired = [tx.hash for tx in self if tx.valid_till <= number]
        return tuple(Change(tx.hash, PoolStatus.INVALID) for tx in self.remove(expired))

    def drain(self) -> list[Transaction]:
        """Empty the pool and give what was in it, ready ones first."""
        everything = list(self)
        self.remove([transaction.hash for transaction in everything])
        self._recent.clear()
        return everything

    def _missing(self, transaction: Transaction) -> set[Tag]:
        return {
            tag
            for tag in transaction.requires
            if tag not in self._provided and not any(tag in tags for tags in self._recent)
        }

    def _hold(self, transaction: Transaction) -> None:
        self._future[transaction.hash] = transaction
        for tag in transaction.requires:
            self._wanted.setdefault(tag, set()).add(transaction.hash)

    def _make_ready(self, transaction: Transaction) -> list[Change]:
        changes: list[Change] = []
        queue = deque([transaction])
        while queue:
            current = queue.popleft()
            try:
                replaced = self._insert(current)
            except PriorityTooLow:
                if current is transaction:
                    raise
                changes.append(Change(current.hash, PoolStatus.USURPED, transaction.hash))
                continue
            changes.append(Change(current.hash, PoolStatus.READY))
            changes.extend(Change(gone.hash, PoolStatus.USURPED, current.hash) for gone in replaced)
            queue.extend(self._satisfied(current.provides))
        if transaction.hash not in self._ready:
            self.remove([change.hash for change in changes])
            raise CycleDetected
        return changes

    def _insert(self, transaction: Transaction) -> list[Transaction]:
        rivals = {self._provided[tag] for tag in transaction.provides if tag in self._provided}
        old = sum(self._ready[rival].transaction.priority for rival in rivals)
        if rivals and old >= transaction.priority:
            raise PriorityTooLow(old, transaction.priority)
        replaced: list[Transaction] = []
        for rival in rivals:
            gone = self._forget_ready(rival)
            replaced.append(gone)
            lost = [tag for tag in gone.provides if tag not in transaction.provides]
            replaced.extend(self.remove(self._dependants(lost)))
        self._order += 1
        self._ready[transaction.hash] = _Ready(transaction, self._order)
        self._ready_bytes += len(transaction.data)
        for tag in transaction.provides:
            self._provided[tag] = transaction.hash
        return replaced

    def _satisfied(self, tags: Iterable[Tag]) -> list[Transaction]:
        """Take out the future extrinsics that miss nothing any more."""
        waiting = {item for tag in tags for item in self._wanted.get(tag, ())}
        satisfied = [item for item in self._future if item in waiting]
        return [
            self._forget_future(item) for item in satisfied if not self._missing(self._future[item])
        ]

    def _dependants(self, tags: Iterable[Tag]) -> list[bytes]:
        wanted = set(tags)
        if not wanted:
            return []
        return [
            extrinsic_hash
            for extrinsic_hash, entry in self._ready.items()
            if not wanted.isdisjoint(entry.transaction.requires)
        ]

    def _forget_ready(self, extrinsic_hash: bytes) -> Transaction:
        transaction = self._ready.pop(extrinsic_hash).transaction
        self._ready_bytes -= len(transaction.data)
        for tag in transaction.provides:
            if self._provided.get(tag) == extrinsic_hash:
                del self._provided[tag]
        return transaction

    def _forget_future(self, extrinsic_hash: bytes) -> Transaction:
        transaction = self._future.pop(extrinsic_hash)
        for tag in transaction.requires:
            waiting = self._wanted[tag]
            waiting.discard(extrinsic_hash)
            if not waiting:
                del self._wanted[tag]
        return transaction

    def _enforce_limits(self) -> list[Change]:
        changes: list[Change] = []
        limits = self._limits
        while len(self._ready) > limits.ready_count or self._ready_bytes > limits.ready_bytes:
            worst = min(
                self._ready.values(), key=lambda item: (item.transaction.priority, item.order)
            )
            gone = self.remove([worst.transaction.hash])
            changes.extend(Change(tx.hash, PoolStatus.DROPPED) for tx in gone)
        while self._future and (
            len(self._future) > limits.future_count
            or sum(len(tx.data) for tx in self._future.values()) > limits.future_bytes
        ):
            oldest = next(iter(self._future))
            changes.append(Change(self._forget_future(oldest).hash, PoolStatus.DROPPED))
        return changes


def _rank(entry: _Ready) -> tuple[int, int, int, bytes]:
    transaction = entry.transaction
    return (-transaction.priority, transaction.valid_till, entry.order, transaction.hash)
