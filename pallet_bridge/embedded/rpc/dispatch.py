"""JSON-RPC 2.0: from the text of a request to the text of its answer."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.rpc import author, chain, engine, limits, state, system
from pallet_bridge.embedded.rpc.access import UNSAFE
from pallet_bridge.embedded.rpc.classic import keys, reading
from pallet_bridge.embedded.rpc.context import Context
from pallet_bridge.embedded.rpc.dev import methods as dev
from pallet_bridge.embedded.rpc.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    client_error,
)
from pallet_bridge.embedded.rpc.modern import archive, head, transactions
from pallet_bridge.embedded.rpc.params import Params
from pallet_bridge.embedded.rpc.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import NoReturn

    from pallet_bridge.embedded.rpc.context import Method, Methods
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.rpc.subscriptions import Peer
    from pallet_bridge.embedded.service import Service

_LOG = logging.getLogger(__name__)
_PARSE = RpcError(PARSE_ERROR, "Parse error")
_UNSAFE = "RPC call is unsafe to be called externally"
_NO_METHOD = "Method not found"
_NO_DEV = "Method not found: start the chain with --dev-rpc"
_U64 = 1 << 64


METHODS: Methods = {
    **archive.METHODS,
    **author.METHODS,
    **chain.METHODS,
    **engine.METHODS,
    **head.METHODS,
    **keys.METHODS,
    **reading.METHODS,
    **state.METHODS,
    **system.METHODS,
    **transactions.METHODS,
}
"""What everybody may call. `rpc_methods` is there too, and lists them."""


class RpcDispatcher:
    """Answers requests from the state of one service.

    `dev_rpc` serves `dev_*` too: who may call unsafe methods may then rewrite the chain.
    """

    def __init__(self, service: Service, *, dev_rpc: bool = False) -> None:
        self._service = service
        self._dev: Methods = {**dev.METHODS} if dev_rpc else {}
        self._subscriptions = Subscriptions()
        service.listen(self._subscriptions.on_head)

    def steps(self, peer: Peer, message: str | bytes) -> Generator[None, None, str | None]:
        """Answer one message, a request or a batch; its value is None when it asks for no answer.

        It yields after each request of a batch, so that others get their turn.
        """
        if len(message) > limits.MESSAGE_BYTES:
            return _error(limits.request_too_big())
        try:
            text = message.decode() if isinstance(message, bytes) else message
            if text.count(",") > limits.VALUES:
                return _error(limits.too_many_values())
            body: Json = json.loads(text, parse_constant=_refuse)
        except RecursionError:
            # as a node: a list in a list is a batch whose one request is none
            invalid = _error(RpcError(INVALID_REQUEST, "Invalid request"))
            return f"[{invalid}]" if _is_list(text) else _error(_PARSE)
        except ValueError:
            return _error(_PARSE)
        if isinstance(body, list):
            return (yield from self._batch(peer, body))
        return self._one(peer, body) if isinstance(body, dict) else _error(_PARSE)

    def _batch(self, peer: Peer, body: list[Json]) -> Generator[None, None, str | None]:
        if not body:
            return _error(RpcError(INVALID_REQUEST, "Invalid request"))
        if len(body) > limits.BATCH:
            return _error(limits.batch_too_long())
        replies, size = [], 0
        for item in body:
            reply = self._one(peer, item)
            yield
            if reply is None:
                continue
            replies.append(reply)
            size += len(reply) + 1
            if size > limits.MESSAGE_BYTES:
                return _error(limits.batch_response_too_big())
        return f"[{','.join(replies)}]" if replies else None

    def disconnect(self, peer: Peer) -> None:
        """Forget the subscriptions of a peer that has gone."""
        with self._service.lock:
            self._subscriptions.disconnect(peer)

    def _one(self, peer: Peer, request: Json) -> str | None:
        reply = self._answer_one(peer, request)
        if reply is None:
            return None
        text = _encode(reply)
        if len(text) <= limits.MESSAGE_BYTES:
            return text
        return _encode(_failure(reply["id"], limits.response_too_big()))

    def _answer_one(self, peer: Peer, request: Json) -> dict[str, Json] | None:
        if not isinstance(request, dict):
            return _failure(None, RpcError(INVALID_REQUEST, "Invalid request"))
        identifier, name = request.get("id"), request.get("method")
        if not _is_identifier(identifier):
            return _failure(None, RpcError(INVALID_REQUEST, "Invalid request"))
        if request.get("jsonrpc") != "2.0" or not isinstance(name, str):
            return _failure(identifier, RpcError(INVALID_REQUEST, "Invalid request"))
        try:
            result = self._call(peer, name, request.get("params"))
        except RpcError as error:
            reply = _failure(identifier, error)
        else:
            reply = {"jsonrpc": "2.0", "id": identifier, "result": result}
        return reply if "id" in request else None

    def _call(self, peer: Peer, name: str, values: Json) -> Json:
        method = self._method(peer, name)
        context = Context(self._service, self._subscriptions, peer)
        try:
            with self._service.lock:
                return method(context, Params(values))
        except RpcError:
            raise
        except EmbeddedError as error:
            raise client_error(error) from error
        # The one boundary between a client and a defect of ours: the client gets an answer and
        # the connection lives on, the defect goes to the log with its traceback.
        except Exception as error:
            _LOG.exception("%s failed unexpectedly", name)
            raise RpcError(INTERNAL_ERROR, "Internal error") from error

    def _method(self, peer: Peer, name: str) -> Method:
        if name == "rpc_methods":
            return self._rpc_methods
        method = METHODS.get(name) or self._dev.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, _NO_DEV if name in dev.METHODS else _NO_METHOD)
        if (name in UNSAFE or name in dev.METHODS) and not peer.lets_unsafe:
            raise RpcError(UNSAFE.get(name, METHOD_NOT_FOUND), _UNSAFE)
        return method

    def _rpc_methods(self, context: Context, _params: Params) -> Json:
        # a node names what is unsafe as well; what it does not have is named to whoever may call it
        own = frozenset() if context.peer.lets_unsafe else {*engine.METHODS, *dev.METHODS}
        return {"methods": [*sorted({*METHODS, *self._dev, "rpc_methods"} - own)]}


def _failure(identifier: Json, error: RpcError) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": identifier, "error": error.to_json()}


def _error(error: RpcError) -> str:
    return _encode(_failure(None, error))


def _encode(body: Json) -> str:
    return json.dumps(body, separators=(",", ":"))


def _is_identifier(value: Json) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return 0 <= value < _U64
    return value is None or isinstance(value, str)


def _is_list(text: str) -> bool:
    """Say whether what is nested too deep is a list of lists that ends."""
    return text.lstrip().startswith("[") and text.count("[") == text.count("]")


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)  # NaN and Infinity are no JSON
