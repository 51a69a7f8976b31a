"""Reading values by metadata, by functions that are made once for each type.

scalecodec makes an object for each field of each value and looks its class up by name, which is
most of the time that an audit took. Here a type becomes a function from bytes and a place to a
value and the next place. What a value looks like is scalecodec's: the functions are made from its
classes, and a type with a class that is not known here is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from scalecodec import types as scale

from pallet_bridge import ss58
from pallet_bridge.client.substrate.types import read_account, read_bytes

Reader: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""Reads a value from a place on; gives the value and the place behind it."""

_INTEGERS: Final = {
    scale.U8: (1, False),
    scale.U16: (2, False),
    scale.U32: (4, False),
    scale.U64: (8, False),
    scale.U128: (16, False),
    scale.U256: (32, False),
    scale.I8: (1, True),
    scale.I16: (2, True),
    scale.I32: (4, True),
    scale.I64: (8, True),
    scale.I128: (16, True),
}
_HASHES: Final = {scale.H160: 20, scale.H256: 32, scale.H512: 64}


class Unknown(Exception):
    """A type is of a class that is not known here."""


class Readers:
    """The functions for the types of one runtime's metadata.

    Parameters
    ----------
    config
        scalecodec's registry of the types, mended by `substrate.types`.
    """

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - scalecodec has no annotations
        self._config = config
        self._made: dict[str, Reader | None] = {}
        self._known: dict[str, Reader] = {}

    def find(self, name: str) -> Reader | None:
        """Return the function for the type of this name; ``None``: scalecodec has to read it."""
        if name not in self._made:
            before = set(self._known)
            try:
                self._made[name] = self._of(name)
            except Unknown:
                for one in self._known.keys() - before:  # it may hold what could not be made
                    del self._known[one]
                self._made[name] = None
        return self._made[name]

    def _of(self, name: Any) -> Reader:  # noqa: ANN401 - a name, or the fields of a variant
        if not isinstance(name, str):
            return self._made_of(self._config.get_decoder_class(name))
        if name not in self._known:
            known = self._known
            known[name] = _later(known, name)  # a type may hold itself
            known[name] = self._made_of(self._config.get_decoder_class(name))
        return self._known[name]

    def _made_of(self, kind: Any) -> Reader:  # noqa: ANN401
        process = getattr(kind, "process", None)
        maker = _MAKERS.get(process)
        if maker is None:
            raise Unknown(kind)
        return maker(self, kind)

    def _struct(self, kind: Any) -> Reader:  # noqa: ANN401
        fields = [(key, self._of("Null" if one is None else one)) for key, one in kind.type_mapping]

        def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
            found = {}
            for key, field in fields:
                found[key], at = field(data, at)
            return found, at

        return read

    def _tuple(self, kind: Any) -> Reader:  # noqa: ANN401
        members = ["Null" if one is None else one for one in kind.type_mapping]
        if len(members) == 1:
            return self._of(members[0])
        readers = [self._of(one) for one in members]

        def read(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
            found = []
            for member in readers:
                value, at = member(data, at)
                found.append(value)
            return tuple(found), at

        return read

    def _variants(self, kind: Any) -> list[tuple[Any, Reader | None]]:  # noqa: ANN401
        if not kind.type_mapping:
            values = kind.value_list or []
            if not isinstance(values, list):
                raise Unknown(kind)
            return [(value, None) for value in values]
        return [
            (name, None if one is None or one == "Null" else self._of(one))
            for name, one in kind.type_mapping
        ]

    def _enum(self, kind: Any) -> Reader:  # noqa: ANN401
        variants = self._variants(kind)

        def read(data: bytes, at: int) -> tuple[Any, int]:
            name, content = _variant(variants, data, at)
            if content is None:
                return name, at + 1
            value, at = content(data, at + 1)
            return {name: value}, at

        return read

    def _vec(self, kind: Any) -> Reader:  # noqa: ANN401
        if self._config.get_decoder_class(kind.sub_type) is scale.U8:
            raise Unknown(kind)  # it is mended, or its text hangs on its bytes
        entry = self._of(kind.sub_type)

        def read(data: bytes, at: int) -> tuple[list[Any], int]:
            count, at = _compact(data, at)
            if count > len(data) - at:  # an entry takes one byte at least, or is not worth a list
                raise ValueError(f"a list of {count}, and {len(data) - at} bytes left")
            found = []
            for _ in range(count):
                value, at = entry(data, at)
                found.append(value)
            return found, at

        return read

    def _array(self, kind: Any) -> Reader:  # noqa: ANN401
        count = kind.element_count
        if count and self._config.get_decoder_class(kind.sub_type) is scale.U8:
            return _hexed(count)
        entry = self._of(kind.sub_type) if count else _nothing

        def read(data: bytes, at: int) -> tuple[list[Any], int]:
            found = []
            for _ in range(count):
                value, at = entry(data, at)
                found.append(value)
            return found, at

        return read

    def _option(self, kind: Any) -> Reader:  # noqa: ANN401
        inner = self._of(kind.sub_type) if kind.sub_type else None

        def read(data: bytes, at: int) -> tuple[Any, int]:
            (there,) = _taken(data, at, 1)
            if there and inner is not None:
                return inner(data, at + 1)
            return None, at + 1

        return read

    def _event(self, kind: Any) -> Reader:  # noqa: ANN401
        pallets = self._of_events(kind)

        def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
            module, events = _variant(pallets, data, at)
            if events is None:
                raise ValueError(f"no event is of pallet {data[at]}")
            name, content = _variant(events, data, at + 1)
            index, at = data[at : at + 2].hex(), at + 2
            attributes = None
            if content is not None:
                attributes, at = content(data, at)
            return {
                "event_index": index,
                "module_id": module,
                "event_id": name,
                "attributes": attributes,
            }, at

        return read

    def _of_events(self, kind: Any) -> list[tuple[str, list[tuple[Any, Reader | None]] | None]]:  # noqa: ANN401
        found: list[tuple[str, list[tuple[Any, Reader | None]] | None]] = []
        for name, one in kind.type_mapping:
            if one is None or one == "Null":
                found.append((name, None))
                continue
            events = self._config.get_decoder_class(one)
            if events.process is not scale.Enum.process:
                raise Unknown(events)
            found.append((name, self._variants(events)))
        return found

    def _record(self, kind: Any) -> Reader:  # noqa: ANN401
        names = [name for name, _ in kind.type_mapping]
        if names != ["phase", "event", "topics"]:
            raise Unknown(kind)
        event_kind = self._config.get_decoder_class(kind.type_mapping[1][1])
        if event_kind.process is not scale.GenericScaleInfoEvent.process:
            raise Unknown(event_kind)
        phase, event, topics = (self._of(one) for _, one in kind.type_mapping)

        def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
            when, at = phase(data, at)
            pallet = at
            what, at = event(data, at)
            tags, at = topics(data, at)
            name, extrinsic = when, None
            if isinstance(when, dict):
                ((name, content),) = when.items()
                extrinsic = content if name == "ApplyExtrinsic" else None
            return {
                "phase": name,
                "extrinsic_idx": extrinsic,
                "event": what,
                "event_index": data[pallet],
                "module_id": what["module_id"],
                "event_id": what["event_id"],
                "attributes": what["attributes"],
                "topics": tags,
            }, at

        return read


def whole(reader: Reader, text: str) -> object:
    """Read a value that is all of these bytes, in hex with ``0x``.

    Raises
    ------
    ValueError
        When they are no hex, or not exactly one value.
    """
    if not text.startswith("0x"):
        raise ValueError(f"{text[:40]!r} is no hex")
    data = bytes.fromhex(text[2:])
    value, end = reader(data, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes more than a value")
    return value


def _taken(data: bytes, at: int, count: int) -> bytes:
    found = data[at : at + count]
    if len(found) < count:
        raise ValueError(f"{count} bytes wanted, {len(found)} left")
    return found


def _variant(variants: list[tuple[Any, Any]], data: bytes, at: int) -> tuple[Any, Any]:
    (index,) = _taken(data, at, 1)
    if index >= len(variants):
        raise ValueError(f"there is no variant {index}")
    return variants[index]


def _compact(data: bytes, at: int) -> tuple[int, int]:
    (first,) = _taken(data, at, 1)
    kind = first & 3
    if kind == 0:
        return first >> 2, at + 1
    if kind < 3:  # noqa: PLR2004 - two or four bytes
        size = 2 * kind
        return int.from_bytes(_taken(data, at, size), "little") >> 2, at + size
    size = (first >> 2) + 4
    return int.from_bytes(_taken(data, at + 1, size), "little"), at + 1 + size


def _nothing(data: bytes, at: int) -> tuple[None, int]:
    del data
    return None, at


def _flag(data: bytes, at: int) -> tuple[bool, int]:
    (found,) = _taken(data, at, 1)
    if found > 1:
        raise ValueError(f"{found} is no bool")
    return found == 1, at + 1


def _account(data: bytes, at: int) -> tuple[str, int]:
    return ss58.encode(_taken(data, at, 32)), at + 32


def _bytes_as_hex(data: bytes, at: int) -> tuple[str, int]:
    count, at = _compact(data, at)
    return f"0x{_taken(data, at, count).hex()}", at + count


def _hexed(count: int) -> Reader:
    def read(data: bytes, at: int) -> tuple[str, int]:
        return f"0x{_taken(data, at, count).hex()}", at + count

    return read


def _integer(count: int, *, signed: bool) -> Reader:
    def read(data: bytes, at: int) -> tuple[int, int]:
        return int.from_bytes(_taken(data, at, count), "little", signed=signed), at + count

    return read


def _later(known: dict[str, Reader], name: str) -> Reader:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        return known[name](data, at)

    return read


def _always(reader: Reader) -> Callable[[Readers, Any], Reader]:
    def made(readers: Readers, kind: Any) -> Reader:  # noqa: ANN401
        del readers, kind
        return reader

    return made


_MAKERS: Final[dict[Any, Callable[[Readers, Any], Reader]]] = {
    scale.Struct.process: Readers._struct,  # noqa: SLF001
    scale.Tuple.process: Readers._tuple,  # noqa: SLF001
    scale.Enum.process: Readers._enum,  # noqa: SLF001
    scale.Vec.process: Readers._vec,  # noqa: SLF001
    scale.FixedLengthArray.process: Readers._array,  # noqa: SLF001
    scale.Option.process: Readers._option,  # noqa: SLF001
    scale.GenericScaleInfoEvent.process: Readers._event,  # noqa: SLF001
    scale.GenericEventRecord.process: Readers._record,  # noqa: SLF001
    scale.Compact.process: _always(_compact),
    scale.CompactU32.process: _always(_compact),
    scale.Bool.process: _always(_flag),
    scale.Null.process: _always(_nothing),
    read_account: _always(_account),
    read_bytes: _always(_bytes_as_hex),
    **{
        kind.process: _always(_integer(count, signed=signed))
        for kind, (count, signed) in _INTEGERS.items()
    },
    **{kind.process: _always(_hexed(count)) for kind, count in _HASHES.items()},
}
"""By the function with which scalecodec reads a class: a subclass with its own is not known."""
