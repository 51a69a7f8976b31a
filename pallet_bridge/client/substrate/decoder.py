"""Reading SCALE by types that are looked up once, into what scalecodec would give.

scalecodec makes an object for each value, and one for each field of it: that was most of what an
audit took. Here a type becomes a function, made once for each metadata, that reads plain values.
Which function is read off scalecodec's own class, so that the two cannot be of two minds about
what a type is. A class that is not known here (a call within a value) scalecodec reads itself.

Bytes are a node's word. No length is believed: a list has no more items than its bytes can hold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from scalecodec import types as known
from scalecodec.exceptions import (
    InvalidScaleTypeValueException,
    RemainingScaleBytesNotEmptyException,
)

from pallet_bridge.accounts import ss58
from pallet_bridge.client.substrate.types import ending, read_account, read_bytes

Read = Callable[[bytes, int], tuple[Any, int]]
"""Reads a value that begins at a place of the bytes; gives it, and the place after it."""

_NOTHING: Final = "Null"
_WIDE: Final = 3  # the mode of a compact number that says how many bytes it has
_HASH: Final = 32


class Decoder:
    """The types of one metadata, as functions. Several threads may read by it.

    Parameters
    ----------
    types
        The types, as scalecodec has them.
    metadata
        What calls within values are read by.
    """

    def __init__(self, types: Any, metadata: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
        self._types, self._metadata = types, metadata
        self._lock = threading.RLock()
        self._known: dict[str, Read] = {}
        self._making: dict[str, Read] = {}
        self.left: set[str] = set()
        """The names of types that scalecodec reads itself."""

    def read(self, kind: str, data: bytes) -> object:
        """Return a value of a type, which all of the bytes are.

        Raises
        ------
        ValueError, InvalidScaleTypeValueException, RemainingScaleBytesNotEmptyException
            When the bytes are none of that type, and what else scalecodec raises on a call.
        """
        value, at = self.reader(kind)(data, 0)
        if at != len(data):
            raise RemainingScaleBytesNotEmptyException(f"{len(data) - at} bytes more than {kind}")
        return value

    def reader(self, kind: str) -> Read:
        """Return what reads a type."""
        found = self._known.get(kind)
        if found is None:
            with self._lock:  # only whoever has it sees what is not made yet
                found = self._known.get(kind) or self._making.get(kind) or self._made(kind)
        return found

    def _made(self, kind: str) -> Read:
        def within(data: bytes, at: int) -> tuple[Any, int]:  # a type within itself
            return self._known[kind](data, at)

        self._making[kind] = within
        try:
            self._known[kind] = self._compiled(kind)
        finally:
            del self._making[kind]
        return self._known[kind]

    def _compiled(self, kind: str) -> Read:
        cls = self._types.get_decoder_class(kind)
        if cls is None:
            raise NotImplementedError(f"no type is called {kind!r}")
        if cls.process in _PLAIN:
            return _PLAIN[cls.process]
        make = _MAKERS.get(cls.process)
        found = None if make is None else make(self, cls)
        if found is None:
            self.left.add(kind)
            found = self._delegated(kind)
        return found

    def struct(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads a struct."""
        return _struct(self._fields(cls.type_mapping))

    def enum(self, cls: Any) -> Read | None:  # noqa: ANN401 - as above
        """Return what reads an enum; None for one without variants."""
        variants = [(name, self._content(kind)) for name, kind in cls.type_mapping or ()]
        return _enum(variants) if variants else None

    def option(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads an option."""
        return _option(self.reader(cls.sub_type or _NOTHING))

    def vec(self, cls: Any) -> Read | None:  # noqa: ANN401 - as above
        """Return what reads a list; None for bytes that scalecodec shows as text."""
        return None if self._is_byte(cls.sub_type) else _vec(self.reader(cls.sub_type))

    def array(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads a list whose length its type says."""
        count = int(cls.element_count or 0)
        if count and self._is_byte(cls.sub_type):
            return _hex(count)
        return _array(self.reader(cls.sub_type) if count else _null, count)

    def members(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads a tuple."""
        return _tuple([self.reader(kind or _NOTHING) for kind in cls.type_mapping])

    def record(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads an event with its phase and its topics."""
        return _record(self._fields(cls.type_mapping))

    def event(self, cls: Any) -> Read:  # noqa: ANN401 - as above
        """Return what reads an event of any pallet."""
        return _event([(name, self._variants(kind)) for name, kind in cls.type_mapping])

    def _fields(self, mapping: Any) -> list[tuple[str, Read]]:  # noqa: ANN401 - as above
        return [(name, self.reader(kind or _NOTHING)) for name, kind in mapping]

    def _content(self, kind: Any) -> Read | None:  # noqa: ANN401 - as above
        """Return what reads the content of a variant: named fields, one value, or nothing."""
        if kind is None or kind == _NOTHING:
            return None
        if isinstance(kind, dict):
            return _struct(self._fields(kind.items()))
        return self.reader(kind)

    def _variants(self, kind: Any) -> list[tuple[str, Read | None]] | None:  # noqa: ANN401 - as above
        """Return the events of a pallet; a pallet without has none."""
        if kind is None or kind == _NOTHING:
            return None
        mapping = self._types.get_decoder_class(kind).type_mapping
        return [(name, self._attributes(one)) for name, one in mapping]

    def _attributes(self, kind: Any) -> Read | None:  # noqa: ANN401 - as above
        """Return what reads an event's content; scalecodec tells no empty list from nothing."""
        found = self._content(kind)
        if found is None or isinstance(kind, dict):
            return found
        process = self._types.get_decoder_class(kind).process
        return _or_nothing(found) if process in {known.Vec.process, read_bytes} else found

    def _is_byte(self, kind: str) -> bool:
        return self._types.get_decoder_class(kind) is known.U8

    def _delegated(self, kind: str) -> Read:
        def read(data: bytes, at: int) -> tuple[Any, int]:
            rest = ending(f"0x{data[at:].hex()}")
            made = self._types.create_scale_object(kind, data=rest, metadata=self._metadata)
            value = made.decode(check_remaining=False)
            return value, at + rest.offset

        return read


def _short(wanted: int, data: bytes, at: int) -> ValueError:
    return ValueError(f"{wanted} bytes wanted, {len(data) - at} left")


def _number(size: int, *, signed: bool = False) -> Read:
    def read(data: bytes, at: int) -> tuple[int, int]:
        end = at + size
        if end > len(data):
            raise _short(size, data, at)
        return int.from_bytes(data[at:end], "little", signed=signed), end

    return read


def _hex(size: int) -> Read:
    def read(data: bytes, at: int) -> tuple[str, int]:
        end = at + size
        if end > len(data):
            raise _short(size, data, at)
        return f"0x{data[at:end].hex()}", end

    return read


def _bool(data: bytes, at: int) -> tuple[bool, int]:
    if at >= len(data):
        raise _short(1, data, at)
    if data[at] > 1:
        raise InvalidScaleTypeValueException(f"{data[at]} is no bool")
    return data[at] == 1, at + 1


def _null(_data: bytes, at: int) -> tuple[None, int]:
    return None, at


def _account(data: bytes, at: int) -> tuple[str, int]:
    end = at + _HASH
    if end > len(data):
        raise _short(_HASH, data, at)
    return ss58.encode(data[at:end]), end


def _compact(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise _short(1, data, at)
    first = data[at]
    mode = first & 3
    if mode == _WIDE:
        at += 1
        size = (first >> 2) + 4
    else:
        size = 1 << mode
    end = at + size
    if end > len(data):
        raise _short(size, data, at)
    number = int.from_bytes(data[at:end], "little")
    return (number if mode == _WIDE else number >> 2), end


def _list_of_bytes(data: bytes, at: int) -> tuple[str, int]:
    size, at = _compact(data, at)
    end = at + size
    if end > len(data):
        raise _short(size, data, at)
    return f"0x{data[at:end].hex()}", end


def _struct(fields: list[tuple[str, Read]]) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        made = {}
        for name, field in fields:
            made[name], at = field(data, at)
        return made, at

    return read


def _tuple(members: list[Read]) -> Read:
    if len(members) == 1:
        return members[0]

    def read(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        made = []
        for member in members:
            value, at = member(data, at)
            made.append(value)
        return tuple(made), at

    return read


def _option(inner: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        if at >= len(data):
            raise _short(1, data, at)
        return inner(data, at + 1) if data[at] else (None, at + 1)

    return read


def _vec(inner: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        count, at = _compact(data, at)
        if count > len(data) - at:  # an item has a byte, or one could ask for 2^30 of nothing
            raise _short(count, data, at)
        made = []
        for _ in range(count):
            value, at = inner(data, at)
            made.append(value)
        return made, at

    return read


def _array(inner: Read, count: int) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        made = []
        for _ in range(count):
            value, at = inner(data, at)
            made.append(value)
        return made, at

    return read


def _variant(data: bytes, at: int, count: int) -> int:
    if at >= len(data):
        raise _short(1, data, at)
    if data[at] >= count:
        raise ValueError(f"{data[at]} is no variant")
    return data[at]


def _enum(variants: list[tuple[str, Read | None]]) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        name, content = variants[_variant(data, at, len(variants))]
        if content is None:
            return name, at + 1
        value, at = content(data, at + 1)
        return {name: value}, at

    return read


def _or_nothing(inner: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        value, at = inner(data, at)
        return (None if value in ([], "0x") else value), at

    return read


def _event(pallets: list[tuple[str, list[tuple[str, Read | None]] | None]]) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        pallet = _variant(data, at, len(pallets))
        module, events = pallets[pallet]
        if events is None:
            raise ValueError(f"pallet {pallet} has no events")
        index = _variant(data, at + 1, len(events))
        name, content = events[index]
        attributes, at = (None, at + 2) if content is None else content(data, at + 2)
        return {
            "event_index": f"{pallet:02x}{index:02x}",
            "module_id": module,
            "event_id": name,
            "attributes": attributes,
        }, at

    return read


def _record(fields: list[tuple[str, Read]]) -> Read:
    struct = _struct(fields)

    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        made, at = struct(data, at)
        phase, event = made["phase"], made["event"]
        name, extrinsic = (phase, None) if isinstance(phase, str) else next(iter(phase.items()))
        return {
            "phase": name,
            "extrinsic_idx": extrinsic if name == "ApplyExtrinsic" else None,
            "event": event,
            "event_index": int(event["event_index"][:2], 16),
            "module_id": event["module_id"],
            "event_id": event["event_id"],
            "attributes": event["attributes"],
            "topics": made["topics"],
        }, at

    return read


_PLAIN: Final[dict[Any, Read]] = {
    known.U8.process: _number(1),
    known.U16.process: _number(2),
    known.U32.process: _number(4),
    known.U64.process: _number(8),
    known.U128.process: _number(16),
    known.I64.process: _number(8, signed=True),
    known.Bool.process: _bool,
    known.Compact.process: _compact,
    known.H256.process: _hex(_HASH),
    known.Null.process: _null,
    read_account: _account,
    read_bytes: _list_of_bytes,
}
_MAKERS: Final[dict[Any, Callable[[Decoder, Any], Read | None]]] = {
    known.Struct.process: Decoder.struct,
    known.Enum.process: Decoder.enum,
    known.Option.process: Decoder.option,
    known.Vec.process: Decoder.vec,
    known.FixedLengthArray.process: Decoder.array,
    known.Tuple.process: Decoder.members,
    known.GenericEventRecord.process: Decoder.record,
    known.GenericScaleInfoEvent.process: Decoder.event,
}
