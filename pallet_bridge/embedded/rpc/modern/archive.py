"""`archive_v1_*`: every block that the chain has, without a subscription to its head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.errors import EmbeddedError, UnknownBlock
from pallet_bridge.embedded.rpc.context import NO_NUMBER, NO_STATE, unsubscribe
from pallet_bridge.embedded.rpc.errors import CHAIN_ERROR, RpcError, invalid_params
from pallet_bridge.embedded.rpc.modern.items import answers, argument, read_items, reason, told
from pallet_bridge.embedded.rpc.params import Params, as_bytes
from pallet_bridge.embedded.rpc.render import hex0x

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.state.storage import State

_U64: Final = 1 << 64
_U32: Final = 1 << 32


def genesis_hash(context: Context, _params: Params) -> Json:
    """Give the hash of block 0."""
    return hex0x(context.service.chain.genesis_hash)


def finalized_height(context: Context, _params: Params) -> Json:
    """Give the number of the head, which is final."""
    return context.service.head_number


def hash_by_height(context: Context, params: Params) -> Json:
    """Give the hashes of all blocks with a number: one or none."""
    wanted = params.value()
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted < _U64:
        raise invalid_params("invalid type, expected u64")
    if wanted >= _U32:
        raise RpcError(CHAIN_ERROR, f"Invalid parameter: Invalid block height: {wanted}")
    found = context.service.chain.hash_at(wanted)
    return [] if found is None else [hex0x(found)]


def header(context: Context, params: Params) -> Json:
    """Give the SCALE encoded header of a block, or null."""
    found = context.service.chain.header(params.hash())
    return None if found is None else hex0x(found.encode())


def body(context: Context, params: Params) -> Json:
    """Give the extrinsics of a block, or null."""
    found = context.service.chain.block(params.hash())
    return None if found is None else [hex0x(one) for one in found.extrinsics]


def call(context: Context, params: Params) -> Json:
    """Call a function of the runtime's API on the state of a block."""
    block, method = params.hash(), params.text()
    data = argument(params, CHAIN_ERROR)
    try:
        output = context.service.chain.call(method, data, block)
    except UnknownBlock:
        return {"success": False, "error": NO_NUMBER.format(block.hex())}
    except EmbeddedError as error:
        return {"success": False, "error": reason(error)}
    return {"success": True, "value": hex0x(output)}


def storage(context: Context, params: Params) -> Json:
    """Tell what a client asks of the storage of a block, and end."""
    block, items = params.hash(), read_items(params.value())
    child = params.optional(Params.data)

    def events() -> Iterator[dict[str, Json]]:
        state = context.service.chain.state(block)
        for item in [] if child is not None else items:
            for answer in answers(state, item):
                yield {"event": "storage", **answer}
        yield {"event": "storageDone"}

    return _told(context, "archive_v1_storageEvent", "storageError", events)


def storage_diff(context: Context, params: Params) -> Json:
    """Tell what differs between the storage of two blocks, the earlier being the parent."""
    block, wanted = params.hash(), _prefixes(params.value())
    before = params.optional(Params.hash)

    def events() -> Iterator[dict[str, Json]]:
        chain = context.service.chain
        found = chain.header(block)
        if found is None and before is None:
            short = f"0x{block[:2].hex()}…{block[-2:].hex()}"
            yield {"event": "storageDiffError", "error": f"Block header is not present: {short}"}
            return
        parent = before if found is None or before is not None else found.parent_hash
        yield from differences(chain.state(parent), chain.state(block), wanted)
        yield {"event": "storageDiffDone"}

    return _told(context, "archive_v1_storageDiffEvent", "storageDiffError", events)


def differences(
    before: State, after: State, wanted: list[tuple[bytes, bool]]
) -> Iterator[dict[str, Json]]:
    """Tell of each key that was added, modified or deleted, in order, added ones first."""
    for key in after.keys(b""):
        value, old = after.get(key) or b"", before.get(key)
        if value != old:
            for hashed in _kinds(key, wanted):
                change = "added" if old is None else "modified"
                yield {"event": "storageDiff", **told(key, value, hashed=hashed), "type": change}
    for key in before.keys(b""):
        if after.get(key) is None:
            old = before.get(key) or b""
            for hashed in _kinds(key, wanted):
                yield {"event": "storageDiff", **told(key, old, hashed=hashed), "type": "deleted"}


def _kinds(key: bytes, wanted: list[tuple[bytes, bool]]) -> tuple[bool, ...]:
    """Say how a key is told of: as its value, as its hash, or both, in this order."""
    if not wanted:
        return (False,)
    return tuple(sorted({hashed for prefix, hashed in wanted if key.startswith(prefix)}))


def _prefixes(value: Json) -> list[tuple[bytes, bool]]:
    if not isinstance(value, list):
        raise invalid_params("expected a sequence")
    return [_prefix(item) for item in value]


def _prefix(item: Json) -> tuple[bytes, bool]:
    match item:
        case {"key": key, "returnType": "value" | "hash" as kind}:
            return as_bytes(key), kind == "hash"
    raise invalid_params('an item is {"key": "0x", "returnType": "value"}, or "hash"')


def _told(
    context: Context, method: str, failed: str, events: Callable[[], Iterator[dict[str, Json]]]
) -> Json:
    subscriptions = context.subscriptions
    identifier = subscriptions.add(context.peer, method)
    try:
        for event in events():
            subscriptions.send(identifier, event)
    except UnknownBlock as error:
        where = NO_STATE.format(error.hash.hex())
        subscriptions.send(identifier, {"event": failed, "error": where})
    subscriptions.close(context.peer, identifier)
    return identifier


METHODS: Methods = {
    "archive_v1_genesisHash": genesis_hash,
    "archive_v1_finalizedHeight": finalized_height,
    "archive_v1_hashByHeight": hash_by_height,
    "archive_v1_header": header,
    "archive_v1_body": body,
    "archive_v1_call": call,
    "archive_v1_storage": storage,
    "archive_v1_stopStorage": unsubscribe,
    "archive_v1_storageDiff": storage_diff,
    "archive_v1_storageDiff_stopStorageDiff": unsubscribe,
}
