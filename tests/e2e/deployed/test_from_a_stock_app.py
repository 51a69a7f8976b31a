"""The page "From a stock Flower app to a consortium": its commands and Python, in their order."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network.founding import listen
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from tests.conformance.conftest import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/how-to/from-a-stock-app.md").read_text(encoding="utf-8")
LAST = "python -m examples.deployment"


class Reader:
    """Does what the page says, in a copy of the quickstart, with a shell that it keeps."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._port = str(port)
        self._exports = ""
        self._program = ""
        shim = folder.parent / "bin"
        shim.mkdir()
        (shim / "bcfl").write_text(f'#!/bin/sh\nexec {sys.executable} -m bcfl_plugins.cli "$@"\n')
        (shim / "bcfl").chmod(0o755)
        self._environment = os.environ | {
            "PATH": f"{shim}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "XDG_STATE_HOME": str(folder.parent / "state"),
            "OMP_NUM_THREADS": "1",
        }

    def command(self, line: str) -> None:
        line = line.replace("9944", self._port)
        if line.startswith("export "):
            self._exports += f"{line}\n"
        else:
            self._run(["sh", "-ec", f"{self._exports}{line}"], line)

    def python(self, block: str) -> None:
        """Run a block, with the imports of those before it."""
        imports = "\n".join(re.findall(r"^(?:import|from) .*$", self._program, re.MULTILINE))
        self._program += block
        self._run([sys.executable, "-c", f"{imports}\n{block}".replace("9944", self._port)], block)

    @contextmanager
    def other_terminal(self, line: str) -> Iterator[None]:
        words = line.replace("9944", self._port).split()
        with subprocess.Popen(
            words, cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told = process.stdout.readline()
            try:
                assert self._port in told or listen(int(self._port)) is None, told
                yield
            finally:
                process.send_signal(signal.SIGINT)
                process.stdout.read()

    def _run(self, words: list[str], shown: str) -> None:
        done = subprocess.run(
            words, cwd=self.folder, env=self._environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{shown}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    app = tmp_path / "quickstart"
    shutil.copytree(ROOT / "examples/quickstart", app)
    reader = Reader(app, free_ports(1)[0])
    parts = re.findall(r"^```(bash|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    first = next(n for n, (_, text) in enumerate(parts) if text.startswith("bcfl chain start"))
    follow(reader, parts[:first])
    with reader.other_terminal(parts[first][1].strip()):
        follow(reader, parts[first + 1 :])
        embedded, own = sorted((app / "runs").iterdir())
        audited = audit_run(own)
    for folder in (embedded, own):
        assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * 3
    assert json.loads((own / "run.json").read_text())["chain"].startswith("ws://")
    assert audited.findings == ()


def follow(reader: Reader, parts: list[tuple[str, str]]) -> None:
    for language, text in parts:
        if language == "python":
            reader.python(text)
        elif not text.startswith(LAST):  # `test_deployment.py` runs it
            for line in text.splitlines():
                reader.command(line)
