"""`state_*`: storage, runtime calls, metadata and versions at any block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.rpc import limits
from pallet_bridge.embedded.rpc.context import NO_NUMBER, NO_RUNTIME, NO_STATE, unsubscribe
from pallet_bridge.embedded.rpc.errors import BLOCK_RANGE_ERROR, PAGE_ERROR, RpcError
from pallet_bridge.embedded.rpc.params import Params
from pallet_bridge.embedded.rpc.render import hex0x, runtime_version_json
from pallet_bridge.embedded.rpc.subscriptions import StorageFeed, VersionFeed
from pallet_bridge.embedded.state.hashing import blake2_256

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json

_MAX_PAGE = 1000
_PAGE = 1000


def get_storage(context: Context, params: Params) -> Json:
    """Give the value of a key, or null."""
    key, block = params.data(), context.block(params)
    value = context.service.chain.get(key, block)
    return None if value is None else hex0x(value)


def get_storage_hash(context: Context, params: Params) -> Json:
    """Give the BLAKE2-256 hash of a value, or null."""
    key, block = params.data(), context.block(params)
    value = context.service.chain.get(key, block)
    return None if value is None else hex0x(blake2_256(value))


def get_storage_size(context: Context, params: Params) -> Json:
    """Give the bytes of a value, or of all values under a prefix; null for nothing."""
    key, block = params.data(), context.block(params)
    chain = context.service.chain
    value = chain.get(key, block)
    if value is not None:
        return len(value)
    total, start = 0, None
    while page := chain.keys(key, count=_PAGE, start=start, at=block):
        total += sum(len(chain.get(item, block) or b"") for item in page)
        start = page[-1]
    return total or None


def get_keys_paged(context: Context, params: Params) -> Json:
    """Give at most 1000 keys under a prefix, after a start key."""
    prefix, count = params.optional(Params.data), params.count()
    start = params.optional(Params.data)
    if count > _MAX_PAGE:
        message = f"count exceeds maximum value. value: {count}, max: {_MAX_PAGE}"
        raise RpcError(PAGE_ERROR, message)
    block = context.block(params)
    found = context.service.chain.keys(prefix or b"", count=count, start=start, at=block)
    return [hex0x(key) for key in found]


def query_storage_at(context: Context, params: Params) -> Json:
    """Give the values of some keys at one block, as one change set."""
    keys = params.data_list()
    block = params.optional(Params.hash) or context.service.chain.head
    return _change_sets(context, keys, _range(context, block, block))


def query_storage(context: Context, params: Params) -> Json:
    """Give the change sets of some keys over a range of blocks."""
    keys, first = params.data_list(), params.hash()
    last = params.optional(Params.hash) or context.service.chain.head
    return _change_sets(context, keys, _range(context, first, last))


def _change_sets(context: Context, keys: list[bytes], blocks: list[bytes]) -> Json:
    reads = len(keys) * len(blocks)
    if reads > limits.LOOK_UPS:
        raise limits.too_many_look_ups(reads)
    feed = StorageFeed(context.service, keys)
    sets = [feed.on_head(block) for block in blocks]
    return [changes for changes in sets if changes is not None]


def _range(context: Context, first: bytes, last: bytes) -> list[bytes]:
    """Give the blocks from `first` to `last`, which must be on the chain in this order."""
    where = f"""Cannot resolve a block range ['"0x{first.hex()}"' ... '"Some(0x{last.hex()})"]. """
    chain = context.service.chain
    numbers = []
    for block in (first, last):
        header = chain.header(block)
        if header is None or chain.hash_at(header.number) != block:
            raise RpcError(BLOCK_RANGE_ERROR, where + NO_STATE.format(block.hex()))
        numbers.append(header.number)
    if numbers[0] > numbers[1]:
        raise RpcError(BLOCK_RANGE_ERROR, where + "from number > to number")
    found = (chain.hash_at(number) for number in range(numbers[0], numbers[1] + 1))
    return [block for block in found if block is not None]


def call(context: Context, params: Params) -> Json:
    """Call a function of the runtime's API; changes to the state are thrown away."""
    method, data, block = params.text(), params.data(), context.block(params, NO_NUMBER)
    return hex0x(context.service.chain.call(method, data, block))


def get_metadata(context: Context, params: Params) -> Json:
    """Give the metadata that the runtime of a block has."""
    return hex0x(context.service.metadata(context.block(params, NO_RUNTIME)))


def get_runtime_version(context: Context, params: Params) -> Json:
    """Give the version of the runtime of a block."""
    return runtime_version_json(context.service.version(context.block(params, NO_RUNTIME)))


def subscribe_storage(context: Context, params: Params) -> Json:
    """Tell the values of some keys now and whenever one changes."""
    keys = params.data_list()
    return context.subscribe("state_storage", StorageFeed(context.service, keys))


def subscribe_runtime_version(context: Context, _params: Params) -> Json:
    """Tell the runtime version now and whenever it changes."""
    return context.subscribe("state_runtimeVersion", VersionFeed(context.service))


METHODS: Methods = {
    "state_call": call,
    "state_callAt": call,
    "state_getStorage": get_storage,
    "state_getStorageAt": get_storage,
    "state_getStorageHash": get_storage_hash,
    "state_getStorageHashAt": get_storage_hash,
    "state_getStorageSize": get_storage_size,
    "state_getStorageSizeAt": get_storage_size,
    "state_getKeysPaged": get_keys_paged,
    "state_getKeysPagedAt": get_keys_paged,
    "state_queryStorage": query_storage,
    "state_queryStorageAt": query_storage_at,
    "state_getMetadata": get_metadata,
    "state_getRuntimeVersion": get_runtime_version,
    "chain_getRuntimeVersion": get_runtime_version,
    "state_subscribeStorage": subscribe_storage,
    "state_unsubscribeStorage": unsubscribe,
    "state_subscribeRuntimeVersion": subscribe_runtime_version,
    "state_unsubscribeRuntimeVersion": unsubscribe,
    "chain_subscribeRuntimeVersion": subscribe_runtime_version,
    "chain_unsubscribeRuntimeVersion": unsubscribe,
}
