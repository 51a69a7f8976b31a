"""A chain client that believes no node: every block is final, every stored value is proved."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields
from pallet_bridge.client.node import NodeClient
from pallet_bridge.client.rpc import deadline, remaining
from pallet_bridge.client.submission import Receipts
from pallet_bridge.client.substrate.stored import value_by
from pallet_bridge.embedded.state.hashing import blake2_256, storage_prefix, twox
from pallet_bridge.embedded.state.trie import ordered_root
from pallet_bridge.errors import BadChainValue, ChainTimeout
from pallet_bridge.errors.proofs import ProofRefused, StateTooOld
from pallet_bridge.light.final import METHODS, FinalChain, read_header
from pallet_bridge.types.events import BlockRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.client.protocol import SignedCall
    from pallet_bridge.client.rpc import RawJson
    from pallet_bridge.embedded.chain.block import Header
    from pallet_bridge.light.known import KnownFinal
    from pallet_bridge.types.events import Event, Receipt

_CODE = b":code"
_NOW = storage_prefix("Timestamp", "Now")
_EVENTS = ("System", "Events")
_HASHES = storage_prefix("System", "BlockHash")
_PAGE = 500
_POLL_SECONDS = 0.5
_WALK = 256  # headers that are fetched at a time


class FinalClient(NodeClient):
    """A `NodeClient` whose reads are proved at one final block, and at the blocks before it.

    The node is believed that it shows the newest: it can withhold blocks, and nothing else. What
    is not stored stays its word: constants, prices, fees.

    Parameters
    ----------
    url
        ``ws://HOST:PORT`` or ``wss://HOST``.
    genesis
        The hash of block 0, which is trusted.
    timeout
        Seconds that connecting, and each answer of the node, may take.
    patience
        Seconds until the newest block of the node has to be proved final.
    known
        What was proved of the same chain before: the client goes on from there.
    is_live
        Whether `head` goes on with the chain. Then the client waits at first for what the node
        itself calls final, of which the proof comes with the next block. Else it waits until the
        best block of the node is final, and stays there.

    Raises
    ------
    ProofRefused
        When a proof does not prove what it should.
    ChainTimeout
        When the newest block is not final in time.
    """

    def __init__(
        self,
        url: str,
        genesis: bytes,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        known: KnownFinal | None = None,
        is_live: bool = False,
    ) -> None:
        super().__init__(url, timeout=timeout)
        self._patience = patience
        self._is_live = is_live
        self._moving = threading.RLock()
        self._receipts = Receipts(
            self._rpc, self._codec, self._events_shown, check_body=self._check_body
        )
        with ExitStack() as undone:
            undone.callback(self.close)
            asked = [self._rpc.request("chain_getFinalizedHead")] if is_live else []
            shown = read_header(self._rpc.request("chain_getHeader", asked)).number
            self._chain = FinalChain(self._rpc, genesis, known)
            self._known = {self._chain.header.number: self._chain.header}
            self._final = self._chain.advance(shown, patience)
            self._known[self._final.number] = self._final
            self._numbers = {one.hash: one.number for one in self._known.values()}
            undone.pop_all()

    @property
    def known(self) -> KnownFinal:
        """What is proved now, for a later look."""
        return self._chain.known

    def catch_up(self, number: int, timeout: float) -> None:
        """Go on to the newest block that is final, once it has at least this number.

        Raises
        ------
        ChainTimeout
            When no proof of such a block came in time.
        ProofRefused
            When a proof does not prove it.
        """
        with self._moving:
            self._final = self._keep(self._chain.advance(number, timeout))

    def check_fresh(self, now: float, most: float) -> None:
        """Refuse a newest block that is old: a node can keep back what is newer.

        Parameters
        ----------
        now
            Unix seconds.
        most
            How many seconds old it may be, by the time that the block itself has.

        Raises
        ------
        StateTooOld
            When it is older.
        """
        stored = self._chain.proof(self._final, [_NOW]).get(_NOW) or b""
        seconds = now - int.from_bytes(stored, "little") / 1000
        if seconds > most:
            raise StateTooOld(self.url, self._final.number, seconds, most)

    def head(self) -> BlockRef:
        """Return the newest block that is proved to be final."""
        if self._is_live:
            with self._moving:
                self._final = self._keep(self._chain.latest())
        return BlockRef(self._final.number, self._final.hash)

    def finalized(self) -> BlockRef:
        """Return the same, once the node was asked for a proof of a newer one."""
        if self._is_live:
            with self._moving:
                self._final = self._keep(self._chain.ask())
        return self.head()

    def wait_until_block(self, number: int, *, timeout: float) -> BlockRef:
        """Wait until a block with this number is proved to be final; none is sealed for it.

        Other threads read meanwhile, which they cannot during `catch_up`.
        """
        end = deadline(timeout)
        while (head := self.head()).number < number:
            with self._moving:
                self._final = self._keep(self._chain.ask())
            if self._final.number >= number:
                return BlockRef(self._final.number, self._final.hash)
            if remaining(end) <= 0:
                what = f"a proof that block {number} is final (proved is {head.number})"
                raise ChainTimeout(what, timeout)
            time.sleep(min(_POLL_SECONDS, remaining(end)))
        return head

    def block_at(self, number: int) -> BlockRef | None:
        """Return a block by number; None above the one that is final."""
        with self._moving:
            if not 0 <= number <= self.head().number:
                return None
            return BlockRef(number, self._header_at(number).hash)

    def runtime_hash(self) -> bytes:
        """Return the BLAKE2-256 hash of the runtime at the head: the rules of the chain."""
        code = self._chain.proof(self._final, [_CODE]).get(_CODE)
        if code is None:
            raise ProofRefused("the runtime", "the state has none")
        return blake2_256(code)

    def _receipt_in(self, signed: SignedCall, block: bytes, final: bool) -> Receipt:  # noqa: FBT001 - as NodeClient
        if final:
            header = self._chain.header_of(block)
            if self._final.number < header.number:
                self.catch_up(header.number, self._patience)
            if self.block_at(header.number) != BlockRef(header.number, block):
                raise ProofRefused(
                    f"block {header.number}, which is to have transaction 0x{signed.hash.hex()},",
                    "another block is final in its place",
                )
        return super()._receipt_in(signed, block, final)

    def _events_shown(self, block: bytes) -> tuple[Event, ...]:
        """Return a block's events: proved, where it is final, and else on the node's word."""
        if block in self._numbers:
            return self.events(block)
        return self._read_events(value_by(self._rpc, self._key(*_EVENTS, []), block))

    def _check_body(self, block: bytes, extrinsics: Sequence[bytes]) -> None:
        """Refuse extrinsics that are not those of a final block."""
        number = self._numbers.get(block)
        if number is None:
            return
        root = self._known[number].extrinsics_root
        # a runtime says which of the two layouts it has; no list has the root of another one
        if root not in {ordered_root(extrinsics, hash_values=one) for one in (False, True)}:
            raise ProofRefused(f"what block {number} contains", "it has other transactions")

    def _numbered(self, block: bytes) -> BlockRef:
        return BlockRef(self._header(block).number, block)

    def _header(self, block: bytes | None) -> Header:
        if block is None:
            return self._final
        number = self._numbers.get(block)
        if number is None:
            raise ProofRefused(
                f"block {block.hex()}", "it is none of those that are known as final"
            )
        return self._known[number]

    def _header_at(self, number: int) -> Header:
        if number not in self._known:
            above = self._known[min(known for known in self._known if known > number)]
            above = self._nearer(above, min(number + _WALK, above.number))
            for header in self._chain.headers(above, number):
                self._keep(header)
        return self._known[number]

    def _nearer(self, above: Header, number: int) -> Header:
        """Go back to a number by the hashes of earlier blocks that the state keeps."""
        span = self._codec.constant("System", "BlockHashCount")
        if not isinstance(span, int) or span < 2:  # noqa: PLR2004 - its own parent alone
            raise BadChainValue(f"the chain's constant BlockHashCount is {span!r}")
        while above.number > number:
            earlier = max(number, above.number - span + 1)
            key = _key_of_hash(earlier)
            stored = self._chain.proof(above, [key]).get(key)
            if stored is None:
                raise ProofRefused(f"block {earlier}", "the state of later ones has no hash of it")
            found = self._chain.header_of(stored)
            if found.number != earlier:
                raise ProofRefused(f"block {earlier}", f"its header has the number {found.number}")
            above = self._keep(found)
        return above

    def _keep(self, header: Header) -> Header:
        self._known[header.number] = header
        self._numbers[header.hash] = header.number
        return header

    def _value(self, key: bytes, at: bytes | None) -> bytes | None:
        return self._chain.proof(self._header(at), [key]).get(key)

    def _below(self, prefix: bytes, block: bytes) -> list[tuple[bytes, bytes]]:
        header = self._header(block)
        keys = self._keys(prefix, header)
        # the node says which keys there are, and the proof that there are no others
        return list(self._chain.proof(header, [prefix, *keys]).below(prefix))

    def _keys(self, prefix: bytes, header: Header) -> list[bytes]:
        block, start = "0x" + header.hash.hex(), "0x" + prefix.hex()
        found: list[bytes] = []
        while True:
            keys = self._rpc.request(
                "state_getKeysPaged", ["0x" + prefix.hex(), _PAGE, start, block]
            )
            if not isinstance(keys, list):
                raise BadChainValue("the keys of a map are no list")
            found.extend(Fields("keys", {"key": key}).raw("key") for key in keys)
            if len(keys) < _PAGE:
                return found
            start = str(keys[-1])


def _key_of_hash(number: int) -> bytes:
    """Return where the state keeps a block's hash: by hand, for our metadata has no word of it."""
    raw = number.to_bytes(4, "little")
    return _HASHES + twox(raw, 1) + raw


def proves(methods: RawJson) -> bool:
    """Say whether a node with these methods proves what is final and what is stored."""
    named = Fields("rpc_methods", methods).value("methods")
    return isinstance(named, list) and {*map(str, named)} >= METHODS
