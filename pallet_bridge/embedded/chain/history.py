"""The blocks of a chain with their states, and which of them lead to the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from pallet_bridge.embedded.errors import UnknownBlock
from pallet_bridge.embedded.state.storage import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.embedded.chain.block import Block
    from pallet_bridge.embedded.chain.writing.keeper import Keeper
    from pallet_bridge.embedded.chain.writing.records import Changes

_RECENT: Final = 1024
_STRIDE: Final = 512


class _Entry:
    """A block and the state after it; None for a state that is read from `places` when asked for.

    `made_by_hand` says that executing the block on its parent's state does not lead to its own;
    `sets` is how often its state was changed by hand afterwards.
    """

    __slots__ = ("block", "made_by_hand", "places", "sets", "state")

    def __init__(
        self, block: Block, state: State | None, places: tuple[int, ...], *, by_hand: bool
    ) -> None:
        self.block = block
        self.state = state
        self.places = places
        self.made_by_hand = by_hand
        self.sets = 0


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """How far a history had come; see `History.revert`. What is further on is greater."""

    blocks: int
    height: int
    sets: int
    state: State = field(compare=False)


class Elder(Protocol):
    """The blocks before the first one here, as somebody else keeps them."""

    def hash_at(self, number: int) -> bytes | None:
        """Return the hash of the block with this number, None when there is none."""

    def block(self, hash_: bytes) -> Block | None:
        """Return a block on the way to the first one here, None when it is none."""

    def state(self, hash_: bytes) -> State | None:
        """Return the state after such a block."""


class History:
    """All blocks from the first one on. Not safe to change from two threads.

    Without a keeper every state stays in memory, where states share what they have in common: an
    empty block costs about 6 kB. With one, everything is written down before it is done, the last
    1024 states stay in memory, and older ones are read again when they are asked for.
    """

    __slots__ = ("_canonical", "_elder", "_entries", "_first", "_keeper", "head")

    def __init__(
        self,
        block: Block,
        state: State | None,
        *,
        keeper: Keeper | None = None,
        places: tuple[int, ...] = (),
        by_hand: bool = False,
        elder: Elder | None = None,
    ) -> None:
        self.head = block.hash
        self._elder = elder
        self._first = block.header.number
        self._entries = {self.head: _Entry(block, state, places, by_hand=by_hand)}
        self._canonical = [self.head]
        self._keeper = keeper

    def __contains__(self, hash_: object) -> bool:
        return hash_ in self._entries

    @property
    def is_by_hand(self) -> bool:
        """Whether the blocks up to the head, executed again, would not lead to its state."""
        entries = (self._entries[hash_] for hash_ in self._canonical)
        return any(entry.made_by_hand or entry.sets for entry in entries)

    @property
    def is_head_true(self) -> bool:
        """Whether the head's state is the one that its header names, where it has to be."""
        entry = self._entries[self.head]
        if entry.sets or (entry.made_by_hand and self.head == self._canonical[0]):
            return True
        return self.state(self.head).root == entry.block.header.state_root

    def keep_with(self, keeper: Keeper) -> None:
        """Write down from now on what is added; what is there already is in the same file."""
        self._keeper = keeper

    def block(self, hash_: bytes) -> Block | None:
        """Return a block, None when there is no such block."""
        entry = self._entries.get(hash_)
        if entry is None:
            return None if self._elder is None else self._elder.block(hash_)
        return entry.block

    def hash_at(self, number: int) -> bytes | None:
        """Return the hash of the block with this number on the way to the head."""
        place = number - self._first
        if place < 0 <= number and self._elder is not None:
            return self._elder.hash_at(number)
        return self._canonical[place] if 0 <= place < len(self._canonical) else None

    def blocks(self) -> Iterator[Block]:
        """Iterate over the blocks that lead to the head, without the first one."""
        return (self._entries[hash_].block for hash_ in self._canonical[1:])

    def state(self, hash_: bytes) -> State:
        """Return the state after a block.

        Raises
        ------
        UnknownBlock
            There is no such block.
        """
        entry = self._entries.get(hash_)
        if entry is None:
            state = None if self._elder is None else self._elder.state(hash_)
            if state is None:
                raise UnknownBlock(hash_)
            return state
        return self._read(entry) if entry.state is None else entry.state

    def add(self, block: Block, state: State, changes: Changes, *, by_hand: bool = False) -> bytes:
        """Take a block in, and write it down first; give its hash.

        It becomes the head when it is the head's child.

        Parameters
        ----------
        changes
            What differs in `state` from the state of the parent.

        Raises
        ------
        NotKept
            When it cannot be written down; the chain is as it was.
        """
        keeper = self._keeper
        places = () if keeper is None else (keeper.block(block, changes, by_hand=by_hand),)
        self.take(block, state, places, by_hand=by_hand)
        if keeper is not None and len(self._canonical) > _RECENT:
            self._forget(len(self._canonical) - 1 - _RECENT)
        return block.hash

    def take(
        self, block: Block, state: State | None, places: tuple[int, ...], *, by_hand: bool
    ) -> None:
        """Take in a block that is written down already."""
        hash_ = block.hash
        self._entries[hash_] = _Entry(block, state, places, by_hand=by_hand)
        if block.header.parent_hash == self.head:
            self._canonical.append(hash_)
            self.head = hash_

    def set_state(self, changes: Changes) -> None:
        """Change the state of the head by hand, without a block; it is written down first."""
        state = self.state(self.head).apply(changes)
        keeper = self._keeper
        places = () if keeper is None else (keeper.changed(self.head, changes),)
        self.take_set(self.head, state, places)

    def take_set(self, hash_: bytes, state: State | None, places: tuple[int, ...]) -> None:
        """Take in such a change that is written down already."""
        entry = self._entries[hash_]
        entry.state = state
        entry.places += places
        entry.sets += 1

    def mark(self) -> Mark:
        """Remember how far the chain has come."""
        return self.mark_at(self.head)

    def mark_at(self, hash_: bytes) -> Mark:
        """Give the mark of the time when a block on the way to the head was the newest one.

        Raises
        ------
        UnknownBlock
            It is not on the way to the head.
        """
        entry = self._entries.get(hash_)
        if entry is None or self.hash_at(entry.block.header.number) != hash_:
            raise UnknownBlock(hash_)
        blocks = len(self._entries) if hash_ == self.head else [*self._entries].index(hash_) + 1
        height = entry.block.header.number - self._first + 1
        return Mark(blocks, height, entry.sets, self.state(hash_))

    def revert(self, mark: Mark) -> None:
        """Go back to a mark; it is written down first."""
        if self._keeper is not None:
            self._keeper.reverted(mark.blocks, mark.height, mark.sets)
        self.take_revert(mark.blocks, mark.height, mark.sets)
        self._entries[self.head].state = mark.state

    def take_revert(self, blocks: int, height: int, sets: int) -> None:
        """Go back to where there were so many blocks, of which so many lead to the head.

        The head's state is the one after so many changes by hand.
        """
        for hash_ in list(self._entries)[blocks:]:
            del self._entries[hash_]
        del self._canonical[height:]
        self.head = self._canonical[-1]
        entry = self._entries[self.head]
        entry.places, entry.sets, entry.state = entry.places[: 1 + sets], sets, None

    def sync(self) -> None:
        """See everything on disk, so that it survives a power cut."""
        if self._keeper is not None:
            self._keeper.sync()

    def check_room(self) -> None:
        """See whether a block could be written down."""
        if self._keeper is not None:
            self._keeper.check_room()

    def close(self) -> None:
        """Let another process go on with what is written down. The chain can still be read here."""
        if self._keeper is not None:
            self._keeper.close()

    def _forget(self, index: int) -> None:
        if index % _STRIDE:
            self._entries[self._canonical[index]].state = None

    def _read(self, entry: _Entry) -> State:
        wanted, way = entry, list[_Entry]()
        above: _Entry | None = entry
        while above is not None and above.state is None:
            way.append(above)
            above = self._entries.get(above.block.header.parent_hash)
        state = State(None) if above is None or above.state is None else above.state
        pending: dict[bytes, bytes | None] = {}
        for step in reversed(way):
            for place in step.places:
                pending.update(self._changes(place))
            if step is wanted or not (step.block.header.number - self._first) % _STRIDE:
                state = step.state = state.apply(pending)
                pending = {}
        return state

    def _changes(self, place: int) -> Changes:
        return {} if self._keeper is None else self._keeper.changes(place)
