"""`transactionWatch_v1_*` and `transaction_v1_*`: extrinsics, watched or only sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.errors import (
    AlreadyImported,
    EmbeddedError,
    InvalidExtrinsic,
    RuntimePanic,
    TemporarilyBanned,
)
from pallet_bridge.embedded.rpc.context import unsubscribe
from pallet_bridge.embedded.rpc.errors import INVALID_PARAMS, RpcError
from pallet_bridge.embedded.rpc.render import hex0x
from pallet_bridge.embedded.state.hashing import blake2_256

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.pool import Change
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.params import Params
    from pallet_bridge.embedded.rpc.render import Json

_METHOD: Final = "transactionWatch_v1_watchEvent"
_BROADCASTS: Final = 16
_ENDS: Final = {
    "usurped": ("invalid", "Extrinsic was rendered obsolete by another"),
    "dropped": ("dropped", "Extrinsic dropped from the pool due to exceeding limits"),
    "invalid": ("invalid", "Extrinsic marked as invalid"),
}


def submit_and_watch(context: Context, params: Params) -> Json:
    """Put an extrinsic into the pool and tell what becomes of it; a refusal is told too."""
    data = params.data()
    watch = _Watch(context, data)
    subscriptions = context.subscriptions
    watch.identifier = subscriptions.add(
        context.peer,
        _METHOD,
        cancel=partial(context.service.unwatch, blake2_256(data), watch),
    )
    try:
        context.service.submit(data, watch)
    except EmbeddedError as error:
        subscriptions.end(watch.identifier, {"event": "invalid", "error": _refused(error)})
    return watch.identifier


class _Watch:
    """Tells the changes of one extrinsic to one subscription, which ends with the last of them."""

    def __init__(self, context: Context, data: bytes) -> None:
        self._context = context
        self._data = data
        self._is_validated = False
        self.identifier = ""

    def __call__(self, change: Change) -> None:
        event = self._event(change)
        if event is None:
            return
        if change.is_last:
            self._context.subscriptions.end(self.identifier, event)
        else:
            self._context.subscriptions.send(self.identifier, event)

    def _event(self, change: Change) -> dict[str, Json] | None:
        match change.status.value:
            case "future" | "ready":
                first, self._is_validated = not self._is_validated, True
                return {"event": "validated"} if first else None
            case "inBlock":
                return {"event": "bestChainBlockIncluded", "block": self._place(change)}
            case "finalized":
                return {"event": "finalized", "block": self._place(change)}
            case "retracted":
                return {"event": "bestChainBlockIncluded", "block": None}
            case ended:
                name, why = _ENDS[ended]
                return {"event": name, "error": why}

    def _place(self, change: Change) -> Json:
        hash_ = change.subject or b""
        block = self._context.service.chain.block(hash_)
        index = 0 if block is None else block.extrinsics.index(self._data)
        return {"hash": hex0x(hash_), "index": index}


class _Broadcast:
    """An extrinsic that is put into the pool again with each block until one has it."""

    def __init__(self, context: Context, data: bytes) -> None:
        self._context = context
        self._data = data

    def on_head(self, _block: bytes) -> Json | None:
        """Try once more; there is nothing to tell."""
        try:
            self._context.service.submit(self._data)
        except EmbeddedError:
            return None
        return None


def broadcast(context: Context, params: Params) -> Json:
    """Send an extrinsic until it is stopped; give what to stop it by, or null: too many."""
    sent = _Broadcast(context, params.data())
    subscriptions = context.subscriptions
    mine = [one for one in subscriptions.feeds(context.peer) if isinstance(one, _Broadcast)]
    if len(mine) >= _BROADCASTS:
        return None
    identifier = subscriptions.add(context.peer, "", sent)
    sent.on_head(b"")
    return identifier


def stop(context: Context, params: Params) -> Json:
    """Send an extrinsic no more."""
    identifier = params.text()
    subscriptions = context.subscriptions
    if not isinstance(subscriptions.feed(context.peer, identifier), _Broadcast):
        raise RpcError(INVALID_PARAMS, "Invalid operation id")
    subscriptions.close(context.peer, identifier)
    return None


def _refused(error: EmbeddedError) -> str:
    match error:
        case InvalidExtrinsic():
            return f"Invalid transaction: {error.text}"
        case AlreadyImported() | TemporarilyBanned():
            return "Transaction is already imported"
        case RuntimePanic():
            return f"Verification error: Runtime error: Execution failed: {error.message}"
        case _:
            return str(error)


METHODS: Methods = {
    "transactionWatch_v1_submitAndWatch": submit_and_watch,
    "transactionWatch_v1_unwatch": unsubscribe,
    "transaction_v1_broadcast": broadcast,
    "transaction_v1_stop": stop,
}
