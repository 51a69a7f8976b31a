from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.network.logs import following, last_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_the_last_lines_are_given(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert last_lines(path, 3) == []
    path.write_bytes(b"one\ntwo\nthr\xffee\nfour")
    assert last_lines(path, 3) == ["two", "thr\ufffdee", "four"]
    assert last_lines(path, 0) == []


def test_what_is_added_comes_whole_line_by_line(tmp_path: Path) -> None:
    logs = {"1": tmp_path / "one", "2": tmp_path / "two"}
    logs["1"].write_text("before\n")
    with following(logs) as added, logs["1"].open("ab", buffering=0) as one:
        one.write(b"half")
        logs["2"].write_text("whole\n")
        assert next(added) == ("2", "whole")
        one.write(b" a line\nand")
        assert next(added) == ("1", "half a line")
