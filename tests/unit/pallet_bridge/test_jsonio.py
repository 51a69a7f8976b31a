from __future__ import annotations

import os
import resource
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from pallet_bridge.errors import EncodingError, NotWritten
from pallet_bridge.jsonio import (
    append_line,
    canonical,
    mend,
    parse,
    read_lines,
    sweep,
    write_atomically,
)
from pallet_bridge.types import Outcome


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
        (lambda r: r.decimal("a"), b'{"a":"' + b"9" * 5_000 + b'"}'),
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


@pytest.mark.parametrize("torn", ['{"n"', "{", '{"n":12', "\0\0\0\0", '{"n":1}x', "\xff"])
def test_a_last_line_that_is_torn_costs_itself_and_nothing_else(
    tmp_path: Path, torn: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lines"
    append_line(path, {"n": 4})
    append_line(path, {"n": 5})
    before = path.read_bytes()
    path.write_bytes(before + torn.encode("latin-1"))
    assert [record.integer("n") for _, record in read_lines(path)] == [4, 5]
    assert path.read_bytes() != before  # reading changes nothing
    mend(path)
    assert path.read_bytes() == before
    assert [str(path) in record.getMessage() for record in caplog.records] == [True, True]
    append_line(path, {"n": 6})
    assert [record.integer("n") for _, record in read_lines(path)] == [4, 5, 6]


def test_a_last_line_that_lacks_its_end_only_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"n":4}\n{"n":5}')
    assert [record.integer("n") for _, record in read_lines(path)] == [4, 5]
    mend(path)
    append_line(path, {"n": 6})
    assert path.read_bytes() == b'{"n":4}\n{"n":5}\n{"n":6}\n'
    assert caplog.records == []


def test_a_line_in_the_middle_that_cannot_be_read_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"n":4}\n{"n"\n{"n":6}\n')
    mend(path)
    with pytest.raises(EncodingError, match=rf"{path}:2: "):
        list(read_lines(path))


def test_every_file_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        append_line(tmp_path / "lines", {"n": 1})
        write_atomically(tmp_path / "whole", b"x")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"lines": 0o600, "whole": 0o600}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.symlink_to("/dev/full")
    with pytest.raises(NotWritten, match=r"lines cannot be written: No space left.*bcfl\.run_dir"):
        append_line(path, {"n": 1})


def test_a_line_that_did_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """The system takes a part of the line and refuses the rest, as a disk does that fills up."""
    path = tmp_path / "lines"
    append_line(path, {"n": 1})
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 9, limits[1]))
    try:
        with pytest.raises(NotWritten, match="File too large"):
            append_line(path, {"text": "long" * 50})
        with pytest.raises(NotWritten):
            write_atomically(path, b"x" * 500)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    assert [entry.name for entry in tmp_path.iterdir()] == ["lines"]
    append_line(path, {"n": 2})
    assert [record.integer("n") for _, record in read_lines(path)] == [1, 2]


@pytest.mark.parametrize(
    "write", [lambda path: append_line(path, {}), lambda p: write_atomically(p, b"")]
)
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, write: Any) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten) as raised:
        write(tmp_path / "file" / "lines")
    assert isinstance(raised.value, OSError)
    assert raised.value.path == tmp_path / "file" / "lines"


def test_what_a_killed_process_left_half_written_is_swept_away(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "000001.npz", b"whole")
    kept = [tmp_path / ".hidden", tmp_path / "deep" / ".x.tooLong_9", tmp_path / "a.b.12345678"]
    for path in [*kept, tmp_path / ".run.json.a1b2c3d4", tmp_path / "deep" / ".9.json.____0000"]:
        path.touch()
    sweep(tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {*kept, tmp_path / "deep" / "000001.npz"}


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
