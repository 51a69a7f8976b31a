"""``bcfl copy``: what it says, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.cli.copies.options import Folders
from pallet_bridge.copies.errors import CopyDamaged, CopyUnreachable
from pallet_bridge.run.journal import Journal, RunHeader
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    header = RunHeader("embedded", bytes(32), 0, 0, AccountId(bytes(32)))
    return Journal.create(tmp_path / "runs" / "20261130-120000", header).folder


def told(*words: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["copy", *map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


def test_a_run_goes_there_and_comes_from_there(run: Path, tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    assert json.loads(told("push", run, there, "--json")) == {
        "files": 2,
        "url": f"{there}/{run.name}",
    }
    assert "0 files are new" in told("push", run, there)
    assert f"{here / run.name}: 2 new files" in told("fetch", there, here)
    assert (here / run.name / "run.json").read_bytes() == (run / "run.json").read_bytes()
    assert "0 new files" in told("fetch", there, here, "--run", run.name)
    assert "no run of that name" in told("fetch", there, here, "--run", "other", code=1)


def test_a_folder_that_is_no_run_is_not_copied(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["copy", "push", str(tmp_path), str(tmp_path / "there")])
    assert done.exit_code != 0
    assert "is no run folder" in str(done.exception)
    assert not (tmp_path / "there").exists()


def test_a_place_that_is_gone_leaves_what_was_fetched(run: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    told("push", run, there)
    folders = Folders([there.as_uri(), str(tmp_path / "own")], tmp_path / "kept", None)
    before = folders.now()
    assert before == (tmp_path / "own", tmp_path / "kept" / "0")
    there.rename(tmp_path / "away")
    assert folders.now() == before
    assert (before[1] / run.name / "run.json").exists()


def test_a_place_from_which_nothing_ever_came_is_an_error(tmp_path: Path) -> None:
    folders = Folders([(tmp_path / "there").as_uri()], tmp_path / "kept", None)
    with pytest.raises(CopyDamaged, match=r"no runs\.json"):
        folders.now()
    (tmp_path / "there").write_text("in the way")
    with pytest.raises(CopyUnreachable):
        folders.now()
