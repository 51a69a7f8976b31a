"""A `ChainClient` for anything that speaks a Substrate node's RPC: a node or the embedded chain."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from pallet_bridge.backends import decode
from pallet_bridge.backends.rpc import Rpc, deadline, remaining
from pallet_bridge.backends.submission import NodeSubmission, Receipts, block_number
from pallet_bridge.backends.substrate import Codec
from pallet_bridge.client import SignedCall
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import (
    BadChainValue,
    ChainTimeout,
    EncodingError,
    FederationNotFound,
    MetadataMismatch,
    RpcRefused,
    TransactionRefused,
)
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import AccountId, Balance, BlockRef, Planck

if TYPE_CHECKING:
    from types import TracebackType

    from pallet_bridge.backends.rpc import Json
    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import (
        Commitment,
        Event,
        Federation,
        Offence,
        Participant,
        Receipt,
        Round,
        Terms,
    )

_PAGE = 500
_POLL_SECONDS = 0.2
_ACCOUNT_BYTES = 32
# a key ends with the account's hash and the account; before them, of an offence, is the round
_ACCOUNT_TAIL = 16 + _ACCOUNT_BYTES
# the pool's codes for "nonce used already" and "another transaction has this nonce"
_NONCE_TAKEN = frozenset({1010, 1013, 1014})


class NodeClient:
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
        self._rpc = Rpc(url, timeout)
        try:
            self._genesis = _block_hash(self._rpc.request("chain_getBlockHash", [0]))
            self._codec = Codec(self._rpc)
            methods = self._rpc.request("rpc_methods")
            self._seals = "engine_createBlock" in str(
                decode.Fields("rpc_methods", methods).value("methods")
            )
        except BaseException:
            self._rpc.close()
            raise
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

    def head(self) -> BlockRef:
        """Return the newest block."""
        block = _block_hash(self._rpc.request("chain_getBlockHash"))
        header = self._rpc.request("chain_getHeader", [_hex(block)])
        return BlockRef(block_number(decode.Fields("header", header)), block)

    def block_at(self, number: int) -> BlockRef | None:
        """Return a block of the best chain by number."""
        answer = self._rpc.request("chain_getBlockHash", [number])
        return None if answer is None else BlockRef(number, _block_hash(answer))

    def federation(self, federation: int, *, at: bytes | None = None) -> Federation:
        """Return a federation; `FederationNotFound` when there is none."""
        value = self._read("Federations", [federation], at)
        if value is None:
            raise FederationNotFound(PALLET, "FederationNotFound", _no_federation(federation))
        return decode.federation(value)

    def next_federation(self, *, at: bytes | None = None) -> int:
        """Return the number that the next federation will get."""
        value = self._read("NextFederationId", [], at)
        if value is None:
            return 0
        if not isinstance(value, int):
            raise BadChainValue(f"the chain's NextFederationId is {value!r}")
        return value

    def terms(
        self, federation: int, version: int | None = None, *, at: bytes | None = None
    ) -> Terms:
        """Return a federation's terms."""
        if version is None:
            at = at or self.head().hash
            version = self.federation(federation, at=at).terms_version
        value = self._read("FederationTerms", [federation, version], at)
        if value is None:
            raise FederationNotFound(
                PALLET, "FederationNotFound", f"{_no_federation(federation)} with terms {version}"
            )
        return decode.terms(value)

    def participant(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Participant | None:
        """Return a member, None when the account has not joined."""
        value = self._read("Participants", [federation, _hex(account.raw)], at)
        return None if value is None else decode.participant(value)

    def participants(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[AccountId, Participant]:
        """Return all members."""
        found = self._read_map("Participants", [federation], at)
        pairs = [(_account(key), decode.participant(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def round(self, federation: int, round_id: int, *, at: bytes | None = None) -> Round | None:
        """Return a round, None when it was never opened."""
        value = self._read("Rounds", [federation, round_id], at)
        return None if value is None else decode.round_(value)

    def commitments(
        self, federation: int, round_id: int, *, at: bytes | None = None
    ) -> dict[AccountId, Commitment]:
        """Return a round's commitments."""
        found = self._read_map("Commitments", [federation, round_id], at)
        pairs = [(_account(key), decode.commitment(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def offences(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[tuple[int, AccountId], Offence]:
        """Return the offences that wait for their slash."""
        found = self._read_map("Offences", [federation], at)
        pairs = [((_round(key), _account(key)), decode.offence(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def balance(self, account: AccountId, *, at: bytes | None = None) -> Balance:
        """Return what an account has."""
        value = self._read("Account", [_hex(account.raw)], at, pallet="System")
        return Balance(Planck(0), Planck(0)) if value is None else decode.balance(value)

    def issuance(self, *, at: bytes | None = None) -> Planck:
        """Return the sum of all balances."""
        value = self._read("TotalIssuance", [], at, pallet="Balances")
        if not isinstance(value, int):
            raise BadChainValue(f"the chain's total issuance is {value!r}")
        return Planck(value)

    def events(self, block: bytes) -> tuple[Event, ...]:
        """Return a block's events."""
        value = self._read("Events", [], block, pallet="System")
        if value is None:
            return ()
        if not isinstance(value, list):
            raise BadChainValue("the chain's events are no list")
        return tuple(decode.event(item) for item in value)

    def nonce(self, account: AccountId, *, at: bytes | None = None) -> int:
        """Return how many transactions of an account are in blocks."""
        value = self._read("Account", [_hex(account.raw)], at, pallet="System")
        return 0 if value is None else decode.Fields("account", value).integer("nonce")

    def sign(self, call: Call, signer: Signer, *, nonce: int | None = None) -> SignedCall:
        """Sign a call without sending it."""
        number = self._next_nonce(signer.account) if nonce is None else nonce
        extrinsic = self._codec.signed_extrinsic(call, signer, number)
        return SignedCall(signer.account, number, extrinsic, blake2_256(extrinsic))

    def send(self, signed: SignedCall) -> NodeSubmission:
        """Hand a signed call to the pool."""
        try:
            watch = self._rpc.subscribe(
                "author_submitAndWatchExtrinsic",
                [_hex(signed.extrinsic)],
                "author_unwatchExtrinsic",
            )
        except RpcRefused as error:
            self._forget_nonce(signed)
            self._check_version()
            raise TransactionRefused(error.code, error.message, error.data) from None
        with self._nonce_lock:
            known = self._nonces.get(signed.account, 0)
            self._nonces[signed.account] = max(known, signed.nonce + 1)
        return NodeSubmission(signed, watch, self._receipts.receipt, self._forget_nonce)

    def submit(self, call: Call, signer: Signer) -> NodeSubmission:
        """Sign and send."""
        with self._submit_lock:  # from choosing the nonce until the pool has it
            signed = self.sign(call, signer)
            try:
                return self.send(signed)
            except TransactionRefused as error:
                taken = error.code in _NONCE_TAKEN
                if not taken or self._next_nonce(signer.account) == signed.nonce:
                    raise
            # another process used the account at the same time: once more with a fresh nonce
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

    def _read(
        self, item: str, params: list[object], at: bytes | None, *, pallet: str = PALLET
    ) -> object:
        key = self._codec.storage_key(pallet, item, params)
        data = self._rpc.request("state_getStorage", [key, *_at(at)])
        return None if data is None else self._codec.storage_value(pallet, item, str(data))

    def _read_map(
        self, item: str, params: list[object], at: bytes | None
    ) -> list[tuple[bytes, object]]:
        block = _hex(at or self.head().hash)  # one state for all pages
        prefix = self._codec.storage_key(PALLET, item, params)
        found: list[tuple[bytes, object]] = []
        start = prefix
        while True:
            keys = self._rpc.request("state_getKeysPaged", [prefix, _PAGE, start, block])
            if not isinstance(keys, list):
                raise BadChainValue(f"the keys of {item} are no list")
            if keys:
                found.extend(self._values(item, self._changes(keys, block)))
            if len(keys) < _PAGE:
                return found
            start = str(keys[-1])

    def _changes(self, keys: list[Json], block: str) -> list[Json]:
        answer = self._rpc.request("state_queryStorageAt", [keys, block])
        if not isinstance(answer, list):
            raise BadChainValue("the answer to state_queryStorageAt is no list")
        changes: list[Json] = []
        for group in answer:
            part = decode.Fields("storage change", group).value("changes")
            changes.extend(part if isinstance(part, list) else [])
        return changes

    def _values(self, item: str, changes: list[Json]) -> list[tuple[bytes, object]]:
        try:
            pairs = [(bytes.fromhex(key.removeprefix("0x")), str(data)) for key, data in changes]
        except (ValueError, TypeError, AttributeError) as error:
            raise BadChainValue(f"the entries of {item} cannot be read: {error}") from error
        return [(key, self._codec.storage_value(PALLET, item, data)) for key, data in pairs]

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

    def _check_version(self) -> None:
        answer = self._rpc.request("state_getRuntimeVersion")
        now = decode.Fields("runtime version", answer).integer("specVersion")
        then = self._codec.spec_version
        if now != then:
            change = f"its runtime went from version {then} to {now} since this client connected"
            raise MetadataMismatch(self.url, [change])


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


def _at(block: bytes | None) -> list[str]:
    return [] if block is None else [_hex(block)]


def _block_hash(answer: Json) -> bytes:
    try:
        return decode.read_hash(answer)
    except EncodingError as error:
        raise BadChainValue(f"the hash of a block is {answer!r}") from error


def _account(key: bytes) -> AccountId:
    return AccountId(key[-_ACCOUNT_BYTES:])


def _round(key: bytes) -> int:
    return int.from_bytes(key[-_ACCOUNT_TAIL - 4 : -_ACCOUNT_TAIL], "little")


def _no_federation(federation: int) -> str:
    return f"the chain has no federation {federation}"
