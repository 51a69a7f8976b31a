"""What is read by functions is what scalecodec reads, of every type that the metadata has."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from scalecodec.types import (
    Bytes,
    Compact,
    Enum,
    FixedLengthArray,
    GenericAccountId,
    GenericCall,
    Null,
    Option,
    Tuple,
    Vec,
)

from pallet_bridge.client.substrate.decoder import Decoder
from pallet_bridge.client.substrate.types import CODEC_ERRORS, ending, is_a
from pallet_bridge.errors import BadChainValue

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient

SEEDS = range(40)
SIZES = {"U8": 1, "U16": 2, "U32": 4, "U64": 8, "U128": 16, "I64": 8, "H256": 32}
DEEPEST = 12


def stored_types(chain: EmbeddedClient) -> list[str]:
    """The types of all storage values and constants, and of all that the registry names."""
    interface = chain._codec._interface
    kinds = {one for one in interface.runtime_config.type_registry["types"] if "info::" in one}
    for pallet in interface.metadata.pallets:
        kinds |= {entry.get_value_type_string() for entry in pallet.storage or ()}
        kinds |= {constant.type for constant in pallet.constants or ()}
    return sorted(kinds)


class Made:
    """Random bytes that are of a type, but for calls within it."""

    def __init__(self, chain: EmbeddedClient, seed: int) -> None:
        self._config = chain._codec._interface.runtime_config
        self._random = random.Random(seed)

    def value(self, kind: Any, depth: int = 0) -> bytes:
        if kind is None or kind == "Null":
            return b""
        if isinstance(kind, dict):
            return b"".join(self.value(one, depth + 1) for one in kind.values())
        cls = self._config.get_decoder_class(kind)
        names = {base.__name__.upper() for base in cls.__mro__}
        for name, size in SIZES.items():
            if name in names:
                return self._random.choice((bytes(size), self._random.randbytes(size)))
        return self._composed(cls, names, depth)

    def _composed(  # noqa: C901, PLR0911 - one branch a kind of type
        self, cls: Any, names: set[str], depth: int
    ) -> bytes:
        if is_a(cls, GenericCall) or depth > DEEPEST:
            raise NotImplementedError
        if is_a(cls, GenericAccountId):
            return self._random.randbytes(32)
        if is_a(cls, Null):
            return b""
        if "BOOL" in names:
            return self._random.choice((b"\0", b"\1"))
        if is_a(cls, Compact):
            return self._compact()
        if is_a(cls, Option):
            return self._random.choice((b"\0", b"\1" + self.value(cls.sub_type, depth + 1)))
        if is_a(cls, FixedLengthArray):
            items = range(cls.element_count or 0)
            return b"".join(self.value(cls.sub_type, depth + 1) for _ in items)
        if is_a(cls, Vec) or "BYTES" in names:
            return self._list(cls.sub_type if is_a(cls, Vec) else "u8", depth)
        if is_a(cls, Enum):
            index = self._random.choice([n for n, one in enumerate(cls.type_mapping) if one[0]])
            return bytes([index]) + self.value(cls.type_mapping[index][1], depth + 1)
        if cls.type_mapping is None:  # an era, an extrinsic
            raise NotImplementedError
        kinds = cls.type_mapping if is_a(cls, Tuple) else [one for _, one in cls.type_mapping]
        return b"".join(self.value(one, depth + 1) for one in kinds)

    def _list(self, kind: str, depth: int) -> bytes:
        count = self._random.choice((0, 1, 3))
        return bytes([count << 2]) + b"".join(self.value(kind, depth + 1) for _ in range(count))

    def _compact(self) -> bytes:
        small = self._random.randrange(64) << 2
        two, four = (self._random.randrange(1 << 14) << 2) | 1, (self._random.getrandbits(30) << 2)
        wide = self._random.randrange(4)
        return self._random.choice(
            (
                bytes([small]),
                two.to_bytes(2, "little"),
                (four | 2).to_bytes(4, "little"),
                bytes([(wide << 2) | 3]) + self._random.randbytes(wide + 4),
            )
        )


def told(chain: EmbeddedClient, kind: str, data: bytes) -> tuple[bool, str]:
    """What this package's decoder makes of bytes."""
    try:
        return True, repr(chain._codec._interface.decoder.read(kind, data))
    except CODEC_ERRORS:
        return False, ""


def by_scalecodec(chain: EmbeddedClient, kind: str, data: bytes) -> tuple[bool, str]:
    """What scalecodec makes of them."""
    interface = chain._codec._interface
    try:
        made = interface.runtime_config.create_scale_object(
            kind, data=ending("0x" + data.hex()), metadata=interface.metadata
        )
        return True, repr(made.decode(check_remaining=True))
    except CODEC_ERRORS:
        return False, ""


@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_every_type_are_read_as_scalecodec_reads_them(
    chain: EmbeddedClient, seed: int
) -> None:
    made, read = Made(chain, seed), 0
    for kind in stored_types(chain):
        try:
            data = made.value(kind)
        except (NotImplementedError, IndexError):  # a call; an enum that nothing is of
            continue
        expected = by_scalecodec(chain, kind, data)
        assert told(chain, kind, data) == expected, (kind, data.hex())
        read += expected[0]
    assert read > 150


@pytest.mark.parametrize("seed", SEEDS[:15])
def test_bytes_that_are_cut_off_longer_or_changed_are_refused_where_scalecodec_refuses_them(
    chain: EmbeddedClient, seed: int
) -> None:
    made, refused = Made(chain, seed), 0
    rng = random.Random(seed)
    for kind in stored_types(chain):
        try:
            data = made.value(kind)
        except (NotImplementedError, IndexError):
            continue
        changed = bytearray(data or b"\0")
        changed[rng.randrange(len(changed))] = rng.randrange(256)
        for one in (data[: rng.randrange(len(data) + 1)], data + b"\0", bytes(changed)):
            expected = by_scalecodec(chain, kind, one)
            assert told(chain, kind, one) == expected, (kind, one.hex())
            refused += not expected[0]
    assert refused > 200


def test_only_calls_are_left_to_scalecodec(chain: EmbeddedClient) -> None:
    """And text, and enums without a variant: an event has none of these."""
    interface = chain._codec._interface
    decoder = Decoder(interface.runtime_config, interface.metadata)
    for pallet in interface.metadata.pallets:
        for entry in pallet.storage or ():
            decoder.reader(entry.get_value_type_string())
    left = {interface.runtime_config.get_decoder_class(kind) for kind in decoder.left}
    for cls in left:
        is_empty = is_a(cls, Enum) and not cls.type_mapping
        assert is_empty or is_a(cls, GenericCall, Bytes), cls


def test_a_list_of_nothing_asks_for_no_more_than_its_bytes(chain: EmbeddedClient) -> None:
    interface = chain._codec._interface
    nothing = type("ListOfNothing", (Vec,), {"sub_type": "Null"})
    interface.runtime_config.type_registry["types"]["listofnothing"] = nothing
    with pytest.raises(BadChainValue, match="1073741823 bytes wanted, 0 left"):
        chain._codec._decode("listofnothing", "0xfeffffff", "a test")
    with pytest.raises(BadChainValue, match="hex"):
        chain._codec._decode("listofnothing", "0xzz", "a test")


def test_a_type_within_itself_is_refused_and_not_followed_for_ever(chain: EmbeddedClient) -> None:
    types = chain._codec._interface.runtime_config.type_registry["types"]
    types["onionoflayers"] = type("OnionOfLayers", (Option,), {"sub_type": "onionoflayers"})
    decoder = chain._codec._interface.decoder
    assert decoder.read("onionoflayers", b"\1\1\1\0") is None
    with pytest.raises(BadChainValue, match="recursion"):
        chain._codec._decode("onionoflayers", "0x" + "01" * 100_000, "a test")


def test_events_are_read_without_an_object_for_each_field(
    chain: EmbeddedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scalecodec made them, which was most of what an audit took."""
    interface = chain._codec._interface
    find = interface.runtime_config.get_decoder_class
    record = find(interface.kind("System", "Events")).sub_type

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("scalecodec was asked")

    monkeypatch.setattr(interface.runtime_config, "create_scale_object", refused)
    for seed in SEEDS:
        data = b"\x04" + Made(chain, seed).value(record)
        events = chain._codec.storage_value("System", "Events", "0x" + data.hex())
        assert isinstance(events, list)
        assert len(events) == 1
