from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.errors import EncodingError
from pallet_bridge.run.values import ValueKind, ValueReader, ValueWriter, plain_dtype
from pallet_bridge.types import AccountId


class Colour(Enum):
    RED = ("r", 1)


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Past:
    kept: Any
    at: int

    def __post_init__(self) -> None:
        if self.at < 0:
            raise ValueError("a constructor that judges")


@dataclass
class Counter:
    left: int


class Odd:
    pass


# pytest's importlib mode gives test modules no name of their own; the reader looks there
sys.modules.setdefault(__name__, SimpleNamespace(**globals()))  # type: ignore[arg-type]


def again(value: Any, *kinds: ValueKind) -> Any:
    writer = ValueWriter(kinds)
    text = json.dumps(writer.plain(value), allow_nan=False)
    return ValueReader(tuple(writer.arrays), kinds).value(json.loads(text))


def test_what_a_round_remembers_comes_back_equal_and_of_its_own_classes() -> None:
    memory = MappingProxyType({7: Past((1.5, None), 2), "x": Past([b"\0\xff", {3, 1}], 0)})
    value = {
        (1, "pair"): memory,
        "colour": Colour.RED,
        "level": Level.HIGH,
        "account": AccountId(bytes(range(32))),
        "number": np.float32(0.1),
        "empty": ((), {}, frozenset()),
    }
    found = again(value)
    assert found == value
    assert [type(found[name]) for name in ("level", "number")] == [Level, np.float32]
    assert type(found[1, "pair"]) is MappingProxyType


def test_arrays_come_back_with_their_dtypes_and_bytes() -> None:
    arrays = [np.arange(6).astype(t).reshape(2, 3) for t in ("<f2", ">i4", "u1", "?", "f8")]
    odd = [np.zeros((0, 4)), np.array(3.5), np.array([np.nan, -0.0, np.inf])]
    found = again({"all": [*arrays, *odd]})["all"]
    for before, after in zip([*arrays, *odd], found, strict=True):
        assert (after.dtype, after.shape) == (before.dtype, before.shape)
        assert after.tobytes() == before.tobytes()


@pytest.mark.parametrize("value", [math.inf, -math.inf, -0.0, 5e-324, 2**200, -1, True, "~", ""])
def test_numbers_keep_every_bit(value: Any) -> None:
    found = again([value, {"~": value}, np.float64(value) if isinstance(value, float) else 0])
    assert repr(found[:2]) == repr([value, {"~": value}])
    assert math.isnan(again(np.float32("nan")))
    assert math.isnan(again(float("nan")))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner)
    | st.tuples(inner, inner),
)  # fmt: skip


@given(_VALUES)
def test_any_plain_value_comes_back(value: Any) -> None:
    found = again(value)
    assert found == value
    assert type(found) is type(value)


def test_a_kind_of_ones_own_is_written_by_its_parts() -> None:
    kind = ValueKind("odd", Odd, vars, lambda parts: _with(Odd(), parts))
    odd = _with(Odd(), {"a": np.arange(3), "b": [Colour.RED]})
    found = again({"here": odd}, kind)["here"]
    assert type(found) is Odd
    assert found.a.tolist() == [0, 1, 2]
    assert found.b == [Colour.RED]


def _with(odd: Odd, parts: dict[str, Any]) -> Odd:
    vars(odd).update(parts)
    return odd


@pytest.mark.parametrize(
    "value",
    [Odd(), lambda: 1, np.array([Odd()]), np.array(["text"]), 1j, iter([1]), Colour],
    ids=["object", "function", "array of objects", "array of text", "complex", "iterator", "class"],
)
def test_what_cannot_be_read_again_is_refused_when_it_is_written(value: Any) -> None:
    with pytest.raises(EncodingError, match="cannot be"):
        ValueWriter().plain([{"deep": (value,)}])


def test_a_class_that_cannot_be_found_again_is_refused() -> None:
    @dataclass
    class Local:
        x: int = 1

    with pytest.raises(EncodingError, match="top of a module"):
        ValueWriter().plain(Local())


def test_nothing_that_a_file_names_is_imported_called_or_run() -> None:
    """Only dataclasses and enums of modules that are loaded already are made, without a call."""
    plain = ValueWriter().plain(Past(1, 2))
    assert ValueReader(()).value({**plain, "value": {"kept": 1, "at": -5}}).at == -5
    for of in (
        "os:system", "subprocess:Popen", "builtins:eval", f"{__name__}:Odd", f"{__name__}:gone",
        "antigravity:x", "not.loaded:Thing", ":", f"{__name__}:Past.__init__",
    ):  # fmt: skip
        with pytest.raises(EncodingError):
            ValueReader(()).value({**plain, "of": of})
        with pytest.raises(EncodingError):
            ValueReader(()).value({"~": "enum", "of": of, "value": "ls"})
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "plain",
    [
        {"~": "array", "value": 3},
        {"~": "array", "value": "x"},
        {"~": "nothing", "value": 1},
        {"~": "bytes", "value": "zz"},
        {"~": "dict", "value": [[1]]},
        {"~": "set", "value": [[1]]},
        {"value": 1},
        {"~": "record", "value": {}},
        {"~": "number", "value": ["no type", 1]},
        {"~": "number", "value": ["0303,<f4", 1]},
        {"~": "number", "value": ["<f9", 1]},
        {"~": "number", "value": ["|O", 1]},
        {"~": "number", "value": ["<i4", 10**30]},
    ],
)
def test_a_damaged_tree_is_named(plain: Any) -> None:
    with pytest.raises(EncodingError):
        ValueReader(()).value([plain])


@pytest.mark.parametrize(
    "name", ["0303,<f4", "f4", "<f4\n", "<f4,<i4", "|V8", "<M8", "<f99", "float32", "", "<٣4"]
)
def test_only_names_of_plain_numbers_are_dtypes(name: str) -> None:
    """What `numpy.dtype` makes of others it evaluates, and raises whatever Python does."""
    with pytest.raises(EncodingError, match="no dtype of plain numbers"):
        plain_dtype(name)


@pytest.mark.parametrize("name", ["<f4", ">f8", "|b1", "|u1", "<i8", "<c16", "<f2"])
def test_names_of_plain_numbers_are_those_that_numpy_writes(name: str) -> None:
    assert plain_dtype(name).str == name


def test_a_record_of_another_version_is_named() -> None:
    plain = ValueWriter().plain(Counter(1))
    with pytest.raises(EncodingError, match="other fields"):
        ValueReader(()).value({**plain, "value": {"left": 1, "right": 2}})


def test_records_of_one_class_are_written_alike() -> None:
    """What a class has is looked up once; a dataclass itself is no record."""
    first, second = (ValueWriter().plain(Past(b"", at)) for at in (1, 2))
    assert first["value"]["at"] == 1
    assert second == {**first, "value": {**first["value"], "at": 2}}
    with pytest.raises(EncodingError, match="cannot be kept"):
        ValueWriter().plain(Past)
