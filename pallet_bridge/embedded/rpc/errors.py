"""JSON-RPC error objects, with the codes and words of a Substrate node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pallet_bridge.embedded import errors
from pallet_bridge.embedded.errors import (
    DecodeError,
    EmbeddedError,
    HostFunctionMissing,
    MethodMissing,
    RuntimePanic,
    UnknownBlock,
)

if TYPE_CHECKING:
    from pallet_bridge.embedded.rpc.render import Json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
BAD_FORMAT = 1001
OTHER_AUTHOR_ERROR = 1040
CHAIN_ERROR = 3001
BLOCK_RANGE_ERROR = 4001
PAGE_ERROR = 4002
STATE_CLIENT_ERROR = 4003
RUNTIME_CALL_ERROR = 1
UNDECODABLE_ERROR = 2


class RpcError(EmbeddedError):
    """What a request is answered with instead of a result."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return f"{self.message}{f': {self.data}' if self.data else ''} [code {self.code}]"

    def to_json(self) -> dict[str, Json]:
        """Give the error object; `data` is there only when it says something."""
        body: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


def invalid_params(reason: str) -> RpcError:
    """Give the error for parameters that do not fit the method."""
    return RpcError(INVALID_PARAMS, "Invalid params", reason)


_TOO_LOW = (
    "The transaction has too low priority to replace another transaction already in the pool."
)
_FIXED: dict[type[EmbeddedError], tuple[int, str, str | None]] = {
    errors.TemporarilyBanned: (1012, "Transaction is temporarily banned", None),
    errors.CycleDetected: (1015, "Cycle Detected", None),
    errors.ImmediatelyDropped: (
        1016,
        "Immediately Dropped",
        "The transaction couldn't enter the pool because of the limit",
    ),
    errors.NoTagsProvided: (
        1019,
        "No tags provided",
        "Transaction does not provide any tags, so the pool can't identify it",
    ),
}


def submission_error(error: EmbeddedError) -> RpcError:
    """Give the error that `author_*` answers when an extrinsic was refused."""
    match error:
        case errors.InvalidExtrinsic():
            body = (1010, "Invalid Transaction", error.text)
        case errors.UnknownValidity():
            body = (1011, "Unknown Transaction Validity", error.text)
        case errors.AlreadyImported():
            body = (1013, "Transaction Already Imported", "Any { .. }")
        case errors.PriorityTooLow():
            body = (
                1014,
                f"Priority is too low: ({error.old} vs {error.new})",
                _TOO_LOW,
            )
        case RuntimePanic():
            text = f"Execution failed: {error.message}"
            body = (
                1002,
                f"Verification Error: Runtime error: {text}",
                f"RuntimeApi({json.dumps(text)})",
            )
        case _ if type(error) in _FIXED:
            return RpcError(*_FIXED[type(error)])
        case _:
            return client_error(error)
    return RpcError(*body)


def client_error(error: EmbeddedError) -> RpcError:
    """Give the error that other methods answer when the chain refused."""
    match error:
        case RpcError():
            return error
        case UnknownBlock():
            text = f"UnknownBlock: Header was not found in the database: 0x{error.hash.hex()}"
        case RuntimePanic():
            text = f"Execution failed: {error.message}"
        case MethodMissing():
            text = f"Execution failed: Other: Exported method {error.method} is not found"
        case HostFunctionMissing() | DecodeError():
            text = str(error)
        case _:
            return RpcError(INTERNAL_ERROR, "Internal error", str(error))
    return RpcError(STATE_CLIENT_ERROR, f"Client error: {text}")
