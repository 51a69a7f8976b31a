"""A chain client that believes no node: every block is final, every stored value is proved."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded.state.hashing import blake2_256, storage_prefix, twox
from pallet_bridge.errors import BadChainValue
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.final import METHODS, FinalChain, read_header
from pallet_bridge.metadata import PALLET
from pallet_bridge.types.events import BlockRef

if TYPE_CHECKING:
    from pallet_bridge.client.rpc import RawJson
    from pallet_bridge.embedded.chain.block import Header

_CODE = b":code"
_HASHES = storage_prefix("System", "BlockHash")
_PAGE = 500
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

    Raises
    ------
    ProofRefused
        When a proof does not prove what it should.
    ChainTimeout
        When the newest block is not final in time.
    """

    def __init__(
        self, url: str, genesis: bytes, *, timeout: float = 30.0, patience: float = 60.0
    ) -> None:
        super().__init__(url, timeout=timeout)
        with ExitStack() as undone:
            undone.callback(self.close)
            best = read_header(self._rpc.request("chain_getHeader")).number
            self._chain = FinalChain(self._rpc, genesis)
            self._known = {0: self._chain.header}
            self._final = self._chain.advance(best, patience)
            self._known[self._final.number] = self._final
            self._numbers = {one.hash: one.number for one in self._known.values()}
            undone.pop_all()

    def head(self) -> BlockRef:
        """Return the newest block that is proved to be final."""
        return BlockRef(self._final.number, self._final.hash)

    def finalized(self) -> BlockRef:
        """Return the same."""
        return self.head()

    def block_at(self, number: int) -> BlockRef | None:
        """Return a block by number; None above the one that is final."""
        if not 0 <= number <= self._final.number:
            return None
        return BlockRef(number, self._header_at(number).hash)

    def runtime_hash(self) -> bytes:
        """Return the BLAKE2-256 hash of the runtime at the head: the rules of the chain."""
        code = self._chain.proof(self._final, [_CODE]).get(_CODE)
        if code is None:
            raise ProofRefused("the runtime", "the state has none")
        return blake2_256(code)

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

    def _key(self, pallet: str, item: str, params: list[object]) -> bytes:
        return bytes.fromhex(self._codec.storage_key(pallet, item, params).removeprefix("0x"))

    def _read(
        self, item: str, params: list[object], at: bytes | None, *, pallet: str = PALLET
    ) -> object:
        header, key = self._header(at), self._key(pallet, item, params)
        data = self._chain.proof(header, [key]).get(key)
        return None if data is None else self._codec.storage_value(pallet, item, "0x" + data.hex())

    def _read_map(
        self, item: str, params: list[object], at: bytes | None
    ) -> list[tuple[bytes, object]]:
        header, prefix = self._header(at), self._key(PALLET, item, params)
        keys = self._keys(prefix, header)
        # the node says which keys there are, and the proof that there are no others
        found = self._chain.proof(header, [prefix, *keys]).below(prefix)
        return [
            (key, self._codec.storage_value(PALLET, item, "0x" + data.hex())) for key, data in found
        ]

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
