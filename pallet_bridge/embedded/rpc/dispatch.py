"""JSON-RPC 2.0: from the text of a request to the text of its answer."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.rpc import author, chain, engine, state, system
from pallet_bridge.embedded.rpc.context import Context
from pallet_bridge.embedded.rpc.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    client_error,
)
from pallet_bridge.embedded.rpc.params import Params
from pallet_bridge.embedded.rpc.subscriptions import Subscriptions

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.context import Methods
    from pallet_bridge.embedded.rpc.render import Json
    from pallet_bridge.embedded.rpc.subscriptions import Peer
    from pallet_bridge.embedded.service import Service

_LOG = logging.getLogger(__name__)


def _rpc_methods(_context: Context, _params: Params) -> Json:
    return {"methods": [*sorted(METHODS)]}


METHODS: Methods = {
    **author.METHODS,
    **chain.METHODS,
    **engine.METHODS,
    **state.METHODS,
    **system.METHODS,
    "rpc_methods": _rpc_methods,
}


class RpcDispatcher:
    """Answers requests from the state of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._subscriptions = Subscriptions()
        service.listen(self._subscriptions.on_head)

    def answer(self, peer: Peer, message: str | bytes) -> str | None:
        """Answer one message, a request or a batch; None when it asks for no answer."""
        try:
            body: Json = json.loads(message)
        except ValueError:
            return _encode(_failure(None, RpcError(PARSE_ERROR, "Parse error")))
        if not isinstance(body, dict | list):
            return _encode(_failure(None, RpcError(PARSE_ERROR, "Parse error")))
        if not isinstance(body, list):
            reply = self._answer_one(peer, body)
            return None if reply is None else _encode(reply)
        if not body:
            return _encode(_failure(None, RpcError(INVALID_REQUEST, "Invalid request")))
        replies: list[Json] = [
            reply for item in body if (reply := self._answer_one(peer, item)) is not None
        ]
        return _encode(replies) if replies else None

    def disconnect(self, peer: Peer) -> None:
        """Forget the subscriptions of a peer that has gone."""
        with self._service.lock:
            self._subscriptions.disconnect(peer)

    def _answer_one(self, peer: Peer, request: Json) -> Json:
        if not isinstance(request, dict):
            return _failure(None, RpcError(INVALID_REQUEST, "Invalid request"))
        identifier, name = request.get("id"), request.get("method")
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
        method = METHODS.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
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


def _failure(identifier: Json, error: RpcError) -> Json:
    return {"jsonrpc": "2.0", "id": identifier, "error": error.to_json()}


def _encode(body: Json) -> str:
    return json.dumps(body, separators=(",", ":"))
