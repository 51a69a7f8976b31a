"""A run is followed while it is open, and what is left is copied when it is closed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.config.copying import CopyConfig
from bcfl_plugins.session.copying import Copying
from pallet_bridge.copies.errors import CopyLeft, CopyUnreachable
from pallet_bridge.copies.place import CopyPlace
from pallet_bridge.copies.pushing import RunCopy
from tests.polling import until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "run"
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(b"{}\n")
    return folder


def test_what_is_new_is_copied_beside_the_run_and_the_rest_at_its_end(
    run: Path, tmp_path: Path
) -> None:
    place = CopyPlace(f"memory://{tmp_path}").below("run")
    copying = Copying(CopyConfig(f"memory://{tmp_path}", every_s=0.1), run)
    first = place.get("files.json", 1 << 20)
    assert first is not None
    (run / "journal.jsonl").write_bytes(b"one\n")
    until(lambda: b"journal" in (place.get("files.json", 1 << 20) or b""), 60, "it is copied")
    (run / "chain.jsonl").write_bytes(b"the end\n")
    copying.close()
    assert b"chain.jsonl" in (place.get("files.json", 1 << 20) or b"")


def test_a_place_that_comes_back_gets_all_of_it(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there = tmp_path / "there"
    with caplog.at_level(logging.INFO, "flwr.bcfl"):
        copying = Copying(CopyConfig(str(there), every_s=0.1), run)
        there.rename(tmp_path / "away")
        there.write_text("in the way")
        (run / "journal.jsonl").write_bytes(b"one\n")
        until(lambda: "is not copied for now" in caplog.text, 60, "it is said")
        there.unlink()
        (tmp_path / "away").rename(there)
        until(lambda: "again" in caplog.text, 60, "it is copied again")
    copying.close()
    assert caplog.text.count("is not copied for now") == 1
    assert b"journal" in (there / "run" / "files.json").read_bytes()


def test_what_is_asked_for_is_copied_at_once_or_when_the_place_is_back(
    run: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    with Copying(CopyConfig(str(there), every_s=0.2), run) as copying:
        there.rename(tmp_path / "away")
        there.write_text("in the way")
        (run / "journal.jsonl").write_bytes(b"one\n")
        question = copying.ask()
        assert not copying.has(question, 1.0)
        there.unlink()
        (tmp_path / "away").rename(there)
        assert copying.has(question, 60)
        assert b"journal" in (there / "run" / "files.json").read_bytes()
    with Copying(CopyConfig(str(there), every_s=3600), run) as copying:
        (run / "chain.jsonl").write_bytes(b"more\n")
        assert copying.has(copying.ask(), 60)
        assert b"chain.jsonl" in (there / "run" / "files.json").read_bytes()


def test_what_is_left_at_the_end_is_an_error(run: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    copying = Copying(CopyConfig(str(there), every_s=3600), run)
    there.rename(tmp_path / "away")
    there.write_text("in the way")
    (run / "journal.jsonl").write_bytes(b"one\n")
    with pytest.raises(CopyLeft, match="bcfl copy push RUN URL"):
        copying.close()


def test_a_place_that_cannot_be_used_is_an_error_at_the_start(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CopyUnreachable):
        Copying(CopyConfig(str(tmp_path / "file")), run)


def test_a_defect_of_ours_does_not_end_the_thread_unseen(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying = Copying(CopyConfig(f"memory://{tmp_path}", every_s=0.1), run)

    def broken(copy: RunCopy) -> int:
        del copy
        raise KeyError("a defect")

    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        monkeypatch.setattr(RunCopy, "push", broken)
        until(lambda: "a defect" in caplog.text, 60, "it is said")
    with pytest.raises(KeyError):
        copying.close()
