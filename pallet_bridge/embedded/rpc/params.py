"""The parameters of a JSON-RPC request, read one by one and checked."""

from __future__ import annotations

import json
from binascii import unhexlify
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.rpc.errors import invalid_params
from pallet_bridge.embedded.rpc.limits import is_too_deep
from pallet_bridge.embedded.state.decode import compact_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.embedded.rpc.render import Json

_T = TypeVar("_T")
_UNDECODABLE = "Could not decode `OpaqueExtrinsic.0`:\n\t{}\n"
_HASH_BYTES = 32
_U32 = 1 << 32
_KINDS: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "floating point",
    str: "string",
    list: "sequence",
    dict: "map",
}


class Params:
    """A cursor over positional parameters; what is wrong raises `RpcError` -32602.

    As in a Substrate node: absent parameters count as null where one may be left out, surplus
    ones are ignored, and hexadecimal strings may lack their 0x.
    """

    def __init__(self, values: Json) -> None:
        if values is None or values == {}:
            values = []
        if not isinstance(values, list):
            raise invalid_params("parameters are a list: give them by position")
        self._values = values
        self._next = 0

    def optional(self, read: Callable[[Params], _T]) -> _T | None:
        """Read the next parameter with `read` unless it is null or absent."""
        if self._next >= len(self._values):
            return None
        if self._values[self._next] is None:
            self._next += 1
            return None
        return read(self)

    def value(self) -> Json:
        """Read a parameter of any type."""
        if self._next >= len(self._values):
            raise invalid_params("No more params")
        self._next += 1
        value = self._values[self._next - 1]
        if is_too_deep(value):
            raise invalid_params("recursion limit exceeded")
        return value

    def flag(self) -> bool:
        """Read a boolean."""
        value = self.value()
        if not isinstance(value, bool):
            raise _unexpected(value, "a boolean")
        return value

    def text(self) -> str:
        """Read a string."""
        return _text(self.value(), "a string")

    def count(self) -> int:
        """Read an unsigned number below 2**32."""
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _U32:
            raise _unexpected(value, "u32")
        return value

    def data(self) -> bytes:
        """Read bytes from a hexadecimal string."""
        return as_bytes(self.value())

    def hash(self) -> bytes:
        """Read a 32-byte hash from a hexadecimal string."""
        return as_hash(self.value())

    def data_list(self) -> list[bytes]:
        """Read a list of hexadecimal strings."""
        value = self.value()
        if not isinstance(value, list):
            raise _unexpected(value, "a sequence")
        return [as_bytes(item) for item in value]


def as_bytes(value: Json) -> bytes:
    """Decode a hexadecimal string; an odd first digit stands for a byte of its own."""
    digits = _text(value, "a hex string").removeprefix("0x")
    try:
        return unhexlify(digits if len(digits) % 2 == 0 else "0" + digits)
    except ValueError as error:
        raise invalid_params(f"invalid hex string: {error}") from error


def as_hash(value: Json) -> bytes:
    """Decode a hexadecimal string of 32 bytes."""
    expected = "a hex string of 32 bytes"
    digits = _text(value, expected).removeprefix("0x")
    if len(digits) != 2 * _HASH_BYTES:
        raise invalid_params(f"invalid length {len(digits)}, expected {expected}")
    return as_bytes(digits)


def check_length(extrinsic: bytes) -> None:
    """Check that an extrinsic is as long as its length prefix says.

    Raises
    ------
    DecodeError
        With a node's words.
    """
    if not extrinsic:
        raise DecodeError(_UNDECODABLE.format("Not enough data to fill buffer"))
    length, start = compact_at(extrinsic, 0)
    if len(extrinsic) - start < length:
        raise DecodeError(_UNDECODABLE.format("Not enough data to decode vector"))


def _text(value: Json, expected: str) -> str:
    if not isinstance(value, str):
        raise _unexpected(value, expected)
    return value


def _unexpected(value: Json, expected: str) -> Exception:
    return invalid_params(f"invalid type: {_kind(value)}, expected {expected}")


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return f"{_KINDS[type(value)]} `{json.dumps(value)}`"
    return _KINDS[type(value)]
