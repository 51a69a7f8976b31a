"""What becomes of a transaction: from the pool's notifications to a receipt."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.client import decode, expected
from pallet_bridge.client.fields import Fields, read_hash
from pallet_bridge.client.rpc import deadline, remaining
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import (
    BadChainValue,
    CallFailed,
    ChainTimeout,
    EncodingError,
    TransactionLost,
)
from pallet_bridge.errors.by_name import call_failed
from pallet_bridge.types.base import Planck
from pallet_bridge.types.events import BlockRef, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pallet_bridge.client.codec import Codec
    from pallet_bridge.client.protocol import SignedCall
    from pallet_bridge.client.rpc import RawJson, RpcClient, Subscription
    from pallet_bridge.types.events import Event

_LOST = frozenset({"dropped", "invalid", "usurped", "finalityTimeout"})


class NodeSubmission:
    """A transaction that the pool watches for us; see `pallet_bridge.client.Submission`.

    Parameters
    ----------
    signed
        What was sent.
    watch
        The pool's notifications.
    receipt_in
        Gives the receipt in a block, which the pool said to be final or not.
    on_lost
        Called when the pool let the transaction go.
    excuse
        Says why a chain includes nothing now, where it says so itself.
    """

    def __init__(
        self,
        signed: SignedCall,
        watch: Subscription,
        receipt_in: Callable[[SignedCall, bytes, bool], Receipt],
        on_lost: Callable[[SignedCall], None],
        excuse: Callable[[str, float], ChainTimeout | None],
    ) -> None:
        self._signed = signed
        self._watch = watch
        self._receipt_in = receipt_in
        self._on_lost = on_lost
        self._excuse = excuse
        self._lock = threading.Lock()
        self._included: bytes | None = None
        self._finalized: bytes | None = None

    @property
    def signed(self) -> SignedCall:
        """What was sent."""
        return self._signed

    def wait(self, timeout: float, *, finalized: bool = False) -> Receipt:
        """Wait for a block; see `pallet_bridge.client.Submission.wait`."""
        end = deadline(timeout)
        with self._lock:
            while (block := self._finalized if finalized else self._included) is None:
                try:
                    status = self._watch.next(remaining(end))
                except ChainTimeout:
                    wanted = "finalized" if finalized else "included"
                    what = f"transaction 0x{self._signed.hash.hex()} being {wanted}"
                    excuse = self._excuse(what, timeout)
                    raise excuse or ChainTimeout(what, timeout) from None
                self._take(status)
            if self._finalized is not None:
                self._watch.close()
        return self._receipt_in(self._signed, block, finalized)

    def _take(self, status: RawJson) -> None:
        name, content = _status(status)
        if name == "inBlock":
            self._included = _block(content)
        elif name == "finalized":
            self._included = self._finalized = _block(content)
        elif name == "retracted":
            self._included = None
        elif name in _LOST:
            self._watch.close()
            self._on_lost(self._signed)
            raise TransactionLost(self._signed.hash, name)


@dataclass(slots=True)
class _Seen:
    """A block as far as receipts need it; `events` are None until one of them is wanted."""

    number: int
    places: Mapping[bytes, int]
    events: Mapping[int, tuple[Event, ...]] | None = None


class Receipts:
    """Builds receipts from blocks.

    Parameters
    ----------
    remembers
        Whether a block that was read for one receipt serves the next one too: many calls share it.
    check_body
        Refuses extrinsics that are not those of a block.
    """

    def __init__(
        self,
        rpc: RpcClient,
        codec: Codec,
        events_of: Callable[[bytes], tuple[Event, ...]],
        *,
        remembers: bool = False,
        check_body: Callable[[bytes, Sequence[bytes]], None] | None = None,
    ) -> None:
        self._rpc = rpc
        self._remembers = remembers
        self._codec = codec
        self._events_of = events_of
        self._check_body = check_body
        self._last: tuple[bytes, _Seen] | None = None

    def receipt(self, signed: SignedCall, block: bytes) -> Receipt:
        """Return the receipt of a call that is in this block.

        Raises
        ------
        CallFailed
            When the call, or a call inside it, failed there.
        BadChainValue
            When it is not in this block, or without the events that it must have there.
        """
        found = self.look(signed, block)
        if found is None:
            raise BadChainValue(
                f"transaction 0x{signed.hash.hex()} is not in block 0x{block.hex()}, "
                "although the node said so"
            )
        return found

    def look(self, signed: SignedCall, block: bytes) -> Receipt | None:
        """Return the receipt when the call is in this block."""
        seen = self._seen(block)
        index = seen.places.get(signed.hash)
        if index is None:
            return None
        events = self._events(block, seen).get(index, ())
        failure = self._failure(events)
        if failure is not None:
            failure.block = (seen.number, block)
            raise failure
        self._check(signed, block, events)
        return Receipt(BlockRef(seen.number, block), signed.hash, index, _fee(events), events)

    def _seen(self, block: bytes) -> _Seen:
        """Read a block, or give the one that was read last where it is remembered."""
        last = self._last
        if self._remembers and last is not None and last[0] == block:
            return last[1]
        answer = self._rpc.request("chain_getBlock", ["0x" + block.hex()])
        content = Fields("answer to chain_getBlock", answer).struct("block")
        number = decode.block_number(content.struct("header"))
        body = _extrinsics(content.value("extrinsics"))
        if self._check_body is not None:
            self._check_body(block, body)
        seen = _Seen(number, _places(body))
        self._last = (block, seen)
        return seen

    def _events(self, block: bytes, seen: _Seen) -> Mapping[int, tuple[Event, ...]]:
        """Read a block's events by the extrinsic that raised them."""
        if seen.events is None:
            events: dict[int, tuple[Event, ...]] = {}
            for event in self._events_of(block):
                if event.extrinsic is not None:
                    events[event.extrinsic] = (*events.get(event.extrinsic, ()), event)
            seen.events = events
        return seen.events

    def _check(self, signed: SignedCall, block: bytes, events: tuple[Event, ...]) -> None:
        """Refuse events that a successful call of this account cannot have left so."""
        names = [event.name for event in events if event.pallet == "System"]
        lacks = expected.missing(signed.call, signed.account, events)
        if names.count("ExtrinsicSuccess") != 1:
            lacks = "System.ExtrinsicSuccess"
        if lacks is not None:
            raise BadChainValue(
                f"transaction 0x{signed.hash.hex()} ({signed.call.pallet}.{signed.call.function}) "
                f"is in block 0x{block.hex()}, and {self._rpc.url} does not show the event that "
                f"it must have there: {lacks}. Do not send the call again before a node that "
                "you trust has said what became of it"
            )

    def _failure(self, events: tuple[Event, ...]) -> CallFailed | None:
        """Return why the call failed, or one inside it, which the outer one survives."""
        for event in events:
            if (event.pallet, event.name) == ("System", "ExtrinsicFailed"):
                return self._error(event.fields.get("dispatch_error"))
        for event in events:
            inner = decode.failed_inside(event)
            if inner is not None:
                return self._error(inner, f"{event.pallet}.{event.name}")
        return None

    def _error(self, value: object, inside: str = "") -> CallFailed:
        error = decode.dispatch_error(value)
        if isinstance(error, tuple):
            return call_failed(*self._codec.module_error(*error), inside)
        return CallFailed(error.pallet, error.name, error.docs, inside) if inside else error


def _status(status: RawJson) -> tuple[str, object]:
    if isinstance(status, str):
        return status, None
    if isinstance(status, dict) and len(status) == 1:
        name, content = next(iter(status.items()))
        return str(name), content
    raise BadChainValue(f"the pool said {status!r} of a transaction")


def _block(content: object) -> bytes:
    try:
        return read_hash(content)
    except EncodingError as error:
        raise BadChainValue(f"the pool named the block {content!r}") from error


def _extrinsics(shown: object) -> list[bytes]:
    """Read a block's extrinsics."""
    if not isinstance(shown, list):
        raise BadChainValue("the answer to chain_getBlock has no list of extrinsics")
    found: list[bytes] = []
    for index, text in enumerate(shown):
        try:
            found.append(bytes.fromhex(str(text).removeprefix("0x")))
        except ValueError as error:
            raise BadChainValue(f"extrinsic {index} of a block is no hex") from error
    return found


def _places(extrinsics: Sequence[bytes]) -> dict[bytes, int]:
    """Return where each extrinsic of a block stands, by its hash."""
    places: dict[bytes, int] = {}
    for index, raw in enumerate(extrinsics):
        places.setdefault(blake2_256(raw), index)
    return places


def _fee(events: tuple[Event, ...]) -> Planck:
    for event in events:
        if (event.pallet, event.name) == ("TransactionPayment", "TransactionFeePaid"):
            try:
                return Planck(event.integer("actual_fee"))
            except EncodingError as error:
                raise BadChainValue(str(error)) from error
    return Planck(0)
