"""`engine_*`: sealing by command, under the names of Substrate's manual seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.rpc.errors import RpcError
from pallet_bridge.embedded.rpc.params import Params
from pallet_bridge.embedded.rpc.render import hex0x

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Methods
    from pallet_bridge.embedded.rpc.render import Json

_EMPTY_POOL = 5
_UNKNOWN_PARENT = 4
_AUX: dict[str, Json] = {
    "header_only": False,
    "clear_justification_requests": False,
    "needs_justification": False,
    "bad_justification": False,
    "is_new_best": True,
}


def create_block(context: Context, params: Params) -> Json:
    """Make a block on the head, whatever the node's sealing is.

    Takes create_empty, finalize (every block is final here) and the parent (the head or null).
    """
    create_empty, _finalize = params.flag(), params.flag()
    parent = params.optional(Params.hash)
    service = context.service
    if parent is not None and parent != service.chain.head:
        raise RpcError(_UNKNOWN_PARENT, "blocks are built on the head only: pass null")
    if not create_empty and not service.pool.ready_count:
        raise RpcError(
            _EMPTY_POOL,
            "the pool is empty: pass true to create an empty block",
        )
    return {"hash": hex0x(service.seal()), "aux": dict(_AUX), "proof_size": 0}


def finalize_block(context: Context, params: Params) -> Json:
    """Say whether a block is final: every block of the chain is."""
    block = params.hash()
    params.optional(Params.value)
    header = context.service.chain.header(block)
    return header is not None and context.service.chain.hash_at(header.number) == block


METHODS: Methods = {
    "engine_createBlock": create_block,
    "engine_finalizeBlock": finalize_block,
}
