"""`system_*`, `payment_*`, `chainSpec_v1_*`: the node, fees and nonces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.accounts.ss58 import PREFIX, decode
from pallet_bridge.embedded.errors import DecodeError, RuntimePanic, UnknownBlock
from pallet_bridge.embedded.rpc.context import NO_RUNTIME
from pallet_bridge.embedded.rpc.errors import (
    RUNTIME_CALL_ERROR,
    UNDECODABLE_ERROR,
    RpcError,
    invalid_params,
)
from pallet_bridge.embedded.rpc.params import Params, check_length
from pallet_bridge.embedded.rpc.render import dispatch_info_json, fee_details_json, hex0x
from pallet_bridge.errors import EncodingError
from pallet_bridge.runtime import MANIFEST

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Context, Method, Methods
    from pallet_bridge.embedded.rpc.render import Json

NAME = "bcfl embedded node"
# As nodes do it: a version and the start of the hash of what it was built from.
VERSION = f"{MANIFEST['spec_version']}-{str(MANIFEST['blob_blake2_256'])[:11]}"
CHAIN = "Embedded Development"
PROPERTIES: dict[str, Json] = {"ss58Format": PREFIX, "tokenDecimals": 12, "tokenSymbol": "UNIT"}


def _constant(value: Json) -> Method:
    def constant(_context: Context, _params: Params) -> Json:
        return value

    return constant


def sync_state(context: Context, _params: Params) -> Json:
    """Give the numbers of the first and the last block."""
    head = context.service.head_number
    return {"startingBlock": 0, "currentBlock": head, "highestBlock": head}


def account_next_index(context: Context, params: Params) -> Json:
    """Give the nonce for an account's next extrinsic, ready ones in the pool counted."""
    try:
        account = decode(params.text())
    except EncodingError as error:
        raise invalid_params(str(error)) from error
    service = context.service
    nonce = int.from_bytes(service.chain.call("AccountNonceApi_account_nonce", account), "little")
    while service.pool.provides(account + nonce.to_bytes(4, "little")):
        nonce += 1
    return nonce


def dry_run(context: Context, params: Params) -> Json:
    """Apply an extrinsic on a block's state; give the SCALE encoded result."""
    extrinsic = params.data()
    try:
        check_length(extrinsic)
    except DecodeError as error:
        message = "Unable to dry run extrinsic"
        raise RpcError(UNDECODABLE_ERROR, message, str(error)) from error
    return hex0x(
        _ask(context, params, "BlockBuilder_apply_extrinsic", extrinsic, "dry run extrinsic")
    )


def query_info(context: Context, params: Params) -> Json:
    """Give weight, class and fee of an extrinsic."""
    argument = _with_length(params.data())
    method = "TransactionPaymentApi_query_info"
    return dispatch_info_json(_ask(context, params, method, argument, "query dispatch info"))


def query_fee_details(context: Context, params: Params) -> Json:
    """Give the parts of an extrinsic's fee."""
    argument = _with_length(params.data())
    method = "TransactionPaymentApi_query_fee_details"
    return fee_details_json(_ask(context, params, method, argument, "query fee details"))


def _with_length(extrinsic: bytes) -> bytes:
    return extrinsic + len(extrinsic).to_bytes(4, "little")


def _ask(context: Context, params: Params, method: str, argument: bytes, what: str) -> bytes:
    block = params.optional(Params.hash) or context.service.chain.head
    try:
        return context.service.chain.call(method, argument, block)
    except RuntimePanic as error:
        reason = f"Execution failed: {error.message}"
    except UnknownBlock:
        reason = NO_RUNTIME.format(block.hex())
    raise RpcError(RUNTIME_CALL_ERROR, f"Unable to {what}.", reason)


def genesis_hash(context: Context, _params: Params) -> Json:
    """Give the hash of block 0."""
    return hex0x(context.service.chain.genesis_hash)


METHODS: Methods = {
    "system_name": _constant(NAME),
    "system_version": _constant(VERSION),
    "system_chain": _constant(CHAIN),
    "system_chainType": _constant("Development"),
    "system_properties": _constant(PROPERTIES),
    "system_health": _constant({"peers": 0, "isSyncing": False, "shouldHavePeers": False}),
    "system_peers": _constant([]),
    "system_localListenAddresses": _constant([]),
    "system_nodeRoles": _constant(["Authority"]),
    "system_syncState": sync_state,
    "system_accountNextIndex": account_next_index,
    "account_nextIndex": account_next_index,
    "system_dryRun": dry_run,
    "system_dryRunAt": dry_run,
    "payment_queryInfo": query_info,
    "payment_queryFeeDetails": query_fee_details,
    "chainSpec_v1_chainName": _constant(CHAIN),
    "chainSpec_v1_genesisHash": genesis_hash,
    "chainSpec_v1_properties": _constant(PROPERTIES),
}
