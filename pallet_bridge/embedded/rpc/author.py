"""`author_*`: submitting extrinsics and looking at the pool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import DecodeError, EmbeddedError
from pallet_bridge.embedded.rpc.context import unsubscribe
from pallet_bridge.embedded.rpc.errors import (
    BAD_FORMAT,
    OTHER_AUTHOR_ERROR,
    RpcError,
    invalid_params,
    submission_error,
)
from pallet_bridge.embedded.rpc.params import as_bytes, check_length
from pallet_bridge.embedded.rpc.render import change_json, hex0x
from pallet_bridge.embedded.state.hashing import blake2_256

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.pool import Change
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.params import Params
    from pallet_bridge.embedded.rpc.render import Json


def submit_extrinsic(context: Context, params: Params) -> Json:
    """Put an extrinsic into the pool; give its hash."""
    data = params.data()
    try:
        check_length(data)
    except DecodeError as error:
        raise RpcError(OTHER_AUTHOR_ERROR, f"Client error: {error}") from error
    try:
        return hex0x(context.service.submit(data))
    except EmbeddedError as error:
        raise submission_error(error) from error


def submit_and_watch(context: Context, params: Params) -> Json:
    """Put an extrinsic into the pool and tell what happens to it."""
    data = params.data()
    try:
        check_length(data)
    except DecodeError as error:
        raise RpcError(BAD_FORMAT, f"Extrinsic has invalid format: {error}") from error
    subscriptions, hash_ = context.subscriptions, blake2_256(data)
    watch = _Watch(context)
    identifier = subscriptions.add(
        context.peer,
        "author_extrinsicUpdate",
        cancel=partial(context.service.unwatch, hash_, watch),
    )
    watch.identifier = identifier
    try:
        context.service.submit(data, watch)
    except EmbeddedError as error:
        subscriptions.close(context.peer, identifier)
        raise submission_error(error) from error
    return identifier


class _Watch:
    """Sends the changes of one extrinsic to one subscription, which ends with the last of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.identifier = ""

    def __call__(self, change: Change) -> None:
        subscriptions = self._context.subscriptions
        subscriptions.send(self.identifier, change_json(change))
        if change.is_last:
            subscriptions.close(self._context.peer, self.identifier)


def pending_extrinsics(context: Context, _params: Params) -> Json:
    """Give the ready extrinsics in the order in which a block takes them."""
    return [hex0x(transaction.data) for transaction in context.service.pool.ready()]


def remove_extrinsic(context: Context, params: Params) -> Json:
    """Take extrinsics, named by hash or bytes, out of the pool; give the hashes that left."""
    wanted = params.value()
    if not isinstance(wanted, list):
        raise invalid_params("expected a list")
    gone = context.service.remove([_named(item) for item in wanted])
    return [hex0x(extrinsic_hash) for extrinsic_hash in gone]


def _named(item: Json) -> bytes:
    match item:
        case {"hash": str(text)}:
            return as_bytes(text)
        case {"extrinsic": str(text)}:
            return blake2_256(as_bytes(text))
    raise invalid_params('expected {"hash": "0x.."} or {"extrinsic": "0x.."}')


METHODS: Methods = {
    "author_submitExtrinsic": submit_extrinsic,
    "author_submitAndWatchExtrinsic": submit_and_watch,
    "author_unwatchExtrinsic": unsubscribe,
    "author_pendingExtrinsics": pending_extrinsics,
    "author_removeExtrinsic": remove_extrinsic,
}
