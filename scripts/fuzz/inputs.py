"""Inputs near to good ones: bytes and JSON that were changed in a few places."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

_CHANGES = 6
_INTEGERS = [
    *(sign * 2**bits + off for bits in (0, 7, 8, 31, 32, 53, 63, 64, 128) for off in (-1, 0, 1)
      for sign in (-1, 1)),
    10**30,
]  # fmt: skip
_FLOATS = [0.0, -0.0, 0.5, 1e-320, 1e308, float("nan"), float("inf"), -float("inf")]
_TEXTS = [
    "", "0x", "0x00", "0xzz", "//Alice", "null", "NaN", "\x00", "\ud800", "9" * 5_000,
    "2" * 300, "é" * 40, "../../etc/passwd", "{", "a" * 70_000,
]  # fmt: skip
_DEEP = 300


def plain_values() -> SearchStrategy[Any]:
    """Return values of every JSON type, the odd ones among them."""
    return (
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from(_INTEGERS)
        | st.floats()
        | st.sampled_from(_FLOATS)
        | st.text(max_size=12)
        | st.sampled_from(_TEXTS)
    )


def values() -> SearchStrategy[Any]:
    """Return such values, and small lists and objects of them."""
    plain = plain_values()
    return (
        plain
        | st.lists(plain, max_size=4)
        | st.dictionaries(st.text(max_size=8), plain, max_size=4)
        | st.builds(_deep)
    )


def _deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(_DEEP):
        made = [made]
    return made


@st.composite
def changed_bytes(
    draw: DrawFn, seeds: Callable[[], Sequence[bytes]], words: Sequence[bytes] = ()
) -> bytes:
    """Return a good input with some bytes changed, taken out, put in or repeated."""
    good = seeds()
    data = bytearray(good[draw(st.integers(0, len(good) - 1))])
    piece = st.binary(max_size=9)
    if words:
        piece |= st.sampled_from(list(words))
    for _ in range(draw(st.integers(0, _CHANGES))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 9))
        kind = draw(st.sampled_from(["replace", "insert", "remove", "repeat", "cut", "flip"]))
        if kind == "replace":
            new = draw(piece)
            data[place : place + len(new)] = new
        elif kind == "insert":
            data[place:place] = draw(piece)
        elif kind == "remove":
            del data[place : place + length]
        elif kind == "repeat":
            data[place:place] = data[place : place + length] * draw(st.integers(1, 40))
        elif kind == "cut":
            del data[place:]
        elif place < len(data):
            data[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(data)


@st.composite
def changed_json(draw: DrawFn, seeds: Callable[[], Sequence[Any]]) -> bytes:
    """Return a good JSON value with some of what is in it replaced, removed, moved or renamed."""
    good = seeds()
    value = copy.deepcopy(good[draw(st.integers(0, len(good) - 1))])
    for _ in range(draw(st.integers(0, _CHANGES))):
        holders = _holders(value)
        if not holders:
            value = draw(values())
            continue
        holder = holders[draw(st.integers(0, len(holders) - 1))]
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = keys[draw(st.integers(0, len(keys) - 1))]
        kind = draw(st.sampled_from(["replace", "remove", "rename", "swap", "repeat"]))
        if kind == "replace":
            holder[key] = draw(values())
        elif kind == "remove":
            del holder[key]
        elif kind == "swap":
            other = keys[draw(st.integers(0, len(keys) - 1))]
            holder[key], holder[other] = holder[other], holder[key]
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif kind == "rename":
            holder[draw(st.text(max_size=8) | st.sampled_from(_TEXTS))] = holder.pop(key)
    return json.dumps(value).encode()


def _holders(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return all lists and objects in a value that hold something, the value among them."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and one:
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def loads(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read what `changed_json` made."""
    return json.loads(data)
