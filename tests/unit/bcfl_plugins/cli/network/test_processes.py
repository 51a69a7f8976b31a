"""With other programs than a node: what is known of a process is its command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network import processes
from bcfl_plugins.cli.network.errors import NoNodeProgram
from bcfl_plugins.cli.network.processes import NodeEnding, running, start

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = Path(sys.executable)
SLEEPS = "import signal; signal.pause()"


@pytest.fixture
def words(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    mine = ("-c", SLEEPS, str(tmp_path))
    process = start(PYTHON, mine, tmp_path / "log")
    yield mine
    process.kill()
    process.wait()


def test_a_process_is_found_by_its_words_and_by_no_others(words: tuple[str, ...]) -> None:
    assert running(words) is not None
    assert running(words[:-1]) is None
    assert running((*words, "more")) is None
    assert running((*words[:-1], words[-1] + "x")) is None


def test_only_the_one_with_these_words_is_ended(words: tuple[str, ...], tmp_path: Path) -> None:
    other = (*words, "other")
    process = start(PYTHON, other, tmp_path / "other.log")
    try:
        ending = NodeEnding(words)
        assert ending.found
        assert ending.wait() is False
        assert running(words) is None
        assert running(other) == process.pid
    finally:
        process.kill()
        process.wait()


def test_where_there_is_none_nothing_is_ended(tmp_path: Path) -> None:
    ending = NodeEnding(("-c", str(tmp_path)))
    assert not ending.found
    assert ending.wait() is False


def test_a_script_that_becomes_the_program_is_found_and_another_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("-c", SLEEPS, str(tmp_path))
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    script.chmod(0o755)
    process = start(script, words, tmp_path / "log")
    assert running(words) == process.pid
    process.kill()
    process.wait()

    script.write_text("#!/bin/sh\nwhile :; do sleep 1; done\n")
    monkeypatch.setattr(processes, "PATIENCE_S", 0.5)
    with pytest.raises(NoNodeProgram, match="has to exec it"):
        start(script, words, tmp_path / "log")


def test_a_log_is_for_its_owner_and_is_added_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        start(PYTHON, ("-c", "print('here')"), log).wait()
    assert log.read_text() == "here\nhere\n"
    assert log.stat().st_mode & 0o777 == 0o600
