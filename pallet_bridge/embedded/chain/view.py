"""What can be read of a chain, at any block."""

from __future__ import annotations

from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.outcome import TransactionSource, Validity, decode_validity
from pallet_bridge.embedded.errors import UnknownBlock
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.embedded.state.storage import Overlay, State

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.block import Block, Header
    from pallet_bridge.embedded.chain.history import History
    from pallet_bridge.embedded.executor.executor import Runtime, Runtimes

_CURSOR = storage_prefix("MultiBlockMigrations", "Cursor")
_STUCK = b"\x01"


class Migration(Enum):
    """How a runtime's rewriting of its records stands."""

    UNDER_WAY = "under way"
    STUCK = "stuck"


class ChainView:
    """The blocks of a chain, their states, and what the runtime says on them.

    Attributes
    ----------
    genesis_hash
        The hash of block 0.
    """

    __slots__ = ("_history", "_reads", "_runtimes", "genesis_hash")

    def __init__(self, history: History, genesis_hash: bytes, runtimes: Runtimes) -> None:
        self.genesis_hash = genesis_hash
        self._history = history
        self._runtimes = runtimes
        self._reads: dict[bytes, bytes | None] = {}

    @property
    def head(self) -> bytes:
        """The hash of the last block."""
        return self._history.head

    def header(self, hash_: bytes) -> Header | None:
        """Return the header of a block, None when there is no such block."""
        block = self._history.block(hash_)
        return None if block is None else block.header

    def block(self, hash_: bytes) -> Block | None:
        """Return a block, None when there is no such block."""
        return self._history.block(hash_)

    def hash_at(self, number: int) -> bytes | None:
        """Return the hash of the block with this number on the way to the head."""
        return self._history.hash_at(number) if number else self.genesis_hash

    def get(self, key: bytes, at: bytes | None = None) -> bytes | None:
        """Return a storage value after block `at` (the head when None).

        Raises
        ------
        UnknownBlock
            There is no block `at`. So do all other reads of a state.
        """
        return self.state(at).get(key)

    @property
    def migration(self) -> Migration | None:
        """Whether the runtime rewrites its records after an upgrade; None when it does not.

        Until that is done blocks have inherents only.
        """
        cursor = self.get(_CURSOR)
        if cursor is None:
            return None
        return Migration.STUCK if cursor == _STUCK else Migration.UNDER_WAY

    def keys(
        self, prefix: bytes, *, count: int, start: bytes | None = None, at: bytes | None = None
    ) -> list[bytes]:
        """Return up to `count` keys with `prefix` in order, the first one after `start`."""
        return list(islice(self.state(at).keys(prefix, start=start), count))

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

    def state(self, at: bytes | None = None) -> State:
        """Return the state after block `at` (the head when None)."""
        return self._history.state(self.head if at is None else at)

    def _header(self, hash_: bytes) -> Header:
        header = self.header(hash_)
        if header is None:
            raise UnknownBlock(hash_)
        return header

    def _overlay(self, at: bytes | None) -> Overlay:
        at_head = at is None or at == self.head
        return Overlay(self.state(at), self._reads if at_head else None)

    def _runtime(self, state: State | Overlay) -> Runtime:
        return self._runtimes.of(state.get(CODE) or b"")
