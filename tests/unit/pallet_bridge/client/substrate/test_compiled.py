"""Values are read as scalecodec reads them, and refused where it refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scalecodec import types as scale

from pallet_bridge import connect
from pallet_bridge.client.codec import _CODEC_ERRORS, Codec
from pallet_bridge.client.substrate.compiled import whole
from pallet_bridge.client.substrate.types import ending, is_a
from pallet_bridge.metadata import PALLET

if TYPE_CHECKING:
    from collections.abc import Iterator

    Random = np.random.Generator

EACH = 30
DEEPEST = 8


class Types:
    """The types of the shipped runtime, as scalecodec and as the compiled functions read them."""

    def __init__(self, codec: Codec) -> None:
        self._interface = codec._interface  # the codec itself shows values only
        self.config = self._interface.runtime_config
        self.readers = self._interface.readers

    def stored(self) -> dict[str, str]:
        return {
            f"{pallet.name}.{item.value['name']}": item.get_value_type_string()
            for pallet in self._interface.metadata.pallets
            for item in pallet.storage or []
        }

    def by_scalecodec(self, name: str, data: bytes) -> Any:
        made = self.config.create_scale_object(
            name, data=ending(f"0x{data.hex()}"), metadata=self._interface.metadata
        )
        return made.decode(check_remaining=True)

    def by_reader(self, name: str, data: bytes) -> Any:
        reader = self.readers.find(name)
        assert reader is not None, name
        return whole(reader, f"0x{data.hex()}")

    def drawn(self, name: Any, rng: Random, depth: int = 0) -> bytes:
        """Return bytes of a value of this type, drawn from what its class says."""
        kind = self.config.get_decoder_class(name)
        makers = (made for base, made in DRAWN.items() if is_a(kind, base))
        return next(makers)(self, kind, rng, depth + 1)

    def several(self, name: str, count: int, rng: Random, depth: int) -> bytes:
        return b"".join(self.drawn(name, rng, depth) for _ in range(count))

    def variant(self, kind: Any, rng: Random, depth: int) -> bytes:
        there = [
            (index, content)
            for index, (label, content) in enumerate(kind.type_mapping or [])
            if label is not None
        ]
        if not there:
            return b"\0"  # nobody can be one of them
        index, content = there[int(rng.integers(len(there)))]
        inner = b"" if content is None else self.drawn(content, rng, depth)
        return bytes([index]) + inner


def members(types: Types, kind: Any, rng: Random, depth: int) -> bytes:
    names = [one if isinstance(one, str) else one[1] for one in kind.type_mapping]
    return b"".join(types.drawn(one or "Null", rng, depth) for one in names)


def some(types: Types, kind: Any, rng: Random, depth: int) -> bytes:
    count = int(rng.integers(0, 4 if depth < DEEPEST else 1))
    return bytes([count << 2]) + types.several(kind.sub_type, count, rng, depth)


def maybe(types: Types, kind: Any, rng: Random, depth: int) -> bytes:
    return b"\0" if rng.integers(2) else b"\1" + types.drawn(kind.sub_type, rng, depth)


def plain(size: int) -> Any:
    return lambda types, kind, rng, depth: rng.bytes(size)


COMPACT = (b"\0", b"\xa4", b"\x15\x01", b"\xfe\xff\x03\x00", b"\x03\xff\xff\xff\xff")
DRAWN: dict[Any, Any] = {
    scale.Struct: members,
    scale.Tuple: members,
    scale.Enum: Types.variant,
    scale.Vec: some,
    scale.FixedLengthArray: lambda types, kind, rng, depth: types.several(
        kind.sub_type, kind.element_count, rng, depth
    ),
    scale.Option: maybe,
    scale.Compact: lambda types, kind, rng, depth: COMPACT[int(rng.integers(len(COMPACT)))],
    scale.Bool: lambda types, kind, rng, depth: bytes([int(rng.integers(2))]),
    scale.Null: plain(0),
    scale.U8: plain(1),
    scale.U16: plain(2),
    scale.U32: plain(4),
    scale.U64: plain(8),
    scale.U128: plain(16),
    scale.H256: plain(32),
    scale.H512: plain(64),
    scale.I64: plain(8),
}


@pytest.fixture(scope="module")
def types() -> Iterator[Types]:
    with connect("embedded") as chain:
        yield Types(chain._codec)  # type: ignore[attr-defined]


LEFT = {"Council.ProposalOf", "System.LastRuntimeUpgrade"}
"""Types that are left to scalecodec: a call, and text."""


def test_all_that_is_stored_is_read_by_compiled_functions_but_calls_and_text(types: Types) -> None:
    left = {item for item, name in types.stored().items() if types.readers.find(name) is None}
    assert left == LEFT
    assert not any(item.startswith(f"{PALLET}.") for item in left)


def test_every_stored_type_reads_as_by_scalecodec(types: Types) -> None:
    rng = np.random.default_rng(5)
    read = 0
    for item, name in types.stored().items():
        if item in LEFT:
            continue
        for _ in range(EACH * 10 if item == "System.Events" else EACH):
            data = types.drawn(name, rng)
            same(types, name, data, item)
            read += 1
            cut = data[: int(rng.integers(len(data) + 1))]
            same(types, name, cut, item)
            same(types, name, data + b"\0", item)
            if data:
                other = bytearray(data)
                other[int(rng.integers(len(data)))] = int(rng.integers(256))
                same(types, name, bytes(other), item)
    assert read > EACH * 80


def same(types: Types, name: str, data: bytes, item: str) -> None:
    """Compare what both read, types and order of fields included; or that both refuse."""
    try:
        expected = repr(types.by_scalecodec(name, data))
    except _CODEC_ERRORS:
        with pytest.raises(_CODEC_ERRORS):
            types.by_reader(name, data)
    else:
        assert repr(types.by_reader(name, data)) == expected, item


@pytest.mark.parametrize("text", ["", "00", "0x0", "0xzz", "0x" + "ff" * 5])
def test_what_is_no_value_is_refused(types: Types, text: str) -> None:
    reader = types.readers.find("u32")
    assert reader is not None
    with pytest.raises(ValueError, match=r"hex|wanted|more than a value"):
        whole(reader, text)


def test_a_list_that_says_it_is_long_costs_nothing(types: Types) -> None:
    """2^30 entries in five bytes: no time is spent on those that are not there."""
    reader = types.readers.find("Vec<u32>")
    assert reader is not None
    with pytest.raises(ValueError, match="a list of 1073741824, and 0 bytes left"):
        whole(reader, "0x0300000040")
