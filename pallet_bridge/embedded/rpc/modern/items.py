"""What a client asks of storage in the new interface, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.rpc.errors import RpcError, client_error, invalid_params
from pallet_bridge.embedded.rpc.params import as_bytes
from pallet_bridge.embedded.rpc.render import hex0x
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.embedded.state.proofs import merkle_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.embedded.errors import EmbeddedError
    from pallet_bridge.embedded.rpc.params import Params
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.state.storage import State

_TYPES: Final = (
    "value",
    "hash",
    "closestDescendantMerkleValue",
    "descendantsValues",
    "descendantsHashes",
)
_MOST_ITEMS: Final = 1024


@dataclass(frozen=True, slots=True)
class Item:
    """One question: what `kind` says of `key`; `after` is where a walk over descendants starts."""

    key: bytes
    kind: str
    after: bytes | None = None


def read_items(value: Json) -> list[Item]:
    """Read the questions of a request.

    Raises
    ------
    RpcError
        With -32602, when they are none.
    """
    if not isinstance(value, list):
        raise invalid_params("expected a sequence")
    if len(value) > _MOST_ITEMS:
        raise invalid_params(f"{len(value)} items: at most {_MOST_ITEMS} in one request")
    return [_item(one) for one in value]


def answers(state: State, item: Item) -> Iterator[dict[str, Json]]:
    """Answer one question of a state, key by key; what is not there is not mentioned."""
    match item.kind:
        case "value" | "hash":
            value = state.get(item.key)
            if value is not None:
                yield told(item.key, value, hashed=item.kind == "hash")
        case "closestDescendantMerkleValue":
            worth = merkle_value(state.trie, item.key)
            if worth is not None:
                yield {"key": hex0x(item.key), item.kind: hex0x(worth)}
        case _:
            hashed = item.kind == "descendantsHashes"
            for key in state.keys(item.key, start=item.after):
                yield told(key, state.get(key) or b"", hashed=hashed)


def told(key: bytes, value: bytes, *, hashed: bool) -> dict[str, Json]:
    """Give a key with its value, or with the hash of it."""
    if hashed:
        return {"key": hex0x(key), "hash": hex0x(blake2_256(value))}
    return {"key": hex0x(key), "value": hex0x(value)}


def argument(params: Params, code: int) -> bytes:
    """Read the argument of a call; what is no hexadecimal has an error of its own."""
    text = params.text()
    try:
        return as_bytes(text)
    except RpcError as error:
        raise RpcError(code, f"Invalid parameter: {text}") from error


def reason(error: EmbeddedError) -> str:
    """Give what the chain says of a call that it refused."""
    return client_error(error).message.removeprefix("Client error: ")


def _item(one: Json) -> Item:
    if not isinstance(one, dict):
        raise invalid_params('an item is {"key": "0x", "type": "value"}')
    for name in ("key", "type"):
        if name not in one:
            raise invalid_params(f"missing field `{name}`")
    kind, after = one["type"], one.get("paginationStartKey")
    if kind not in _TYPES or not isinstance(kind, str):
        known = ", ".join(f"`{name}`" for name in _TYPES)
        raise invalid_params(f"unknown variant `{kind}`, expected one of {known}")
    return Item(as_bytes(one["key"]), kind, None if after is None else as_bytes(after))
