from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.accounts.ss58 import encode
from pallet_bridge.embedded.portable.encode import Encoder
from pallet_bridge.embedded.portable.types import (
    Bits,
    CompactOf,
    Composite,
    Field,
    FixedList,
    Primitive,
    Sequence,
    TupleOf,
    Type,
    Variant,
    Variants,
)
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from pallet_bridge.embedded.portable.types import Shape

ACCOUNT = bytes(range(32))


def primitive(name: str) -> int:
    return NUMBERS.index(name)


def option(kind: int) -> Variants:
    return Variants((Variant("None", (), 0), Variant("Some", (Field(None, kind),), 1)))


NUMBERS = ["bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16"]
U8, U16, U128 = primitive("u8"), primitive("u16"), primitive("u128")
KNOWN: dict[str, tuple[tuple[str, ...], Shape]] = {
    "bytes": ((), Sequence(U8)),
    "four": ((), FixedList(4, U8)),
    "words": ((), Sequence(U16)),
    "pair": ((), TupleOf((U8, U16))),
    "unit": ((), TupleOf(())),
    "compact": ((), CompactOf(U128)),
    "fraction": (("Perbill",), Composite((Field(None, primitive("u32")),))),
    "account": (("sp_core", "AccountId32"), Composite((Field(None, 100),))),
    "maybe": (("Option",), option(U8)),
    "bits": ((), Bits()),
    "thing": (
        ("Thing",),
        Variants(
            (
                Variant("Nothing", (), 0),
                Variant("Fixed", (Field(None, U8),), 3),
                Variant("Both", (Field("first_one", U8), Field("other", U16)), 7),
            )
        ),
    ),
    "picky": (("Picky",), Variants((Variant("Fixed", (Field(None, U8),), 3),))),
}
TYPES = {
    **{number: Type((), Primitive(name)) for number, name in enumerate(NUMBERS)},
    **{20 + number: Type(*known) for number, known in enumerate(KNOWN.values())},
    100: Type((), FixedList(32, U8)),
}
KINDS = {name: 20 + number for number, name in enumerate(KNOWN)}
STRUCT = Composite(
    (
        Field("nonce", primitive("u32")),
        Field("ref_time", U128),
        Field("name", KINDS["bytes"]),
        Field("maybe", KINDS["maybe"]),
        Field("thing", KINDS["thing"]),
        Field("four", KINDS["four"]),
    )
)
TYPES |= {
    101: Type(("Info",), STRUCT),
    102: Type(("Info",), Composite((Field("picky", KINDS["picky"]),))),
    103: Type(("Knot",), Composite((Field("knot", 103),))),
    104: Type((), CompactOf(KINDS["fraction"])),
    105: Type((), CompactOf(KINDS["bytes"])),
    106: Type(("Wide",), Composite((Field("wide", 107),))),
    107: Type((), FixedList(2**32 - 1, U8)),
    108: Type((), Sequence(KINDS["pair"])),
}
KINDS |= {
    "info": 101,
    "choosy": 102,
    "knot": 103,
    "part": 104,
    "odd": 105,
    "wide": 106,
    "map": 108,
    **{name: number for number, name in enumerate(NUMBERS)},
}


def written(name: str, value: Any) -> str:
    return Encoder(TYPES).encode(KINDS[name], value, "P.I").hex()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("bool", True, "01"),
        ("char", "é", "e9000000"),
        ("str", "é", "08c3a9"),
        ("u8", 255, "ff"),
        ("u16", "258", "0201"),
        ("u32", "0x0102", "02010000"),
        ("u128", 2**127, "00" * 15 + "80"),
        ("i8", -1, "ff"),
        ("i16", "-32768", "0080"),
        ("compact", "1000", "a10f"),
        ("part", 16384, "02000100"),
        ("bytes", "0x0102", "080102"),
        ("bytes", "é", "08c3a9"),
        ("bytes", [1, 2], "080102"),
        ("words", [1, "2"], "0801000200"),
        ("words", [], "00"),
        ("four", "0x01020304", "01020304"),
        ("four", [1, 2, 3, 4], "01020304"),
        ("pair", [1, 2], "010200"),
        ("unit", None, ""),
        ("fraction", 7, "07000000"),
        ("account", encode(ACCOUNT), ACCOUNT.hex()),
        ("account", "0x" + ACCOUNT.hex(), ACCOUNT.hex()),
        ("maybe", None, "00"),
        ("maybe", 7, "0107"),
        ("thing", "Nothing", "00"),
        ("thing", "nothing", "00"),
        ("thing", {"Nothing": None}, "00"),
        ("thing", {"Fixed": 9}, "0309"),
        ("thing", {"both": {"firstOne": 1, "other": 2}}, "07010200"),
        ("thing", {"Both": {"first_one": 1}}, "07010000"),
        ("map", {"7": 8}, "04070800"),
        ("map", [[7, 8]], "04070800"),
        ("info", {}, "00000000" + "00" * 16 + "00" + "00" + "00" + "00000000"),
        (
            "info",
            {"refTime": 1, "nonce": 2, "maybe": 3, "name": "a"},
            "02000000" + "01" + "00" * 15 + "0461" + "0103" + "00" + "00000000",
        ),
    ],
)
def test_values_are_written_as_scale(name: str, value: Any, expected: str) -> None:
    assert written(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("bool", 1, "true or false"),
        ("char", "ab", "one letter"),
        ("str", 5, "text"),
        ("str", "\ud800", "surrogate"),
        ("u8", 256, "256 does not fit u8"),
        ("u8", -1, "-1 does not fit u8"),
        ("i8", 128, "128 does not fit i8"),
        ("u8", True, "whole number, u8"),
        ("u8", 1.0, "whole number, u8"),
        ("u8", "1e3", "whole number, u8"),
        ("u8", "0x", "whole number, u8"),
        ("u128", "9" * 5_000, "whole number, u128"),
        ("u128", 10**4_000, "does not fit u128"),
        ("compact", 2**128, "does not fit u128"),
        ("odd", 1, "what is no number"),
        ("bytes", "0xabc", "hexadecimal digits"),
        ("bytes", [256], "P.I[0]: 256 does not fit u8"),
        ("words", "0x0100", "a list"),
        ("four", "0x010203", "4 bytes, not 3"),
        ("four", [1], "4 values"),
        ("pair", [1, 2, 3], "2 values"),
        ("pair", [1, "x"], "P.I[1]"),
        ("unit", 1, "null"),
        ("account", "5Grw", "P.I: "),
        ("account", "0x01", "32 bytes, not 1"),
        ("maybe", "x", "whole number"),
        ("thing", "Odd", "no case 'Odd'; it has Nothing, Fixed, Both"),
        ("thing", {"Fixed": 1, "Both": 2}, "object of one name"),
        ("thing", {"Fixed": 256}, "P.I.Fixed: 256"),
        ("thing", {"Both": {"third": 1}}, "P.I.Both has no field 'third'"),
        ("thing", {"Nothing": 1}, "P.I.Nothing is 1"),
        ("thing", 0, "a name"),
        ("info", [], "an object of nonce, ref_time"),
        ("info", {"Nonce": 1, "nonce": 2}, "a field twice"),
        ("info", {"nonce": None}, "P.I.nonce is None"),
        ("choosy", {}, "P.I.picky is left out"),
        ("knot", {}, "64 deep"),
        ("wide", {}, "4294967295 values has to be given"),
        ("bits", [1], "bits"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(name: str, value: Any, told: str) -> None:
    with pytest.raises(EncodingError) as refused:
        written(name, value)
    assert told in str(refused.value)
    assert str(refused.value).startswith("P.I")
    assert len(str(refused.value)) < 500


def test_a_value_that_is_nested_as_deep_as_json_may_be_is_refused() -> None:
    value: Any = {}
    for _ in range(120):
        value = {"knot": value}
    with pytest.raises(EncodingError, match="64 deep"):
        written("knot", value)


def test_a_type_that_the_metadata_lacks_is_refused() -> None:
    with pytest.raises(EncodingError, match="no type 4000"):
        Encoder(TYPES).encode(4000, 1, "P.I")
