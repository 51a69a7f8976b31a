"""`state_*` and `childstate_*` that read many keys, prove what they read, or read child tries.

The runtimes that run here have no child tries: a node answers for one that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.rpc.errors import STATE_CLIENT_ERROR, RpcError
from pallet_bridge.embedded.rpc.limits import MESSAGE_BYTES, response_too_big
from pallet_bridge.embedded.rpc.params import Params
from pallet_bridge.embedded.rpc.render import hex0x
from pallet_bridge.embedded.state.proofs import read_proof

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json

_CHILD: Final = b":child_storage:default:"


def get_keys(context: Context, params: Params) -> Json:
    """Give all keys under a prefix."""
    prefix, block = params.data(), context.block(params)
    found: list[Json] = []
    room = MESSAGE_BYTES
    for key in context.service.chain.state(block).keys(prefix):
        found.append(hex0x(key))
        room -= 2 * len(key)
        if room < 0:
            raise response_too_big()
    return found


def get_pairs(context: Context, params: Params) -> Json:
    """Give all keys under a prefix, with their values."""
    prefix, block = params.data(), context.block(params)
    state = context.service.chain.state(block)
    found: list[Json] = []
    room = MESSAGE_BYTES
    for key in state.keys(prefix):
        value = state.get(key) or b""
        found.append([hex0x(key), hex0x(value)])
        room -= 2 * (len(key) + len(value))
        if room < 0:
            raise response_too_big()
    return found


def get_read_proof(context: Context, params: Params) -> Json:
    """Give the nodes of the state's trie that show what is at some keys."""
    keys, block = params.data_list(), context.block(params)
    return _proof(context, keys, block)


def get_child_read_proof(context: Context, params: Params) -> Json:
    """Give the nodes that show that there is no such child trie."""
    child = _child(params)
    params.data_list()
    return _proof(context, [child], context.block(params))


def child_keys(context: Context, params: Params) -> Json:
    """Give no keys: there is no such child trie."""
    _child(params)
    params.optional(Params.data)
    context.block(params)
    return []


def child_keys_paged(context: Context, params: Params) -> Json:
    """Give no keys: there is no such child trie."""
    _child(params)
    params.optional(Params.data)
    params.count()
    params.optional(Params.data)
    context.block(params)
    return []


def child_value(context: Context, params: Params) -> Json:
    """Give nothing: there is no such child trie."""
    _child(params)
    params.data()
    context.block(params)
    return None


def child_values(context: Context, params: Params) -> Json:
    """Give nothing for each key: there is no such child trie."""
    _child(params)
    keys = params.data_list()
    context.block(params)
    return [None for _ in keys]


def _proof(context: Context, keys: list[bytes], block: bytes) -> Json:
    nodes = read_proof(context.service.chain.state(block).trie, keys)
    return {"at": hex0x(block), "proof": [hex0x(node) for node in nodes]}


def _child(params: Params) -> bytes:
    key = params.data()
    if not key.startswith(_CHILD):
        raise RpcError(STATE_CLIENT_ERROR, "Client error: Invalid child storage key")
    return key


METHODS: Methods = {
    "state_getKeys": get_keys,
    "state_getPairs": get_pairs,
    "state_getReadProof": get_read_proof,
    "state_getChildReadProof": get_child_read_proof,
    "childstate_getKeys": child_keys,
    "childstate_getKeysPaged": child_keys_paged,
    "childstate_getKeysPagedAt": child_keys_paged,
    "childstate_getStorage": child_value,
    "childstate_getStorageEntries": child_values,
    "childstate_getStorageHash": child_value,
    "childstate_getStorageSize": child_value,
}
