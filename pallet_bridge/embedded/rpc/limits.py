"""How much one client may ask for: a node's own limits, and those that keep memory bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.rpc.errors import PAGE_ERROR, RpcError

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.render import Json

MESSAGE_BYTES = 15 * 1024 * 1024
"""Of one request, and of one answer, a batch counting as one."""

BATCH = 10_000
"""Requests of one batch. A node sets no number by default, and stops at the answer's bytes."""

SUBSCRIPTIONS = 1024
"""Open at a time on one connection."""

WATCHED_KEYS = 16_384
"""Storage keys of all subscriptions of one connection: each is read at every block."""

CONNECTIONS = 1024
"""Clients at a time."""

DEPTH = 127
"""Lists and objects within one another in a parameter."""

VALUES = 200_000
"""Of one request, a batch counting as one: commas are counted before anything is parsed. A node
parses beside its other work; here everybody waits for it."""

LOOK_UPS = 100_000
"""Reads of state, or block numbers, that one request may ask for."""

TOO_MANY_SUBSCRIPTIONS = -32006
REQUEST_TOO_BIG = -32007
RESPONSE_TOO_BIG = -32008
BATCH_TOO_LONG = -32010
BATCH_RESPONSE_TOO_BIG = -32011


def request_too_big() -> RpcError:
    """Give the error for a request of too many bytes."""
    return _exceeded(REQUEST_TOO_BIG, "Request is too big", MESSAGE_BYTES)


def too_many_values() -> RpcError:
    """Give the error for a request of too many values; a node has no such limit."""
    return _exceeded(REQUEST_TOO_BIG, "Request has too many values", VALUES)


def too_many_look_ups(count: int) -> RpcError:
    """Give the error for a request that asks for too much at once."""
    message = f"count exceeds maximum value. value: {count}, max: {LOOK_UPS}"
    return RpcError(PAGE_ERROR, message)


def response_too_big() -> RpcError:
    """Give the error for an answer of too many bytes."""
    return _exceeded(RESPONSE_TOO_BIG, "Response is too big", MESSAGE_BYTES)


def batch_too_long() -> RpcError:
    """Give the error for a batch of too many requests."""
    return _exceeded(BATCH_TOO_LONG, "The batch request was too large", BATCH)


def batch_response_too_big() -> RpcError:
    """Give the error for a batch whose answers have too many bytes together."""
    message = "The batch response was too large"
    return _exceeded(BATCH_RESPONSE_TOO_BIG, message, MESSAGE_BYTES)


def too_many_subscriptions() -> RpcError:
    """Give the error for one subscription too many."""
    message = "Too many subscriptions on the connection"
    return _exceeded(TOO_MANY_SUBSCRIPTIONS, message, SUBSCRIPTIONS)


def too_many_keys() -> RpcError:
    """Give the error for one watched key too many; a node has no such limit, so the words differ.

    Its code is that of one subscription too many, which clients know.
    """
    message = "Too many storage keys watched on the connection"
    return _exceeded(TOO_MANY_SUBSCRIPTIONS, message, WATCHED_KEYS)


def is_too_deep(value: Json) -> bool:
    """Say whether lists and objects lie within one another more than `DEPTH` times."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEPTH):
        if not level:
            return False
        inside = (one.values() if isinstance(one, dict) else one for one in level)
        level = [item for items in inside for item in items if isinstance(item, dict | list)]
    return bool(level)


def _exceeded(code: int, message: str, limit: int) -> RpcError:
    return RpcError(code, message, f"Exceeded max limit of {limit}")
