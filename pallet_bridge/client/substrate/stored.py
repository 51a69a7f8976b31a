"""What a node says is stored, as bytes: nothing of it is decoded, and nothing of it is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields, read_raw
from pallet_bridge.errors import BadChainValue, EncodingError

if TYPE_CHECKING:
    from pallet_bridge.client.rpc import RawJson, RpcClient

_PAGE = 500


def value_by(rpc: RpcClient, key: bytes, at: bytes | None) -> bytes | None:
    """Return what a node says is stored under a key."""
    answer = rpc.request("state_getStorage", [as_hex(key), *_at(at)])
    return None if answer is None else _stored(answer)


def pairs_by(rpc: RpcClient, prefix: bytes, block: bytes) -> list[tuple[bytes, bytes]]:
    """Return what a node says is stored under keys that begin with `prefix`."""
    start, at = as_hex(prefix), as_hex(block)
    found: list[tuple[bytes, bytes]] = []
    while True:
        keys = rpc.request("state_getKeysPaged", [as_hex(prefix), _PAGE, start, at])
        if not isinstance(keys, list):
            raise BadChainValue("the keys of a map are no list")
        if keys:
            found.extend(_pairs(_changes(rpc, keys, at)))
        if len(keys) < _PAGE:
            return found
        start = str(keys[-1])


def _changes(rpc: RpcClient, keys: list[RawJson], block: str) -> list[RawJson]:
    answer = rpc.request("state_queryStorageAt", [keys, block])
    if not isinstance(answer, list):
        raise BadChainValue("the answer to state_queryStorageAt is no list")
    changes: list[RawJson] = []
    for group in answer:
        part = Fields("storage change", group).value("changes")
        changes.extend(part if isinstance(part, list) else [])
    return changes


def _pairs(changes: list[RawJson]) -> list[tuple[bytes, bytes]]:
    try:
        return [(_stored(key), _stored(data)) for key, data in changes]
    except (ValueError, TypeError) as error:
        raise BadChainValue(f"the entries of a map cannot be read: {error}") from error


def _stored(shown: RawJson) -> bytes:
    if not str(shown).startswith("0x"):
        raise BadChainValue(f"a node says that {str(shown)[:80]!r} is stored, which is no hex")
    try:
        return read_raw(shown)
    except EncodingError as error:
        raise BadChainValue(f"a node says that {str(shown)[:80]!r} is stored") from error


def as_hex(raw: bytes) -> str:
    """Return bytes as a request carries them."""
    return "0x" + raw.hex()


def _at(block: bytes | None) -> list[str]:
    return [] if block is None else [as_hex(block)]
