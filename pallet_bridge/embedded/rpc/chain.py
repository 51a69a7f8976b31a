"""`chain_*`: headers, blocks and heads. Every head is final at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.rpc import limits
from pallet_bridge.embedded.rpc.context import unsubscribe
from pallet_bridge.embedded.rpc.errors import CHAIN_ERROR, RpcError, invalid_params
from pallet_bridge.embedded.rpc.params import Params, as_bytes
from pallet_bridge.embedded.rpc.render import block_json, header_json, hex0x
from pallet_bridge.embedded.rpc.subscriptions import HeadFeed

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Method, Methods
    from pallet_bridge.embedded.rpc.render import Json

_MAX_NUMBER = (1 << 32) - 1
_U64 = 1 << 64


def get_header(context: Context, params: Params) -> Json:
    """Give the header of a block, of the head by default; null for an unknown one."""
    block = params.optional(Params.hash) or context.service.chain.head
    header = context.service.chain.header(block)
    return None if header is None else header_json(header)


def get_block(context: Context, params: Params) -> Json:
    """Give a block, the head by default; null for an unknown one."""
    hash_ = params.optional(Params.hash) or context.service.chain.head
    block = context.service.chain.block(hash_)
    return None if block is None else block_json(block)


def get_block_hash(context: Context, params: Params) -> Json:
    """Give the hash of a block number, of each in a list of numbers, or of the head."""
    wanted = params.optional(Params.value)
    if wanted is None:
        return hex0x(context.service.chain.head)
    if isinstance(wanted, list):
        if len(wanted) > limits.LOOK_UPS:
            raise limits.too_many_look_ups(len(wanted))
        return [_hash_at(context, item) for item in wanted]
    return _hash_at(context, wanted)


def get_finalized_head(context: Context, _params: Params) -> Json:
    """Give the hash of the head."""
    return hex0x(context.service.chain.head)


def _hash_at(context: Context, wanted: Json) -> Json:
    number = _number(wanted)
    if number > _MAX_NUMBER:
        message = f"`Number({number})` > u32::MAX, the max block number is u32."
        raise RpcError(CHAIN_ERROR, message)
    found = context.service.chain.hash_at(number)
    return None if found is None else hex0x(found)


def _number(wanted: Json) -> int:
    refusal = invalid_params("data did not match any variant of untagged enum ListOrValue")
    if isinstance(wanted, str):
        try:
            return int.from_bytes(as_bytes(wanted), "big")
        except RpcError as error:
            raise refusal from error
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted < _U64:
        raise refusal
    return wanted


def _subscription(notification: str) -> Method:
    def subscribe(context: Context, _params: Params) -> Json:
        return context.subscribe(notification, HeadFeed(context.service))

    return subscribe


METHODS: Methods = {
    "chain_getHeader": get_header,
    "chain_getBlock": get_block,
    "chain_getBlockHash": get_block_hash,
    "chain_getHead": get_block_hash,
    "chain_getFinalizedHead": get_finalized_head,
    "chain_getFinalisedHead": get_finalized_head,
    "chain_subscribeNewHeads": _subscription("chain_newHead"),
    "chain_subscribeNewHead": _subscription("chain_newHead"),
    "subscribe_newHead": _subscription("chain_newHead"),
    "chain_unsubscribeNewHeads": unsubscribe,
    "chain_unsubscribeNewHead": unsubscribe,
    "unsubscribe_newHead": unsubscribe,
    "chain_subscribeFinalizedHeads": _subscription("chain_finalizedHead"),
    "chain_subscribeFinalisedHeads": _subscription("chain_finalizedHead"),
    "chain_unsubscribeFinalizedHeads": unsubscribe,
    "chain_unsubscribeFinalisedHeads": unsubscribe,
    "chain_subscribeAllHeads": _subscription("chain_allHead"),
    "chain_unsubscribeAllHeads": unsubscribe,
}
