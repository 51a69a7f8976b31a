"""Python values as JSON and arrays, and back: what a run must know again after it was killed.

Plain values, sequences, mappings, bytes, numpy arrays and scalars, enums and dataclasses go
through. Anything else is refused by name, and nothing is run that the file names: a class is looked
up among the modules that are loaded already, and its constructor is not called.
"""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Array = np.ndarray[Any, np.dtype[Any]]
Plain = Any
"""What `json` writes: the tree of a value, in which arrays stand as numbers."""

_MARK = "~"
_KINDS = "biuf"  # of arrays: numbers
_DTYPE = re.compile(r"[<>|][biufc][0-9]{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ValueKind:
    """How values of one class are written, beside those that everybody knows.

    Parameters
    ----------
    name
        Stands for the class in the file.
    cls
        The class; values of its subclasses are not of this kind.
    take_apart
        Returns a value that can be written.
    put_together
        Makes the first from the second.
    """

    name: str
    cls: type
    take_apart: Callable[[Any], object]
    put_together: Callable[[Any], object]


@dataclass(slots=True)
class ValueWriter:
    """Writes values into one tree and one list of arrays."""

    kinds: tuple[ValueKind, ...] = ()
    arrays: list[Array] = field(default_factory=list)

    def plain(self, value: object) -> Plain:
        """Return a value's tree; its arrays are appended to `arrays`.

        Raises
        ------
        EncodingError
            When something in it cannot be written, and so not be read again.
        """
        if value is None or type(value) in {bool, int, str}:
            return value
        if type(value) is list:
            return [self.plain(one) for one in value]
        if type(value) is float and math.isfinite(value):
            return value
        mark, content, more = self._marked(value)
        return {_MARK: mark, "value": content, **more}

    def _marked(self, value: Any) -> tuple[str, Plain, dict[str, str]]:  # noqa: ANN401
        kind = type(value)
        own = next((one for one in self.kinds if one.cls is kind), None)
        if own is not None:
            return own.name, self.plain(own.take_apart(value)), {}
        if isinstance(value, Enum):
            return "enum", self.plain(value.value), {"of": _name(kind)}
        record = _shape(kind)
        if record is not None:
            name, names = record
            return "record", {one: self.plain(getattr(value, one)) for one in names}, {"of": name}
        return *(self._number(value) or self._container(value)), {}

    def _number(self, value: object) -> tuple[str, Plain] | None:
        if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
            self.arrays.append(value)
            return "array", len(self.arrays) - 1
        if isinstance(value, np.generic) and value.dtype.kind in _KINDS:
            return "number", [value.dtype.str, self.plain(value.item())]
        return ("float", repr(value)) if type(value) is float else None

    def _container(self, value: Any) -> tuple[str, Plain]:  # noqa: ANN401
        kind = type(value)
        if kind in {bytes, bytearray}:
            return kind.__name__, value.hex()
        if kind in {tuple, set, frozenset}:
            items = value if kind is tuple else sorted(value, key=repr)
            return kind.__name__, [self.plain(one) for one in items]
        if kind in {dict, MappingProxyType}:
            return kind.__name__, [[self.plain(k), self.plain(v)] for k, v in value.items()]
        raise EncodingError(f"a {kind.__module__}.{kind.__qualname__} cannot be kept in a file")


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads what a `ValueWriter` with the same kinds wrote."""

    arrays: tuple[Array, ...]
    kinds: tuple[ValueKind, ...] = ()

    def value(self, plain: Plain) -> Any:  # noqa: ANN401 - whatever was written
        """Return the value of a tree.

        Raises
        ------
        EncodingError
            When the tree is damaged, or names what this process does not know.
        """
        try:
            return self._read(plain)
        except (
            *(LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError),
        ) as error:
            raise EncodingError(f"what was kept cannot be read: {error}") from error

    def _read(self, plain: Plain) -> Any:  # noqa: ANN401
        if isinstance(plain, list):
            return [self._read(one) for one in plain]
        return self._made(plain) if isinstance(plain, dict) else plain

    def _made(self, plain: Mapping[str, Any]) -> Any:  # noqa: ANN401
        mark, value = plain[_MARK], plain["value"]
        if mark == "array":
            return self.arrays[value]
        if mark in _LEAVES:
            return _LEAVES[mark](value)
        if mark == "record":
            return _record(plain["of"], {name: self._read(one) for name, one in value.items()})
        if mark == "enum":
            return _class(plain["of"], Enum)(self._read(value))
        makers = {**_CONTAINERS, **{kind.name: kind.put_together for kind in self.kinds}}
        return makers[mark](self._read(value))


def plain_dtype(text: str) -> np.dtype[Any]:
    """Return the dtype of a name as numpy writes it for plain numbers: ``<f4``, ``|u1``, ``>i8``.

    `numpy.dtype` itself would read a whole language, and evaluate parts of it.

    Raises
    ------
    EncodingError
        When it is none.
    """
    if _DTYPE.fullmatch(text) is None:
        raise EncodingError(f"{text[:40]!r} is no dtype of plain numbers")
    try:
        return np.dtype(text)
    except TypeError as error:
        raise EncodingError(f"{text!r} is no dtype of plain numbers") from error


_LEAVES: Mapping[str, Callable[[Any], object]] = {
    "float": float,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "number": lambda parts: plain_dtype(parts[0]).type(
        float(parts[1]["value"]) if isinstance(parts[1], dict) else parts[1]
    ),
}
_CONTAINERS: Mapping[str, Callable[[Any], object]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
    "mappingproxy": lambda pairs: MappingProxyType(dict(pairs)),
}


_SHAPES: dict[type, tuple[str, tuple[str, ...]] | None] = {}


def _shape(cls: type) -> tuple[str, tuple[str, ...]] | None:
    """Return a dataclass's name and its fields' names, ``None`` for other classes.

    There is a record for each node and round: `dataclasses` would look its fields up for each.
    """
    if cls not in _SHAPES:
        record = dataclasses.is_dataclass(cls)
        fields = tuple(f.name for f in dataclasses.fields(cls)) if record else ()
        _SHAPES[cls] = (_name(cls), fields) if record else None
    return _SHAPES[cls]


def _name(cls: type) -> str:
    if "<locals>" in cls.__qualname__ or cls.__module__ == "__main__":
        raise EncodingError(
            f"{cls.__qualname__} cannot be found again: define it at the top of a module"
        )
    return f"{cls.__module__}:{cls.__qualname__}"


def _class(name: str, base: type | None = None) -> Any:  # noqa: ANN401 - a class that is named
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    fits = isinstance(found, type) and (
        dataclasses.is_dataclass(found) if base is None else issubclass(found, base)
    )
    if not fits:
        raise EncodingError(f"{name} is not there any more: it was kept by other code")
    return found


def _record(name: str, values: Mapping[str, object]) -> object:
    cls = _class(name)
    if {f.name for f in dataclasses.fields(cls)} != values.keys():
        raise EncodingError(f"{name} has other fields now: it was kept by another version")
    made = object.__new__(cls)
    for key, value in values.items():
        object.__setattr__(made, key, value)
    return made
