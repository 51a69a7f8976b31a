"""What a runtime call reads and writes: an immutable state under an overlay of changes.

The rules are those of ``sp-state-machine``: nested transactions, appends to encoded lists,
ordered keys through pending deletions, and prefixes cleared with a limit that counts only what
the state below holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import DecodeError, EmbeddedError
from pallet_bridge.embedded.state import trie
from pallet_bridge.embedded.state.decode import compact_at
from pallet_bridge.embedded.state.encode import compact
from pallet_bridge.embedded.state.trie_node import root_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.embedded.state.trie_node import Node

_CHILD_STORAGE = b":child_storage:"
_MAX_COUNT = 2**32 - 1  # a list's length is a Compact<u32>


class State:
    """The storage of one block. Immutable; neighbouring states share what did not change."""

    __slots__ = ("_root", "trie")

    def __init__(self, node: Node | None) -> None:
        self.trie = node
        self._root: bytes | None = None

    @classmethod
    def build(cls, pairs: Mapping[bytes, bytes]) -> State:
        """Make a state from all its keys and values."""
        return cls(trie.update(None, pairs))

    @property
    def root(self) -> bytes:
        """The state root in layout V1: 32 bytes."""
        if self._root is None:
            self._root = root_hash(self.trie)
        return self._root

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`."""
        return trie.get(self.trie, key)

    def apply(self, changes: Mapping[bytes, bytes | None]) -> State:
        """Return the state after `changes`; None deletes."""
        return State(trie.update(self.trie, changes))

    def keys(
        self, prefix: bytes, *, start: bytes | None = None, inclusive: bool = False
    ) -> Iterator[bytes]:
        """Iterate in order over the keys with `prefix`, from `start` on when that is given."""
        at_prefix = start is None or start < prefix
        first = prefix if start is None or at_prefix else start
        for key in trie.keys_from(self.trie, first, inclusive=at_prefix or inclusive):
            if not key.startswith(prefix):
                return
            yield key

    def next_key(self, key: bytes) -> bytes | None:
        """Return the first key after `key`."""
        return next(trie.keys_from(self.trie, key, inclusive=False), None)


@dataclass(frozen=True, slots=True)
class _List:
    """A stored list that grew: appending is O(1), and an older version stays what it was."""

    before: _List | None
    items: bytes  # the first link: all elements so far; a later one: one element
    count: int

    def encode(self) -> bytes:
        parts: list[bytes] = []
        link: _List | None = self
        while link is not None:
            parts.append(link.items)
            link = link.before
        parts.append(compact(self.count))
        return b"".join(reversed(parts))


@dataclass(frozen=True, slots=True)
class Removal:
    """What clearing a prefix did: how many keys of the state it visited, whether any is left."""

    visited: int
    some_left: bool


_Value = bytes | _List | None


class _Absent:
    """Marks in a journal that the overlay did not have the key before."""


_ABSENT = _Absent()


class Overlay:
    """Changes over a `State`, with nested transactions.

    Parameters
    ----------
    state
        The state below; never written.
    reads
        A cache of reads from `state`; give the same one to all overlays over one state.
    """

    __slots__ = ("_changes", "_journals", "_order", "_reads", "_result", "state")

    def __init__(self, state: State, reads: dict[bytes, bytes | None] | None = None) -> None:
        self.state = state
        self._reads: dict[bytes, bytes | None] = {} if reads is None else reads
        self._changes: dict[bytes, _Value] = {}
        self._journals: list[dict[bytes, _Value | _Absent]] = []
        self._order: list[bytes] | None = None
        self._result: State | None = None

    def get(self, key: bytes) -> bytes | None:
        """Return the value as the runtime sees it now."""
        value = self._changes.get(key, _ABSENT)
        if isinstance(value, _Absent):
            return self._below(key)
        if isinstance(value, _List):
            encoded = value.encode()
            self._changes[key] = encoded
            return encoded
        return value

    def set(self, key: bytes, value: bytes | None) -> None:
        """Write `value`; None deletes. Roots of child tries cannot be written directly."""
        if not key.startswith(_CHILD_STORAGE):
            self._write(key, value)

    def append(self, key: bytes, element: bytes) -> None:
        """Add an encoded `element` to the encoded list at `key`.

        What is there and cannot be read as a list is replaced by a list of this one element.
        """
        current = self._changes.get(key, _ABSENT)
        if isinstance(current, _Absent):
            current = self._below(key)
        if isinstance(current, _List):
            grown = _List(current, element, current.count + 1)
        else:
            items, count = _as_list(current)
            grown = _List(_List(None, items, count), element, count + 1)
        self._write(key, grown)

    def next_key(self, key: bytes) -> bytes | None:
        """Return the first key after `key` that has a value."""
        order = self._ordered()
        position = bisect_right(order, key)
        below = self.state.next_key(key)
        while position < len(order):
            changed = order[position]
            if below is not None and below < changed:
                return below
            if self._changes[changed] is not None:
                return changed
            if below == changed:
                below = self.state.next_key(changed)
            position += 1
        return below

    def clear_prefix(
        self, prefix: bytes, limit: int | None = None, cursor: bytes | None = None
    ) -> Removal:
        """Delete the keys with `prefix`: all of the overlay's, and `limit` of the state's.

        Parameters
        ----------
        limit
            How many keys of the state below to visit at most; None visits all.
        cursor
            Where in the state below to start.
        """
        if prefix.startswith(_CHILD_STORAGE) or _CHILD_STORAGE.startswith(prefix):
            return Removal(0, some_left=False)
        order = self._ordered()
        for key in order[bisect_left(order, prefix) :]:
            if not key.startswith(prefix):
                break
            self._write(key, None)
        keys = self.state.keys(prefix, start=cursor, inclusive=True)
        doomed = list(keys if limit is None else islice(keys, limit))
        for key in doomed:
            if self._changes.get(key, _ABSENT) is not None:
                self._write(key, None)
        return Removal(len(doomed), some_left=next(keys, None) is not None)

    def start(self) -> None:
        """Open a nested transaction."""
        self._journals.append({})

    def commit(self) -> None:
        """Close the innermost transaction and keep its changes."""
        journal = self._close()
        if self._journals:
            outer = self._journals[-1]
            for key, before in journal.items():
                outer.setdefault(key, before)

    def rollback(self) -> None:
        """Close the innermost transaction and undo its changes."""
        for key, before in self._close().items():
            if isinstance(before, _Absent):
                del self._changes[key]
                self._order = None
            else:
                self._changes[key] = before
        self._result = None

    @property
    def depth(self) -> int:
        """The number of open transactions."""
        return len(self._journals)

    def result(self) -> State:
        """Return the state with all changes made; the same object until the next write."""
        if self._result is None:
            self._result = self.state.apply(self.changes())
        return self._result

    def changes(self) -> dict[bytes, bytes | None]:
        """Return all changes over the state below; None deletes."""
        return {
            key: value.encode() if isinstance(value, _List) else value
            for key, value in self._changes.items()
        }

    def _below(self, key: bytes) -> bytes | None:
        try:
            return self._reads[key]
        except KeyError:
            value = self._reads[key] = self.state.get(key)
            return value

    def _write(self, key: bytes, value: _Value) -> None:
        before = self._changes.get(key, _ABSENT)
        if self._journals:
            self._journals[-1].setdefault(key, before)
        if isinstance(before, _Absent) and self._order is not None:
            insort(self._order, key)
        self._changes[key] = value
        self._result = None

    def _ordered(self) -> list[bytes]:
        if self._order is None:
            self._order = sorted(self._changes)
        return self._order

    def _close(self) -> dict[bytes, _Value | _Absent]:
        if not self._journals:
            raise EmbeddedError("no storage transaction is open; `start` comes first")
        return self._journals.pop()


def _as_list(value: bytes | None) -> tuple[bytes, int]:
    if value is None:
        return b"", 0
    try:
        count, offset = compact_at(value, 0)
    except DecodeError:
        return b"", 0
    return (value[offset:], count) if count <= _MAX_COUNT else (b"", 0)
