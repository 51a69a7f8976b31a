"""A `ChainClient` for anything that speaks a Substrate node's RPC: a node or the embedded chain."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from pallet_bridge.client import decode
from pallet_bridge.client.codec import Codec
from pallet_bridge.client.eras import ENDING_BLOCKS, ends_account, period_of
from pallet_bridge.client.fields import Fields
from pallet_bridge.client.protocol import ERA_BLOCKS, Era, SignedCall
from pallet_bridge.client.rpc import RpcClient, deadline, remaining
from pallet_bridge.client.state import StateReader, block_hash
from pallet_bridge.client.submission import NodeSubmission, Receipts
from pallet_bridge.client.substrate.stored import as_hex
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import (
    AccountInUse,
    BadChainValue,
    BcflError,
    ChainTimeout,
    RpcRefused,
    TransactionRefused,
)
from pallet_bridge.errors.scopes import KeyRestricted, is_out_of_scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pallet_bridge.calls import Call
    from pallet_bridge.client.rpc import RawJson
    from pallet_bridge.keys import Signer
    from pallet_bridge.types.base import AccountId, Planck
    from pallet_bridge.types.events import BlockRef, Receipt

_POLL_SECONDS = 0.2
_SEALING_SECONDS = 60.0
_ACCOUNT_BYTES = 32
_NO_SIGNATURE = bytes(64)
# a key ends with the account's hash and the account; before them, of an offence, is the round
_ACCOUNT_TAIL = 16 + _ACCOUNT_BYTES
_TOGETHER = 256  # calls that wait for blocks at a time: far fewer than a pool and a node allow
# the pool's codes for "nonce used already" and "another transaction has this nonce"
_NONCE_TAKEN = frozenset({1010, 1013, 1014})


class _Next(NamedTuple):
    """The next nonce of an account, for as long as the call before it can still be included.

    And as long as the connection holds that it was sent over: a node that comes back may have lost
    its pool, and what is signed for a later nonce would wait for ever.
    """

    nonce: int
    last: int | None
    connection: int


class _Sealing(NamedTuple):
    """Whether blocks can be sealed on a connection: another one may lead to another node."""

    offered: bool
    connection: int


def _asked(rpc: RpcClient) -> _Sealing:
    methods = Fields("rpc_methods", rpc.request("rpc_methods")).value("methods")
    return _Sealing("engine_createBlock" in str(methods), rpc.connections)


class NodeClient(StateReader):
    """See `pallet_bridge.client.ChainClient`.

    Parameters
    ----------
    url
        ``ws://HOST:PORT`` or ``wss://HOST``.
    timeout
        Seconds that connecting, and each answer of the node, may take.
    era_blocks
        For how many blocks a signed call can be included. The largest power of two counts that is
        no larger than this, nor than the number of block hashes that the chain remembers.

    Raises
    ------
    ChainUnavailable
        When nothing answers there.
    MetadataMismatch
        When the chain there does not carry our pallet.
    """

    def __init__(self, url: str, *, timeout: float = 30.0, era_blocks: int = ERA_BLOCKS) -> None:
        rpc = RpcClient(url, timeout)
        try:
            self._genesis = block_hash(rpc.request("chain_getBlockHash", [0]))
            codec = Codec(rpc)
            self._sealing = _asked(rpc)
        except BaseException:
            rpc.close()
            raise
        super().__init__(rpc, codec)
        self._receipts = Receipts(self._rpc, self._codec, self.events)
        remembered = codec.constant("System", "BlockHashCount")
        self._period = period_of(era_blocks, remembered)
        self._nonces: dict[AccountId, _Next] = {}
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
        period = min(self._period, ENDING_BLOCKS) if ends_account(call) else self._period
        birth = self._birth(period)
        number = self._next_nonce(signer.account, birth.number) if nonce is None else nonce
        era = Era(period, birth)
        extrinsic = self._codec.signed_extrinsic(call, signer.account, number, era, signer.sign)
        return SignedCall(signer.account, number, extrinsic, blake2_256(extrinsic), call, era)

    def fee(self, call: Call, account: AccountId) -> Planck:
        """Return what a call costs who sends it; nothing that could be included is made for it."""
        era = Era(self._period, self._birth(self._period))
        nonce = self._ask_nonce(account)  # the fee is by the length, and the nonce has its own
        unsigned = self._codec.signed_extrinsic(call, account, nonce, era, lambda _: _NO_SIGNATURE)
        argument = as_hex(unsigned + len(unsigned).to_bytes(4, "little"))
        answer = self._rpc.request("state_call", ["TransactionPaymentApi_query_info", argument])
        return decode.partial_fee(answer)

    def send(self, signed: SignedCall) -> NodeSubmission:
        """Hand a signed call to the pool."""
        connection = self._rpc.connections
        try:
            watch = self._rpc.subscribe(
                "author_submitAndWatchExtrinsic",
                [as_hex(signed.extrinsic)],
                "author_unwatchExtrinsic",
            )
        except RpcRefused as error:
            self._forget_nonce(signed)
            raise self._refusal(error, signed) from None
        with self._nonce_lock:
            known = self._nonces.get(signed.account)
            if known is None or known.nonce <= signed.nonce:
                last = None if signed.era is None else signed.era.last
                self._nonces[signed.account] = _Next(signed.nonce + 1, last, connection)
        return NodeSubmission(
            signed, watch, self._receipt_in, self._forget_nonce, self._migrations.excuse
        )

    def submit(self, call: Call, signer: Signer) -> NodeSubmission:
        """Sign and send.

        Raises
        ------
        AccountInUse
            When the call can end the account, and the chain would still take older bytes of it.
        """
        if ends_account(call):
            self._outlive_eras(signer.account)
        with self._submit_lock:  # from choosing the nonce until the pool has it
            version = self._codec.spec_version
            signed = self.sign(call, signer)
            try:
                return self.send(signed)
            except TransactionRefused as error:
                taken = error.code in _NONCE_TAKEN
                upgraded = self._codec.spec_version != version
                used = upgraded or self._ask_nonce(signer.account) != signed.nonce
                if not (taken and used):
                    raise
            # another process used the account at the same time: once more with a fresh nonce;
            # or the runtime was upgraded between signing and sending, and signatures name it
            return self.send(self.sign(call, signer))

    def execute(self, call: Call, signer: Signer, *, timeout: float = 60.0) -> Receipt:
        """Sign, send and wait for inclusion."""
        receipt = self.submit(call, signer).wait(timeout)
        self._latest = receipt.block
        return receipt

    def execute_all(
        self, wanted: Sequence[tuple[Call, Signer]], *, timeout: float = 60.0
    ) -> list[Receipt]:
        """Sign and send many calls, and wait for all; they share blocks."""
        receipts: list[Receipt] = []
        for start in range(0, len(wanted), _TOGETHER):
            with self._submit_lock:
                sent = self._send_all(wanted[start : start + _TOGETHER])
            end = deadline(timeout)
            results = [_result(submission, end) for submission in sent]
            for result in results:
                if isinstance(result, BcflError):
                    raise result
                receipts.append(result)
        return receipts

    def _send_all(
        self, wanted: Sequence[tuple[Call, Signer]]
    ) -> list[NodeSubmission | TransactionRefused]:
        """Hand calls to the pool without waiting for one another's answers."""
        accounts = list(dict.fromkeys(signer.account for _, signer in wanted))
        answers = self._rpc.request_all(
            "system_accountNextIndex", [[str(account)] for account in accounts]
        )
        nonces = {
            account: _index_of(account, answer)
            for account, answer in zip(accounts, answers, strict=True)
        }
        era = Era(self._period, self._birth(self._period))
        signed: list[SignedCall] = []
        for call, signer in wanted:
            nonce = nonces[signer.account]
            nonces[signer.account] = nonce + 1
            extrinsic = self._codec.signed_extrinsic(call, signer.account, nonce, era, signer.sign)
            hash_ = blake2_256(extrinsic)
            signed.append(SignedCall(signer.account, nonce, extrinsic, hash_, call, era))
        watches = self._rpc.subscribe_all(
            "author_submitAndWatchExtrinsic",
            [[as_hex(one.extrinsic)] for one in signed],
            "author_unwatchExtrinsic",
        )
        with self._nonce_lock:
            for account in accounts:
                self._nonces.pop(account, None)
        receipts = Receipts(self._rpc, self._codec, self.events, remembers=True)

        def receipt_in(one: SignedCall, block: bytes, _final: bool) -> Receipt:  # noqa: FBT001
            return receipts.receipt(one, block)

        return [
            self._refusal(watch, one)
            if isinstance(watch, RpcRefused)
            else NodeSubmission(one, watch, receipt_in, self._forget_nonce, self._migrations.excuse)
            for one, watch in zip(signed, watches, strict=True)
        ]

    def _refusal(self, error: RpcRefused, signed: SignedCall) -> TransactionRefused:
        refused = TransactionRefused(error.code, error.message, error.data)
        if not is_out_of_scope(refused):
            return refused
        scope = self.stored("KeyScopes", "Scopes", as_hex(signed.account.raw))
        call = f"{signed.call.pallet}.{signed.call.function}"
        named = str(scope).lower() if scope is not None else ""
        return KeyRestricted(refused, str(signed.account), call, named)

    def _receipt_in(self, signed: SignedCall, block: bytes, final: bool) -> Receipt:  # noqa: ARG002, FBT001 - those who prove look at it
        return self._receipts.receipt(signed, block)

    def find(self, signed: SignedCall, *, since: int, until: int | None = None) -> Receipt | None:
        """Look for a signed call in blocks."""
        number = since
        while until is None or number <= until:
            block = self.block_at(number)
            if block is None:
                return None
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

    @property
    def _seals(self) -> bool:
        if self._sealing.connection != self._rpc.connections:
            self._sealing = _asked(self._rpc)
        return self._sealing.offered

    def _birth(self, period: int) -> BlockRef:
        """Return the block that a signature names: a final one, unless finality lags far behind."""
        final = self.finalized()
        if self._seals:  # whoever seals by hand makes final blocks
            return final
        head = self.head()
        oldest = head.number - period // 2
        recent = self.block_at(oldest) if final.number < oldest else None
        return final if recent is None else recent

    def _outlive_eras(self, account: AccountId) -> None:
        """Let the eras end of all that the account has in blocks.

        An account that comes back may get to a nonce that it had, so bytes of its first life that
        are still in their era could be included once more. A runtime of before spec_version 3 lets
        it count from 0 again; a later one from a number that grows with the chain.
        """
        head = self.head()
        before = self.block_at(max(head.number - self._period, 0))
        past = None if before is None else self.nonce(account, at=before.hash)
        if self._ask_nonce(account) in (0, past):  # it counts what waits in the pool
            return
        until = head.number + self._period
        if not self._seals:
            raise AccountInUse(str(account), until)
        self.wait_until_block(until, timeout=_SEALING_SECONDS)

    def _next_nonce(self, account: AccountId, now: int) -> int:
        with self._nonce_lock:
            known = self._nonces.get(account)
            # else what was sent last has come into a block by now, or never will
            is_open = known is not None and (known.last is None or now < known.last)
            if known is not None and is_open and known.connection == self._rpc.connections:
                return known.nonce
            self._nonces.pop(account, None)
        return self._ask_nonce(account)

    def _ask_nonce(self, account: AccountId) -> int:
        return _index_of(account, self._rpc.request("system_accountNextIndex", [str(account)]))

    def _forget_nonce(self, signed: SignedCall) -> None:
        with self._nonce_lock:
            self._nonces.pop(signed.account, None)


def _index_of(account: AccountId, answer: RawJson) -> int:
    if not isinstance(answer, int):
        raise BadChainValue(f"the next index of {account} is {answer!r}")
    return answer


def _result(submission: NodeSubmission | TransactionRefused, end: float) -> Receipt | BcflError:
    if isinstance(submission, TransactionRefused):
        return submission
    try:
        return submission.wait(remaining(end))
    except BcflError as error:
        return error
