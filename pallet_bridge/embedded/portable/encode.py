"""Values of JSON as SCALE bytes, by the types of a runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from pallet_bridge.accounts.ss58 import decode
from pallet_bridge.embedded.portable.types import (
    Bits,
    CompactOf,
    Composite,
    FixedList,
    Primitive,
    Sequence,
    TupleOf,
    Variants,
)
from pallet_bridge.embedded.state.encode import blob, compact, vector
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Listed

    from pallet_bridge.embedded.portable.types import Field, Shape, Type, Variant

    # what json.loads gives
    JsonValue: TypeAlias = (
        bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
    )

_DEEPEST: Final = 64
_LONGEST_EMPTY: Final = 1 << 20
_COMPACT_BITS: Final = 536
_MOST_DIGITS: Final = 80  # of the largest number there is, 2^256, and more
_SHOWN: Final = 60
_ACCOUNT: Final = "AccountId32"
_NUMBER: Final = re.compile(r"-?[0-9]+|0x[0-9a-fA-F]+")
_OPTION: Final = ("Option",)
_UNITS: Final[tuple[JsonValue, ...]] = (None, [], {})


class Encoder:
    """Writes values by a registry of types.

    Numbers are numbers, or text where JSON has no room for them (``"1000"``, ``"0x3e8"``). Accounts
    are addresses under prefix 42, or 32 bytes; bytes are ``0x`` text, other text is UTF-8. A field
    of a struct goes by its name, ``ref_time`` or ``refTime``; one that is left out is zero, empty
    or None. A case of an enum is its name, or an object of its name and what is in it. Null is
    None.

    Parameters
    ----------
    types
        The registry: each type by its number.
    """

    def __init__(self, types: Mapping[int, Type]) -> None:
        self._types = types

    def encode(self, kind: int, value: JsonValue, place: str) -> bytes:
        """Write a value of a type.

        Raises
        ------
        EncodingError
            When it does not fit; the message says where in `place` that is.
        """
        return self._encode(kind, value, place, 0)

    def shape(self, kind: int, place: str) -> Shape:
        """Return how a type is built; `EncodingError` when the registry has it not."""
        return self._type(kind, place).shape

    def _type(self, kind: int, place: str) -> Type:
        if kind not in self._types:
            raise EncodingError(f"{place}: the metadata has no type {kind}")
        return self._types[kind]

    def _encode(self, kind: int, value: JsonValue, place: str, depth: int) -> bytes:
        if depth > _DEEPEST:
            raise EncodingError(f"{place}: nested over {_DEEPEST} deep")
        found = self._type(kind, place)
        if found.path[-1:] == (_ACCOUNT,) and _is_address(value):
            return _address(value, place)
        match found.shape:
            case Composite(fields):
                return self._fields(fields, value, place, depth)
            case Variants(cases):
                write = self._option if found.path == _OPTION else self._variant
                return write(cases, value, place, depth)
            case TupleOf() | Sequence() | FixedList() as listed:
                return self._listed(listed, value, place, depth)
            case single:
                return self._single(single, value, place)

    def _single(self, shape: Primitive | CompactOf | Bits, value: JsonValue, place: str) -> bytes:
        match shape:
            case Primitive(name):
                return _primitive(name, value, place)
            case CompactOf(item):
                return self._compact(item, value, place)
            case Bits():
                raise EncodingError(f"{place}: bits are written as SCALE bytes only, as 0x text")

    def _listed(
        self, shape: TupleOf | Sequence | FixedList, value: JsonValue, place: str, depth: int
    ) -> bytes:
        match shape:
            case TupleOf(items):
                return self._tuple(items, value, place, depth)
            case Sequence(item):
                return self._sequence(item, value, place, depth)
            case FixedList(length, item):
                return self._array(length, item, value, place, depth)

    def _compact(self, item: int, value: JsonValue, place: str) -> bytes:
        for _ in range(_DEEPEST):  # a compact number may be wrapped, as a fraction is
            match self.shape(item, place):
                case Composite((field,)):
                    item = field.kind
                case Primitive(name) if name[0] == "u":
                    number = _integer(value, place, name)
                    return compact(_bounded(number, 0, 1 << int(name[1:]), place, name))
                case _:
                    break
        raise EncodingError(f"{place}: the metadata has a compact form of what is no number")

    def _fields(self, fields: Listed[Field], value: JsonValue, place: str, depth: int) -> bytes:
        """Write a struct's fields, or those of a case of an enum."""
        names = {field.name for field in fields}
        if not fields:
            return _unit(value, place)
        if None not in names:
            return self._named(fields, value, place, depth)
        if len(fields) == 1:  # a wrapper has no form of its own
            return self._encode(fields[0].kind, value, place, depth + 1)
        return self._tuple([field.kind for field in fields], value, place, depth)

    def _named(self, fields: Listed[Field], value: JsonValue, place: str, depth: int) -> bytes:
        names = [str(field.name) for field in fields]
        if not isinstance(value, dict):
            raise _wrong(value, place, f"an object of {', '.join(names)}")
        given = {folded(name): inner for name, inner in value.items()}
        unknown = [name for name in value if folded(name) not in set(map(folded, names))]
        if unknown:
            raise EncodingError(
                f"{place} has no field {shown(unknown[0])}; it has {', '.join(names)}"
            )
        if len(given) < len(value):
            raise EncodingError(f"{place} names a field twice")
        parts = []
        for field, name in zip(fields, names, strict=True):
            where = f"{place}.{name}"
            if folded(name) in given:
                parts.append(self._encode(field.kind, given[folded(name)], where, depth + 1))
            else:
                parts.append(self._empty(field.kind, where, depth + 1))
        return b"".join(parts)

    def _option(self, cases: Listed[Variant], value: JsonValue, place: str, depth: int) -> bytes:
        if value is None:
            return b"\x00"
        (some,) = (case for case in cases if case.name == "Some")
        return b"\x01" + self._fields(some.fields, value, place, depth)

    def _variant(self, cases: Listed[Variant], value: JsonValue, place: str, depth: int) -> bytes:
        name, content = _tagged(value, place)
        for case in cases:
            if folded(case.name) == folded(name):
                where = f"{place}.{case.name}"
                return bytes([case.index]) + self._fields(case.fields, content, where, depth)
        known = ", ".join(case.name for case in cases)
        raise EncodingError(f"{place} has no case {shown(name)}; it has {known}")

    def _tuple(self, items: Listed[int], value: JsonValue, place: str, depth: int) -> bytes:
        if not items:
            return _unit(value, place)
        if not isinstance(value, list) or len(value) != len(items):
            raise _wrong(value, place, f"a list of {len(items)} values")
        pairs = enumerate(zip(items, value, strict=True))
        return b"".join(
            self._encode(item, inner, f"{place}[{number}]", depth + 1)
            for number, (item, inner) in pairs
        )

    def _sequence(self, item: int, value: JsonValue, place: str, depth: int) -> bytes:
        if isinstance(value, str) and self._is_byte(item, place):
            return blob(_bytes(value, place))
        return vector(self._items(item, value, place, depth))

    def _array(self, length: int, item: int, value: JsonValue, place: str, depth: int) -> bytes:
        if isinstance(value, str) and self._is_byte(item, place):
            data = _bytes(value, place)
            if len(data) != length:
                raise EncodingError(f"{place} has {length} bytes, not {len(data)}")
            return data
        if not isinstance(value, list) or len(value) != length:
            raise _wrong(value, place, f"a list of {length} values")
        return b"".join(self._items(item, value, place, depth))

    def _items(self, item: int, value: JsonValue, place: str, depth: int) -> list[bytes]:
        if isinstance(value, dict):  # a map: its keys are text, as JSON has them
            value = [[key, inner] for key, inner in value.items()]
        if not isinstance(value, list):
            raise _wrong(value, place, "a list")
        return [
            self._encode(item, inner, f"{place}[{number}]", depth + 1)
            for number, inner in enumerate(value)
        ]

    def _is_byte(self, kind: int, place: str) -> bool:
        return self.shape(kind, place) == Primitive("u8")

    def _empty(self, kind: int, place: str, depth: int) -> bytes:
        """Write what a field that is left out holds."""
        if depth > _DEEPEST:
            raise EncodingError(f"{place}: nested over {_DEEPEST} deep")
        found = self._type(kind, place)
        match found.shape:
            case Primitive(name):
                return bytes(_size(name))
            case FixedList(length, item):
                part = self._empty(item, place, depth + 1)
                if len(part) * length > _LONGEST_EMPTY:
                    raise EncodingError(f"{place}: a list of {length} values has to be given")
                return part * length
            case Variants(cases):
                return _first(found.path, cases, place)
            case Composite(fields):
                parts = [self._empty(one.kind, place, depth + 1) for one in fields]
            case TupleOf(items):
                parts = [self._empty(one, place, depth + 1) for one in items]
            case _:
                return b"\x00"
        return b"".join(parts)


def _first(path: Listed[str], cases: Listed[Variant], place: str) -> bytes:
    """Write None, or the case that stands first where nothing is in it."""
    if path == _OPTION:
        return b"\x00"
    if not cases or cases[0].fields:
        raise EncodingError(f"{place} is left out, and nothing says which case it is")
    return bytes([cases[0].index])


def _primitive(name: str, value: JsonValue, place: str) -> bytes:
    if name == "bool":
        if not isinstance(value, bool):
            raise _wrong(value, place, "true or false")
        return bytes([value])
    if name == "str":
        if not isinstance(value, str):
            raise _wrong(value, place, "text")
        return blob(_utf8(value, place))
    if name == "char":
        if not isinstance(value, str) or len(value) != 1:
            raise _wrong(value, place, "one letter")
        return ord(value).to_bytes(4, "little")
    bits, signed = int(name[1:]), name[0] == "i"
    least, end = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    number = _bounded(_integer(value, place, name), least, end, place, name)
    return number.to_bytes(bits // 8, "little", signed=signed)


def _size(name: str) -> int:
    if name in {"bool", "str"}:
        return 1
    return 4 if name == "char" else int(name[1:]) // 8


def _integer(value: JsonValue, place: str, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and _NUMBER.fullmatch(value):
        return int(value, 16 if value.startswith("0x") else 10)
    raise _wrong(value, place, f"a whole number, {name}")


def _bounded(number: int, least: int, end: int, place: str, name: str) -> int:
    if not least <= number < end:
        raise EncodingError(f"{place}: {shown(number)} does not fit {name}")
    return number


def _tagged(value: JsonValue, place: str) -> tuple[str, JsonValue]:
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict) and len(value) == 1:
        ((name, content),) = value.items()
        return name, content
    raise _wrong(value, place, 'a name, or an object of one name, such as {"Fixed": 7}')


def _unit(value: JsonValue, place: str) -> bytes:
    if value not in _UNITS:
        raise _wrong(value, place, "nothing, which is null")
    return b""


def _is_address(value: JsonValue) -> bool:
    return isinstance(value, str) and not value.startswith("0x")


def _address(value: JsonValue, place: str) -> bytes:
    try:
        return decode(str(value))
    except EncodingError as error:
        raise EncodingError(f"{place}: {error}") from error


def _bytes(value: str, place: str) -> bytes:
    if not value.startswith("0x"):
        return _utf8(value, place)
    try:
        return bytes.fromhex(value[2:])
    except ValueError as error:
        raise _wrong(value, place, "0x and hexadecimal digits") from error


def _utf8(value: str, place: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise EncodingError(f"{place}: half of a surrogate pair has no UTF-8") from error


def folded(name: str) -> str:
    """Return a name without that in which Rust's and JavaScript's way of writing it differ."""
    return name.replace("_", "").lower()


def shown(value: JsonValue) -> str:
    """Return what a message shows of a value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)[:_SHOWN] if value.bit_length() > _COMPACT_BITS else str(value)
    words = repr(value)
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


def _wrong(value: JsonValue, place: str, expected: str) -> EncodingError:
    return EncodingError(f"{place} is {shown(value)}, and should be {expected}")
