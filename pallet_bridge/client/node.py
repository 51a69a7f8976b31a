"""A `ChainClient` for anything that speaks a Substrate node's RPC: a node or the embedded chain."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from pallet_bridge.client import decode
from pallet_bridge.client.codec import Codec
from pallet_bridge.client.protocol import SignedCall
from pallet_bridge.client.rpc import Rpc, deadline, remaining
from pallet_bridge.client.state import StateReader, as_hex, block_hash
from pallet_bridge.client.submission import NodeSubmission, Receipts
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import (
    BadChainValue,
    ChainTimeout,
    RpcRefused,
    TransactionRefused,
)

if TYPE_CHECKING:
    from types import TracebackType

    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import (
        AccountId,
        BlockRef,
        Receipt,
    )

_PAGE = 500
_POLL_SECONDS = 0.2
_ACCOUNT_BYTES = 32
# a key ends with the account's hash and the account; before them, of an offence, is the round
_ACCOUNT_TAIL = 16 + _ACCOUNT_BYTES
# the pool's codes for "nonce used already" and "another transaction has this nonce"
_NONCE_TAKEN = frozenset({1010, 1013, 1014})


class NodeClient(StateReader):
    """See `pallet_bridge.client.ChainClient`.

    Parameters
    ----------
    url
        ``ws://HOST:PORT`` or ``wss://HOST``.
    timeout
        Seconds that connecting, and each answer of the node, may take.

    Raises
    ------
    ChainUnavailable
        When nothing answers there.
    MetadataMismatch
        When the chain there does not carry our pallet.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        rpc = Rpc(url, timeout)
        try:
            self._genesis = block_hash(rpc.request("chain_getBlockHash", [0]))
            codec = Codec(rpc)
            methods = rpc.request("rpc_methods")
            self._seals = "engine_createBlock" in str(
                decode.Fields("rpc_methods", methods).value("methods")
            )
        except BaseException:
            rpc.close()
            raise
        super().__init__(rpc, codec)
        self._receipts = Receipts(self._rpc, self._codec, self.events)
        self._nonces: dict[AccountId, int] = {}
        self._nonce_lock = threading.Lock()
        self._submit_lock = threading.Lock()

    @property
    def url(self) -> str:
        """The WebSocket URL."""
        return self._rpc.url

    @property
    def genesis_hash(self) -> bytes:
        """The hash of block 0."""
        return self._genesis

    def sign(self, call: Call, signer: Signer, *, nonce: int | None = None) -> SignedCall:
        """Sign a call without sending it."""
        number = self._next_nonce(signer.account) if nonce is None else nonce
        extrinsic = self._codec.signed_extrinsic(call, signer, number)
        return SignedCall(signer.account, number, extrinsic, blake2_256(extrinsic), call)

    def send(self, signed: SignedCall) -> NodeSubmission:
        """Hand a signed call to the pool."""
        try:
            watch = self._rpc.subscribe(
                "author_submitAndWatchExtrinsic",
                [as_hex(signed.extrinsic)],
                "author_unwatchExtrinsic",
            )
        except RpcRefused as error:
            self._forget_nonce(signed)
            raise TransactionRefused(error.code, error.message, error.data) from None
        with self._nonce_lock:
            known = self._nonces.get(signed.account, 0)
            self._nonces[signed.account] = max(known, signed.nonce + 1)
        return NodeSubmission(signed, watch, self._receipts.receipt, self._forget_nonce)

    def submit(self, call: Call, signer: Signer) -> NodeSubmission:
        """Sign and send."""
        with self._submit_lock:  # from choosing the nonce until the pool has it
            version = self._codec.spec_version
            signed = self.sign(call, signer)
            try:
                return self.send(signed)
            except TransactionRefused as error:
                taken = error.code in _NONCE_TAKEN
                upgraded = self._codec.spec_version != version
                used = upgraded or self._next_nonce(signer.account) != signed.nonce
                if not (taken and used):
                    raise
            # another process used the account at the same time: once more with a fresh nonce;
            # or the runtime was upgraded between signing and sending, and signatures name it
            return self.send(self.sign(call, signer))

    def execute(self, call: Call, signer: Signer, *, timeout: float = 60.0) -> Receipt:
        """Sign, send and wait for inclusion."""
        return self.submit(call, signer).wait(timeout)

    def find(self, signed: SignedCall, *, since: int) -> Receipt | None:
        """Look for a signed call in blocks."""
        number = since
        while (block := self.block_at(number)) is not None:
            receipt = self._receipts.look(signed, block.hash)
            if receipt is not None:
                return receipt
            number += 1
        return None

    def wait_until_block(self, number: int, *, timeout: float) -> BlockRef:
        """Wait until the head has this number, or seal blocks until it has."""
        end = deadline(timeout)
        while (head := self.head()).number < number:
            if self._seals:
                self._rpc.request("engine_createBlock", [True, True, None])
            elif remaining(end) > 0:
                time.sleep(min(_POLL_SECONDS, remaining(end)))
            if remaining(end) <= 0:
                raise ChainTimeout(f"block {number} (the head is {head.number})", timeout)
        return head

    def close(self) -> None:
        """Give the connection back."""
        self._rpc.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _next_nonce(self, account: AccountId) -> int:
        with self._nonce_lock:
            known = self._nonces.get(account)
        if known is not None:
            return known
        answer = self._rpc.request("system_accountNextIndex", [str(account)])
        if not isinstance(answer, int):
            raise BadChainValue(f"the next index of {account} is {answer!r}")
        return answer

    def _forget_nonce(self, signed: SignedCall) -> None:
        with self._nonce_lock:
            self._nonces.pop(signed.account, None)
