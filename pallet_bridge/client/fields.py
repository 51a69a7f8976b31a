"""Reading decoded SCALE values field by field. Nothing is taken on trust: what does not fit raises.

A value is what the codec gives: dicts by field name, lists, ints, ``0x`` hex for hashes, SS58 for
accounts, a string for an enum's plain variant and a one-entry dict for one with content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.errors import BadChainValue, EncodingError
from pallet_bridge.types.base import HASH_BYTES, AccountId, Perbill, Planck

if TYPE_CHECKING:
    from enum import Enum

E = TypeVar("E", bound="Enum")


class Fields:
    """A decoded struct, read field by field; what does not fit is a `BadChainValue`."""

    __slots__ = ("_fields", "_what")

    def __init__(self, what: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise BadChainValue(f"the chain's {what} is {value!r}, not a struct")
        self._what = what
        self._fields = value

    def value(self, name: str) -> object:
        """Return a field as it is."""
        if name not in self._fields:
            raise BadChainValue(f"the chain's {self._what} has no field {name!r}")
        return self._fields[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of the fields."""
        return tuple(str(name) for name in self._fields)

    def integer(self, name: str) -> int:
        """Return an integer."""
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, value, "an integer")
        return value

    def planck(self, name: str) -> Planck:
        """Return an amount."""
        return Planck(self.integer(name))

    def perbill(self, name: str) -> Perbill:
        """Return a fraction."""
        return Perbill(self.integer(name))

    def optional(self, name: str) -> int | None:
        """Return an integer or None."""
        return None if self.value(name) is None else self.integer(name)

    def flag(self, name: str) -> bool:
        """Return a bool."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "a bool")
        return value

    def text(self, name: str) -> str:
        """Return a string."""
        value = self.value(name)
        if not isinstance(value, str):
            raise self._wrong(name, value, "a name")
        return value

    def hash(self, name: str) -> bytes:
        """Return 32 bytes."""
        try:
            return read_hash(self.value(name))
        except EncodingError as error:
            raise self._wrong(name, self.value(name), "a hash") from error

    def raw(self, name: str) -> bytes:
        """Return bytes of any length."""
        value = self.value(name)
        try:
            return read_raw(value)
        except EncodingError as error:
            raise self._wrong(name, value, "bytes") from error

    def account(self, name: str) -> AccountId:
        """Return an account."""
        try:
            return AccountId.parse(self.text(name))
        except EncodingError as error:
            raise self._wrong(name, self.value(name), "an account") from error

    def optional_account(self, name: str) -> AccountId | None:
        """Return an account or None."""
        return None if self.value(name) is None else self.account(name)

    def variant(self, name: str) -> tuple[str, object]:
        """Return the name and the content of an enum's variant; a plain one has no content."""
        value = self.value(name)
        if isinstance(value, str):
            return value, None
        if isinstance(value, Mapping) and len(value) == 1:
            tag, content = next(iter(value.items()))
            return str(tag), content
        raise self._wrong(name, value, "a variant")

    def choice(self, name: str, kind: type[E]) -> E:
        """Return a plain variant of an enum."""
        try:
            return kind(self.value(name))
        except ValueError as error:
            raise self._wrong(name, self.value(name), f"a {kind.__name__}") from error

    def struct(self, name: str) -> Fields:
        """Return a struct inside."""
        return Fields(f"{self._what}.{name}", self.value(name))

    def structs(self, name: str) -> list[Fields]:
        """Return a list of structs inside."""
        return [Fields(f"{self._what}.{name}", item) for item in self._listed(name)]

    def integers(self, name: str) -> tuple[int, ...]:
        """Return a list of integers."""
        items = [Fields(f"{self._what}.{name}", {"item": item}) for item in self._listed(name)]
        return tuple(item.integer("item") for item in items)

    def accounts(self, name: str) -> tuple[AccountId, ...]:
        """Return a list of accounts."""
        items = [Fields(f"{self._what}.{name}", {"item": item}) for item in self._listed(name)]
        return tuple(item.account("item") for item in items)

    def _listed(self, name: str) -> list[object] | tuple[object, ...]:
        value = self.value(name)
        if not isinstance(value, list | tuple):
            raise self._wrong(name, value, "a list")
        return value

    def _wrong(self, name: str, value: object, expected: str) -> BadChainValue:
        return BadChainValue(f"the chain's {self._what}.{name} is {value!r}, not {expected}")


def read_hash(value: object) -> bytes:
    """Read ``0x`` and 64 hex digits; `EncodingError` when it is something else."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            raw = bytes.fromhex(value[2:])
        except ValueError as error:
            raise EncodingError(f"{value!r} is no hex: {error}") from error
        if len(raw) == HASH_BYTES:
            return raw
    raise EncodingError(f"{value!r} is no hash")


def read_raw(value: object) -> bytes:
    """Read bytes: ``0x`` hex, or text, as which the codec shows bytes that are UTF-8."""
    if not isinstance(value, str):
        raise EncodingError(f"{value!r} is not bytes")
    try:
        return bytes.fromhex(value[2:]) if value.startswith("0x") else value.encode()
    except ValueError as error:
        raise EncodingError(f"{value!r} is not bytes: {error}") from error


def read_name(value: object) -> str:
    """Read bytes that are a name: text as it is, ``0x`` hex as UTF-8."""
    if not isinstance(value, str):
        raise BadChainValue(f"{value!r} is no name")
    if not value.startswith("0x"):
        return value
    try:
        return bytes.fromhex(value[2:]).decode("utf-8")
    except ValueError as error:
        raise BadChainValue(f"{value!r} is no name: {error}") from error
