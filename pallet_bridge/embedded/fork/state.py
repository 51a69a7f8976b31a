"""A state that lies over one that somebody else keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pallet_bridge.embedded.state import trie
from pallet_bridge.embedded.state.storage import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.embedded.state.trie_node import Node

_HAS, _DELETED = b"\x01", b"\x00"
_MANY, _FEW = 1000, 16  # keys that are asked for at a time


class Below(Protocol):
    """The state that somebody else keeps."""

    def get(self, key: bytes) -> bytes | None:
        """Return a value."""

    def keys(self, prefix: bytes, start: bytes | None, page: int = ...) -> Iterator[bytes]:
        """Iterate over the keys with `prefix`, in order, behind `start`."""


class ForkedState(State):
    """What was changed since, over the state that was forked. Immutable, as every state.

    Its root is that of the changes: the whole state is not here. So blocks of a forked chain have
    roots that no node would come to.
    """

    __slots__ = ("_below",)

    def __init__(self, below: Below, changed: Node | None = None) -> None:
        super().__init__(changed)
        self._below = below

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`."""
        own = trie.get(self.trie, key)
        if own is None:
            return self._below.get(key)
        return own[1:] if own.startswith(_HAS) else None

    def apply(self, changes: Mapping[bytes, bytes | None]) -> ForkedState:
        """Return the state after `changes`; None deletes."""
        marked = {
            key: _DELETED if value is None else _HAS + value for key, value in changes.items()
        }
        return ForkedState(self._below, trie.update(self.trie, marked))

    def keys(
        self, prefix: bytes, *, start: bytes | None = None, inclusive: bool = False
    ) -> Iterator[bytes]:
        """Iterate in order over the keys with `prefix`, from `start` on when that is given."""
        if start is not None and start >= prefix:
            if inclusive and start.startswith(prefix) and self.get(start) is not None:
                yield start
            yield from self._merged(prefix, start, _MANY)
        else:
            yield from self._merged(prefix, None, _MANY)

    def next_key(self, key: bytes) -> bytes | None:
        """Return the first key after `key`."""
        return next(self._merged(b"", key, _FEW), None)

    def _merged(self, prefix: bytes, start: bytes | None, page: int) -> Iterator[bytes]:
        """Iterate over the keys of both, without those that were deleted since."""
        own = self._own(prefix, start)
        mine = next(own, None)
        for key in self._below.keys(prefix, start, page):
            while mine is not None and mine <= key:
                if mine < key and not self.is_deleted(mine):
                    yield mine
                mine = next(own, None)
            if not self.is_deleted(key):
                yield key
        while mine is not None:
            if not self.is_deleted(mine):
                yield mine
            mine = next(own, None)

    def is_deleted(self, key: bytes) -> bool:
        """Say whether a key was deleted since."""
        return trie.get(self.trie, key) == _DELETED

    def _own(self, prefix: bytes, start: bytes | None) -> Iterator[bytes]:
        first = prefix if start is None else start
        for key in trie.keys_from(self.trie, first, inclusive=start is None):
            if not key.startswith(prefix):
                return
            yield key
