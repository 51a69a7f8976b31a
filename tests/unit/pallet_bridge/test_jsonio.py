from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.errors import EncodingError
from pallet_bridge.jsonio import append_line, canonical, parse, read_lines, write_atomically
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from pathlib import Path


def test_the_canonical_form() -> None:
    value = {"b": [1, None, True], "a": {"ë": "x", "Z": 2**100}}
    assert canonical(value) == (
        b'{"a":{"Z":1267650600228229401496703205376,"\\u00eb":"x"},"b":[1,null,true]}'
    )


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, {"a": {"b": float("nan")}}, [(2.0,)]])
def test_floats_have_no_canonical_form(value: Any) -> None:
    with pytest.raises(EncodingError, match="float"):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b'{"a":1.5}',
        b'{"a":NaN}',
        b'{"a":1e3}',
        b'{"a":1,"a":2}',
        b'{"a":',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_object_without_floats_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        parse(data)


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (lambda r: r.integer("a"), b'{"a":true}'),
        (lambda r: r.integer("a"), b"{}"),
        (lambda r: r.text("a"), b'{"a":1}'),
        (lambda r: r.hex("a", 2), b'{"a":"AB00"}'),
        (lambda r: r.hex("a", 2), b'{"a":"ab"}'),
        (lambda r: r.hex("a"), b'{"a":"xy"}'),
        (lambda r: r.decimal("a"), b'{"a":"1.0"}'),
        (lambda r: r.decimal("a"), '{"a":"\u0663"}'.encode()),
        (lambda r: r.choice("a", Outcome), b'{"a":"Maybe"}'),
        (lambda r: r.record("a"), b'{"a":[]}'),
        (lambda r: r.records("a"), b'{"a":{}}'),
        (lambda r: r.records("a"), b'{"a":[1]}'),
        (lambda r: r.values("a"), b'{"a":1}'),
    ],
)
def test_a_field_of_another_kind_is_refused_by_name(read: Any, data: bytes) -> None:
    with pytest.raises(EncodingError, match=r"\ba\b"):
        read(parse(data))


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    for number in range(3):
        append_line(path, {"n": number})
    assert [(line, record.integer("n")) for line, record in read_lines(path)] == [
        (1, 0),
        (2, 1),
        (3, 2),
    ]


def test_a_half_written_last_line_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_line(path, {"n": 0})
    with path.open("a") as file:
        file.write('{"n"')
    with pytest.raises(EncodingError, match=rf"{path}:2: "):
        list(read_lines(path))


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
