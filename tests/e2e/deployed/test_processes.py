"""Which processes the deployment ends, without Flower's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Self

import pytest

from examples.deployment.flower import Deployment
from tests.polling import until

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S = 120.0

PARENT = """
import subprocess, sys
from pathlib import Path
programs = Path("programs").read_text().splitlines()
children = [subprocess.Popen([sys.executable, one]) for one in programs]
[one.wait() for one in children]
Path("ended").touch()
sys.stdin.read()
"""
"""Starts what it is given, as the SuperLink starts the ServerApp, and lives on."""

CHILD = """
import sys
from pathlib import Path
Path(sys.argv[0] + ".there").touch()
sys.stdin.read()
"""


@pytest.mark.slow
def test_the_serverapp_is_found_however_long_its_command_line_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing of processes cuts its lines where nobody says how wide they may be."""
    monkeypatch.setenv("COLUMNS", "80")
    deep = tmp_path.joinpath(*(f"a-folder-with-a-long-name-{n}" for n in range(5)))
    deep.mkdir(parents=True)
    program = deep / "flwr-serverapp"
    program.write_text(CHILD, encoding="utf-8")
    assert len(str(program)) > 120
    with link(tmp_path, program) as flower:
        until((deep / "flwr-serverapp.there").exists, LONGEST_S, "the child")
        flower.kill_serverapp()
        until((tmp_path / "ended").exists, LONGEST_S, "the end of the child")
        assert flower.running[0].poll() is None


@pytest.mark.slow
def test_a_serverapp_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with link(tmp_path) as flower, pytest.raises(RuntimeError, match="no ServerApp runs"):
        flower.kill_serverapp()


@pytest.mark.slow
def test_all_of_a_lost_machine_ends(tmp_path: Path) -> None:
    program = tmp_path / "flwr-serverapp"
    program.write_text(CHILD, encoding="utf-8")
    with link(tmp_path, program) as flower:
        until((tmp_path / "flwr-serverapp.there").exists, LONGEST_S, "the child")
        flower.kill()
        assert flower.running[0].wait(LONGEST_S)
        flower.kill()  # who is gone need not be ended


def link(folder: Path, *programs: Path) -> Link:
    (folder / "programs").write_text("\n".join(map(str, programs)), encoding="utf-8")
    command = (sys.executable, "-c", PARENT)
    return Link(folder, running=[subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE)])


class Link(Deployment):
    """A deployment whose SuperLink is any process, and which needs no certificates."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
