"""The registry of types in metadata of version 14: how each type of a runtime is built.

The format is that of the Rust crate scale-info, `PortableRegistry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pallet_bridge.embedded.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.embedded.state.decode import ScaleReader

_T = TypeVar("_T")
_PRIMITIVES = (
    *("bool", "char", "str"),
    *("u8", "u16", "u32", "u64", "u128", "u256"),
    *("i8", "i16", "i32", "i64", "i128", "i256"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, or None where fields go by their places, and the number of its type."""

    name: str | None
    kind: int


@dataclass(frozen=True, slots=True)
class Composite:
    """A struct."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One case of an enum, and the byte that stands for it."""

    name: str
    fields: tuple[Field, ...]
    index: int


@dataclass(frozen=True, slots=True)
class Variants:
    """An enum."""

    cases: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of any length."""

    item: int


@dataclass(frozen=True, slots=True)
class FixedList:
    """A list of a fixed length."""

    length: int
    item: int


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A tuple."""

    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Primitive:
    """A number, a bool, text or a letter, by Rust's name of it."""

    name: str


@dataclass(frozen=True, slots=True)
class CompactOf:
    """A number in SCALE's compact form."""

    item: int


@dataclass(frozen=True, slots=True)
class Bits:
    """A sequence of bits."""


Shape: TypeAlias = (
    Composite | Variants | Sequence | FixedList | TupleOf | Primitive | CompactOf | Bits
)


@dataclass(frozen=True, slots=True)
class Type:
    """A type: the path of its name, empty for what has none, and how it is built."""

    path: tuple[str, ...]
    shape: Shape


def read_types(reader: ScaleReader) -> Mapping[int, Type]:
    """Read a registry; the numbers of its types lead to them.

    Raises
    ------
    DecodeError
        When the bytes are no registry.
    """
    return dict(many(reader, lambda: (reader.compact(), _read_type(reader))))


def many(reader: ScaleReader, read: Callable[[], _T]) -> tuple[_T, ...]:
    """Read a ``Vec`` by reading one item again and again."""
    return tuple(read() for _ in range(reader.compact()))


def text(reader: ScaleReader) -> str:
    """Read a ``String``."""
    try:
        return reader.blob().decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"a name in the metadata is not UTF-8: {error}") from error


def _read_type(reader: ScaleReader) -> Type:
    path = many(reader, lambda: text(reader))
    for _ in range(reader.compact()):
        text(reader)
        if reader.flag():
            reader.compact()
    shape = _read_shape(reader)
    _pass_over_docs(reader)
    return Type(path, shape)


def _read_shape(reader: ScaleReader) -> Shape:
    tag = reader.uint(1)
    if tag >= len(_SHAPES):
        raise DecodeError(f"the metadata has a type of kind {tag}, which scale-info does not know")
    return _SHAPES[tag](reader)


def _read_fields(reader: ScaleReader) -> tuple[Field, ...]:
    return many(reader, lambda: _read_field(reader))


def _read_field(reader: ScaleReader) -> Field:
    name = text(reader) if reader.flag() else None
    kind = reader.compact()
    if reader.flag():
        text(reader)  # the type as the source spells it
    _pass_over_docs(reader)
    return Field(name, kind)


def _read_variant(reader: ScaleReader) -> Variant:
    name, fields, index = text(reader), _read_fields(reader), reader.uint(1)
    _pass_over_docs(reader)
    return Variant(name, fields, index)


def _read_bits(reader: ScaleReader) -> Bits:
    reader.compact()
    reader.compact()
    return Bits()


def _read_primitive(reader: ScaleReader) -> Primitive:
    tag = reader.uint(1)
    if tag >= len(_PRIMITIVES):
        raise DecodeError(f"the metadata has a primitive type {tag}, which scale-info has not")
    return Primitive(_PRIMITIVES[tag])


def _pass_over_docs(reader: ScaleReader) -> None:
    for _ in range(reader.compact()):
        reader.blob()


_SHAPES: tuple[Callable[[ScaleReader], Shape], ...] = (
    lambda reader: Composite(_read_fields(reader)),
    lambda reader: Variants(many(reader, lambda: _read_variant(reader))),
    lambda reader: Sequence(reader.compact()),
    lambda reader: FixedList(reader.uint(4), reader.compact()),
    lambda reader: TupleOf(many(reader, reader.compact)),
    _read_primitive,
    lambda reader: CompactOf(reader.compact()),
    _read_bits,
)
