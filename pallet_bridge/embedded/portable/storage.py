"""Storage in metadata of version 14: where an item lies, and what its keys and values are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.portable.encode import Encoder
from pallet_bridge.embedded.portable.types import TupleOf, many, read_types, text
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.hashing import blake2_128, blake2_256, storage_prefix, twox
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.embedded.portable.encode import JsonValue

_MAGIC: Final = b"meta\x0e"
_HASHERS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    blake2_128,
    blake2_256,
    lambda data: blake2_128(data) + data,
    lambda data: twox(data, 2),
    lambda data: twox(data, 4),
    lambda data: twox(data, 1) + data,
    lambda data: data,
)


@dataclass(frozen=True, slots=True)
class StorageItem:
    """One storage item of a pallet.

    Parameters
    ----------
    place
        ``Pallet.Item``.
    prefix
        The key of a value, and what the keys of a map begin with: 32 bytes.
    hashers
        The numbers of the hashers of a map's keys; empty where the item is one value.
    key, value
        The numbers of the types of the keys, None without, and of the value.
    encoder
        Writes values of these types.
    """

    place: str
    prefix: bytes
    hashers: tuple[int, ...]
    key: int | None
    value: int
    encoder: Encoder

    @property
    def is_map(self) -> bool:
        """Whether it holds a value for each key."""
        return self.key is not None

    def full_key(self, keys: JsonValue) -> bytes:
        """Return where a map holds the value of its keys, which are a list.

        Raises
        ------
        EncodingError
            When the keys are not as many as the map has, or one does not fit.
        """
        kinds = self._key_kinds()
        if not isinstance(keys, list) or len(keys) != len(kinds):
            raise EncodingError(
                f"{self.place} has {len(kinds)} keys for a value: give them as a list"
            )
        found = self.prefix
        pairs = zip(self.hashers, kinds, keys, strict=True)
        for number, (hasher, kind, key) in enumerate(pairs):
            data = self.encoder.encode(kind, key, f"{self.place} key {number}")
            found += _HASHERS[hasher](data)
        return found

    def encoded(self, value: JsonValue, place: str) -> bytes:
        """Write a value; `EncodingError` where it does not fit."""
        return self.encoder.encode(self.value, value, place)

    def _key_kinds(self) -> tuple[int, ...]:
        if self.key is None:
            return ()
        if len(self.hashers) == 1:
            return (self.key,)
        shape = self.encoder.shape(self.key, self.place)
        kinds = shape.items if isinstance(shape, TupleOf) else ()
        if len(kinds) != len(self.hashers):
            raise EncodingError(f"{self.place}: the metadata has keys and hashers of two numbers")
        return kinds


@dataclass(frozen=True, slots=True)
class Pallet:
    """A pallet's name and its storage, by the names of the items."""

    name: str
    items: Mapping[str, StorageItem]


@lru_cache(maxsize=2)
def read_metadata(data: bytes) -> tuple[Pallet, ...]:
    """Read the storage of each pallet from metadata of version 14.

    Raises
    ------
    DecodeError
        When the bytes are no such metadata.
    """
    reader = ScaleReader(data)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise DecodeError("these bytes are no metadata of version 14")
    encoder = Encoder(read_types(reader))
    return many(reader, lambda: _read_pallet(reader, encoder))


def _read_pallet(reader: ScaleReader, encoder: Encoder) -> Pallet:
    name = text(reader)
    items = _read_items(reader, name, encoder) if reader.flag() else ()
    for _ in ("calls", "event"):
        _pass_over_type(reader)
    for _ in range(reader.compact()):  # constants
        text(reader)
        reader.compact()
        reader.blob()
        _pass_over_docs(reader)
    _pass_over_type(reader)
    reader.uint(1)
    return Pallet(name, dict(items))


def _read_items(
    reader: ScaleReader, pallet: str, encoder: Encoder
) -> tuple[tuple[str, StorageItem], ...]:
    prefix = text(reader)
    return many(reader, lambda: _read_item(reader, pallet, prefix, encoder))


def _read_item(
    reader: ScaleReader, pallet: str, prefix: str, encoder: Encoder
) -> tuple[str, StorageItem]:
    name = text(reader)
    reader.uint(1)  # what a read of nothing gives
    hashers: tuple[int, ...] = ()
    key = None
    if reader.flag():
        hashers, key = many(reader, lambda: reader.uint(1)), reader.compact()
        if not hashers or max(hashers) >= len(_HASHERS):
            raise DecodeError(f"{pallet}.{name} hashes its keys by {hashers}, which is unknown")
    value = reader.compact()
    reader.blob()
    _pass_over_docs(reader)
    place = f"{pallet}.{name}"
    found = StorageItem(place, storage_prefix(prefix, name), hashers, key, value, encoder)
    return name, found


def _pass_over_type(reader: ScaleReader) -> None:
    if reader.flag():
        reader.compact()


def _pass_over_docs(reader: ScaleReader) -> None:
    for _ in range(reader.compact()):
        reader.blob()
