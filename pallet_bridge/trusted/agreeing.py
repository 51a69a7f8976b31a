"""A chain client that asks several nodes, where none proves anything: they have to agree."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.client import decode
from pallet_bridge.client.fields import Fields
from pallet_bridge.client.node import NodeClient
from pallet_bridge.client.rpc import RpcClient, deadline, remaining
from pallet_bridge.client.state import block_hash
from pallet_bridge.client.submission import Receipts
from pallet_bridge.client.substrate.stored import as_hex, pairs_by, value_by
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ChainTimeout
from pallet_bridge.errors.proofs import NodesDiffer
from pallet_bridge.types.events import BlockRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pallet_bridge.client.protocol import SignedCall
    from pallet_bridge.types.events import Event, Receipt

_Answer = TypeVar("_Answer")

FAR = 32
"""Blocks that the final ones of two nodes may be apart."""

_POLL_SECONDS = 0.2


class AgreeingClient(NodeClient):
    """A `NodeClient` whose reads are those of a block that all nodes call final, and agree about.

    It helps against one node that lies, not against nodes that lie together. Calls are sent to the
    first node. Constants, prices and fees are that node's word.

    Parameters
    ----------
    urls
        Two nodes at least.
    timeout
        Seconds that connecting, and each answer of a node, may take.
    patience
        Seconds until the block of a receipt has to be final for all.

    Raises
    ------
    NodesDiffer
        When the nodes are of different chains.
    ChainUnavailable
        When one of them does not answer.
    """

    def __init__(
        self, urls: Sequence[str], *, timeout: float = 30.0, patience: float = 60.0
    ) -> None:
        first, *others = urls
        super().__init__(first, timeout=timeout)
        self._patience = patience
        self._nodes = [self._rpc, *(RpcClient(url, timeout) for url in others)]
        self._receipts = Receipts(
            self._rpc, self._codec, self._events_shown, check_body=self._check_body
        )
        self._settled: set[bytes] = set()
        with ExitStack() as undone:
            undone.callback(self.close)
            self._agreed("which chain it is", lambda rpc: _hash_of(rpc, 0))
            undone.pop_all()

    def head(self) -> BlockRef:
        """Return the newest block that all nodes call final."""
        return self.finalized()

    def finalized(self) -> BlockRef:
        """Return the same.

        Raises
        ------
        NodesDiffer
            When a node is far behind another, or has another block there.
        """
        numbers = {rpc.url: _final_number(rpc) for rpc in self._nodes}
        least, most = min(numbers.values()), max(numbers.values())
        if most - least > FAR:
            raise NodesDiffer(
                "what is final", {url: f"block {number}" for url, number in numbers.items()}
            )
        final = BlockRef(least, self._hash_at(least))
        self._settled.add(final.hash)
        return final

    def block_at(self, number: int) -> BlockRef | None:
        """Return a block by number, about which all agree; None above the one that is final."""
        if number > self.finalized().number:
            return None
        found = BlockRef(number, self._hash_at(number))
        self._settled.add(found.hash)
        return found

    def close(self) -> None:
        """Give all connections back."""
        super().close()
        for rpc in self._nodes:
            rpc.close()

    def _hash_at(self, number: int) -> bytes:
        return self._agreed(f"block {number}", lambda rpc: _hash_of(rpc, number))

    def _value(self, key: bytes, at: bytes | None) -> bytes | None:
        block = at or self.head().hash
        return self._agreed("what is stored", lambda rpc: value_by(rpc, key, block))

    def _below(self, prefix: bytes, block: bytes) -> list[tuple[bytes, bytes]]:
        return self._agreed("what is stored", lambda rpc: sorted(pairs_by(rpc, prefix, block)))

    def _receipt_in(self, signed: SignedCall, block: bytes, final: bool) -> Receipt:  # noqa: FBT001 - as NodeClient
        if final:
            number = self._numbered(block).number
            end = deadline(self._patience)
            while self.finalized().number < number:
                if remaining(end) <= 0:
                    raise ChainTimeout(f"block {number} being final for all nodes", self._patience)
                time.sleep(_POLL_SECONDS)
            there = self._hash_at(number)
            if there != block:
                said = {self._rpc.url: as_hex(block), self._nodes[-1].url: as_hex(there)}
                raise NodesDiffer(f"block {number}, which is to have the call,", said)
            self._settled.add(block)
        return super()._receipt_in(signed, block, final)

    def _events_shown(self, block: bytes) -> tuple[Event, ...]:
        """Return a block's events: agreed, where it is final, and else on the first node's word."""
        if block in self._settled:
            return self.events(block)
        return self._read_events(value_by(self._rpc, self._key("System", "Events", []), block))

    def _check_body(self, block: bytes, extrinsics: Sequence[bytes]) -> None:
        """Refuse extrinsics that not all nodes show."""
        if block in self._settled:
            shown = [as_hex(one) for one in extrinsics]
            self._agreed(
                "what a block contains",
                lambda rpc: shown if rpc is self._rpc else _body(rpc, block),
            )

    def _agreed(self, what: str, ask: Callable[[RpcClient], _Answer]) -> _Answer:
        answers = {rpc.url: ask(rpc) for rpc in self._nodes}
        first = answers[self._rpc.url]
        if any(answer != first for answer in answers.values()):
            raise NodesDiffer(what, {url: _shown(answer) for url, answer in answers.items()})
        return first


def _shown(answer: object) -> str:
    """Return an answer in few words."""
    if isinstance(answer, bytes):
        return as_hex(answer if len(answer) <= 32 else blake2_256(answer))  # noqa: PLR2004 - a hash
    if isinstance(answer, list):
        return f"{len(answer)} entries, {as_hex(blake2_256(repr(answer).encode()))}"
    return "nothing" if answer is None else str(answer)


def _hash_of(rpc: RpcClient, number: int) -> bytes:
    return block_hash(rpc.request("chain_getBlockHash", [number]))


def _final_number(rpc: RpcClient) -> int:
    final = rpc.request("chain_getFinalizedHead")
    header = rpc.request("chain_getHeader", [as_hex(block_hash(final))])
    return decode.block_number(Fields("header", header))


def _body(rpc: RpcClient, block: bytes) -> list[str]:
    answer = rpc.request("chain_getBlock", [as_hex(block)])
    shown = Fields("answer to chain_getBlock", answer).struct("block").value("extrinsics")
    return [str(one) for one in shown] if isinstance(shown, list) else []
