"""`chainHead_v1_*`: following the head, with blocks that stay pinned until they are let go.

Every block is final at once, so each comes as new, as the best and as final, in this order. A head
that goes back, as `dev_*` lets it, ends all that follow: they are told to stop.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.rpc.context import unsubscribe
from pallet_bridge.embedded.rpc.errors import INVALID_PARAMS, RpcError
from pallet_bridge.embedded.rpc.modern.items import answers, argument, read_items, reason
from pallet_bridge.embedded.rpc.params import Params, as_hash
from pallet_bridge.embedded.rpc.render import hex0x, runtime_version_json

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.rpc.subscriptions import Subscriptions
    from pallet_bridge.embedded.service import Service

_METHOD: Final = "chainHead_v1_followEvent"
_TOO_MANY_FOLLOW, _NOT_PINNED, _NO_RUNTIME, _TWICE = -32800, -32801, -32802, -32804
_FOLLOWS: Final = 4
_SHOWN: Final = 16
_PINNED: Final = 512
_REACHED: Final[dict[str, Json]] = {"result": "limitReached"}


class Follow:
    """One client that follows the head, and the blocks that it has pinned."""

    def __init__(self, service: Service, subscriptions: Subscriptions, *, runtime: bool) -> None:
        self._service = service
        self._subscriptions = subscriptions
        self._operations = count()
        self._code: bytes | None = None
        self.runtime = runtime
        self.identifier = ""
        self.pinned: set[bytes] = set()
        self.head = b""

    def begin(self) -> None:
        """Tell of the last final blocks, and pin them."""
        chain = self._service.chain
        last = self._service.head_number
        numbers = range(max(0, last - _SHOWN + 1), last + 1)
        blocks = [block for number in numbers if (block := chain.hash_at(number)) is not None]
        self.pinned |= set(blocks)
        self.head = chain.head
        event: dict[str, Json] = {
            "event": "initialized",
            "finalizedBlockHashes": [hex0x(block) for block in blocks],
        }
        if self.runtime:
            event["finalizedBlockRuntime"] = self._new_runtime(self.head)
        self.tell(event)

    def on_head(self, block: bytes) -> Json | None:
        """Tell of a new head, or to stop when it is not the child of the one before."""
        header = self._service.chain.header(block)
        if header is None or header.parent_hash != self.head or len(self.pinned) >= _PINNED:
            self._subscriptions.end(self.identifier, {"event": "stop"})
            return None
        before, self.head = self.head, block
        self.pinned.add(block)
        new: dict[str, Json] = {
            "event": "newBlock",
            "blockHash": hex0x(block),
            "parentBlockHash": hex0x(before),
        }
        if self.runtime:
            new["newRuntime"] = self._new_runtime(block)
        self.tell(new)
        self.tell({"event": "bestBlockChanged", "bestBlockHash": hex0x(block)})
        self.tell(
            {"event": "finalized", "finalizedBlockHashes": [hex0x(block)], "prunedBlockHashes": []}
        )
        return None

    def tell(self, event: dict[str, Json]) -> None:
        """Send an event to the client."""
        self._subscriptions.send(self.identifier, event)

    def start(self) -> str:
        """Begin an operation; give its number."""
        return str(next(self._operations))

    def _new_runtime(self, block: bytes) -> Json:
        """Give the runtime of a block if it is another one than was told of last."""
        version = self._service.version(block)
        if version == self._code:
            return None
        self._code = version
        told = runtime_version_json(version)
        apis = told["apis"]
        pairs = [one for one in apis if isinstance(one, list)] if isinstance(apis, list) else []
        spec: dict[str, Json] = {
            name: told[name] for name in ("specName", "implName", "specVersion", "implVersion")
        }
        spec["apis"] = {str(name): version for name, version in pairs}
        spec["transactionVersion"] = told["transactionVersion"]
        return {"type": "valid", "spec": spec}


def follow(context: Context, params: Params) -> Json:
    """Follow the head, with or without the runtimes of blocks."""
    runtime = params.flag()
    subscriptions = context.subscriptions
    mine = [one for one in subscriptions.feeds(context.peer) if isinstance(one, Follow)]
    if len(mine) >= _FOLLOWS:
        raise RpcError(_TOO_MANY_FOLLOW, "Maximum number of chainHead_follow has been reached")
    following = Follow(context.service, subscriptions, runtime=runtime)
    following.identifier = subscriptions.add(context.peer, _METHOD, following)
    following.begin()
    return following.identifier


def header(context: Context, params: Params) -> Json:
    """Give the SCALE encoded header of a pinned block."""
    following, block = _following(context, params), params.hash()
    if following is None:
        return None
    _check_pinned(following, block)
    following.start()  # a node counts it too
    found = context.service.chain.header(block)
    return None if found is None else hex0x(found.encode())


def body(context: Context, params: Params) -> Json:
    """Tell the extrinsics of a pinned block."""
    following, block = _following(context, params), params.hash()
    if following is None:
        return dict(_REACHED)
    _check_pinned(following, block)
    found = context.service.chain.block(block)
    value: list[Json] = [hex0x(one) for one in found.extrinsics] if found is not None else []
    return _done(following, {"event": "operationBodyDone", "value": value})


def call(context: Context, params: Params) -> Json:
    """Call a function of the runtime's API on a pinned block, and tell its output."""
    following, block, method = _following(context, params), params.hash(), params.text()
    data = argument(params, INVALID_PARAMS)
    if following is None:
        return dict(_REACHED)
    _check_pinned(following, block)
    if not following.runtime:
        message = (
            "The `chainHead_follow` subscription was started with `withRuntime` set to `false`"
        )
        raise RpcError(_NO_RUNTIME, message)
    try:
        output = context.service.chain.call(method, data, block)
    except EmbeddedError as error:
        return _done(following, {"event": "operationError", "error": reason(error)})
    return _done(following, {"event": "operationCallDone", "output": hex0x(output)})


def storage(context: Context, params: Params) -> Json:
    """Tell what a client asks of the storage of a pinned block."""
    following, block = _following(context, params), params.hash()
    items, child = read_items(params.value()), params.optional(Params.data)
    if following is None or not items:
        return dict(_REACHED)
    _check_pinned(following, block)
    operation = following.start()
    state = context.service.chain.state(block)
    for item in [] if child is not None else items:
        for answer in answers(state, item):
            event: dict[str, Json] = {"event": "operationStorageItems"}
            following.tell(event | {"operationId": operation, "items": [answer]})
    following.tell({"event": "operationStorageDone", "operationId": operation})
    return {"result": "started", "operationId": operation, "discardedItems": 0}


def over_already(_context: Context, params: Params) -> Json:
    """Do nothing: an operation is over when its number is told."""
    params.text()
    params.text()
    return None


def unpin(context: Context, params: Params) -> Json:
    """Let one or several pinned blocks go."""
    following = _following(context, params)
    wanted = params.value()
    blocks = [as_hash(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    if following is None:
        return None
    if len(set(blocks)) != len(blocks):
        message = "Received duplicate hashes for the `chainHead_unpin` method"
        raise RpcError(_TWICE, message)
    for block in blocks:
        _check_pinned(following, block)
    following.pinned -= set(blocks)
    return None


def _following(context: Context, params: Params) -> Follow | None:
    found = context.subscriptions.feed(context.peer, params.text())
    return found if isinstance(found, Follow) else None


def _check_pinned(following: Follow, block: bytes) -> None:
    if block not in following.pinned:
        raise RpcError(_NOT_PINNED, "Invalid block hash")


def _done(following: Follow, event: dict[str, Json]) -> Json:
    operation = following.start()
    following.tell({"event": event.pop("event"), "operationId": operation, **event})
    return {"result": "started", "operationId": operation}


METHODS: Methods = {
    "chainHead_v1_follow": follow,
    "chainHead_v1_unfollow": unsubscribe,
    "chainHead_v1_header": header,
    "chainHead_v1_body": body,
    "chainHead_v1_call": call,
    "chainHead_v1_storage": storage,
    "chainHead_v1_continue": over_already,
    "chainHead_v1_stopOperation": over_already,
    "chainHead_v1_unpin": unpin,
}
