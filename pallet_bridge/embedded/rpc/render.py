"""Answers of the chain in the JSON that a Substrate node gives for them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge.embedded.state.decode import ScaleReader

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.block import Block, Header
    from pallet_bridge.embedded.chain.pool import Change

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_DISPATCH_CLASSES = ("normal", "operational", "mandatory")


def hex0x(data: bytes) -> str:
    """Give bytes as 0x and hexadecimal digits."""
    return "0x" + data.hex()


def header_json(header: Header) -> dict[str, Json]:
    """Give a header; its number is hexadecimal, its digest items are SCALE bytes."""
    return {
        "parentHash": hex0x(header.parent_hash),
        "number": hex(header.number),
        "stateRoot": hex0x(header.state_root),
        "extrinsicsRoot": hex0x(header.extrinsics_root),
        "digest": {"logs": [hex0x(item) for item in header.digest]},
    }


def block_json(block: Block) -> dict[str, Json]:
    """Give a block as `chain_getBlock` does: each extrinsic is one hexadecimal string."""
    return {
        "block": {
            "header": header_json(block.header),
            "extrinsics": [hex0x(extrinsic) for extrinsic in block.extrinsics],
        },
        "justifications": None,
    }


def change_json(change: Change) -> Json:
    """Give a pool status: a word, or a word with the hash it is about."""
    if change.subject is None:
        return change.status.value
    return {change.status.value: hex0x(change.subject)}


def runtime_version_json(version: bytes) -> dict[str, Json]:
    """Give the result of ``Core_version``."""
    reader = ScaleReader(version)
    spec_name, impl_name = reader.blob().decode(), reader.blob().decode()
    authoring, spec, impl = (reader.uint(4) for _ in range(3))
    apis: list[Json] = [[hex0x(reader.take(8)), reader.uint(4)] for _ in range(reader.compact())]
    transaction, system = reader.uint(4), reader.uint(1)
    return {
        "specName": spec_name,
        "implName": impl_name,
        "authoringVersion": authoring,
        "specVersion": spec,
        "implVersion": impl,
        "apis": apis,
        "transactionVersion": transaction,
        "systemVersion": system,
        "stateVersion": system,
    }


def dispatch_info_json(info: bytes) -> dict[str, Json]:
    """Give the result of ``TransactionPaymentApi_query_info``."""
    reader = ScaleReader(info)
    weight: dict[str, Json] = {"ref_time": reader.compact(), "proof_size": reader.compact()}
    return {
        "weight": weight,
        "class": _DISPATCH_CLASSES[reader.uint(1)],
        "partialFee": str(reader.uint(16)),
    }


def fee_details_json(details: bytes) -> dict[str, Json]:
    """Give the result of ``TransactionPaymentApi_query_fee_details``."""
    reader = ScaleReader(details)
    inclusion: dict[str, Json] | None = None
    if reader.flag():
        inclusion = {
            name: hex(reader.uint(16)) for name in ("baseFee", "lenFee", "adjustedWeightFee")
        }
    return {"inclusionFee": inclusion}
