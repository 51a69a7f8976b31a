from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network import program
from bcfl_plugins.cli.network.errors import NoNodeProgram
from bcfl_plugins.cli.network.program import node_program, said

if TYPE_CHECKING:
    from pathlib import Path


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(program, "_of_wheel", lambda: None)
    return tmp_path


def test_without_any_it_says_how_to_get_one(bare: Path) -> None:
    with pytest.raises(NoNodeProgram) as caught:
        node_program(None)
    assert str(caught.value.__reduce__()[1][0]) == caught.value.reason
    assert "pip install bcfl-plugins[node]" in str(caught.value)
    assert "--node FILE" in str(caught.value)
    assert str(bare) not in str(caught.value)


def test_the_named_one_comes_before_the_one_on_the_path(bare: Path) -> None:
    on_path = script(bare / "bcfl-node", "echo bcfl-node 1")
    named = script(bare / "mine", "echo bcfl-node 2")
    assert node_program(None) == on_path
    assert node_program(named) == named


def test_another_program_and_none_at_all_are_refused(bare: Path) -> None:
    with pytest.raises(NoNodeProgram, match="another program: 'substrate-node 3'"):
        node_program(script(bare / "other", "echo substrate-node 3; echo more"))
    with pytest.raises(NoNodeProgram, match="cannot be run"):
        node_program(bare / "absent")


def test_a_command_that_fails_says_why(bare: Path) -> None:
    failing = script(bare / "failing", "echo no key >&2; exit 3")
    with pytest.raises(NoNodeProgram, match="key insert failed: no key"):
        said(failing, "key", "insert", "--suri", "secret")
