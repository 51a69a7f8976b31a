"""docs/tutorial/first-federation.md, step by step, on a copy of the example."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "tutorial" / "first-federation.md").read_text(encoding="utf-8")
TRAIN, CHEAT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COUNTS = re.findall(r"^ +(\d+ [a-z, ]+)$", PAGE, re.MULTILINE)


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "quickstart"
    shutil.copytree(ROOT / "examples" / "quickstart", folder)
    subprocess.run(["git", "apply", "bcfl.patch"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    for name in [name for name in sys.modules if name.split(".")[0] == "quickstart"]:
        monkeypatch.delitem(sys.modules, name)
    torch.manual_seed(1)
    exec(TRAIN, {"__name__": "page"})  # our own page
    for name in [name for name in sys.modules if name.split(".")[0] == "quickstart"]:
        del sys.modules[name]
    (run,) = Path("runs").iterdir()
    shown = re.search(r"```text\nruns/.*?```", PAGE, re.DOTALL)
    assert shown
    for name in re.findall(r"^  ([a-z.]+)/? ", shown[0], re.MULTILINE):
        assert (run / name).exists(), name

    done = CliRunner().invoke(app, ["audit", str(run)])
    assert done.exit_code == 0
    assert "taken on a word; nothing wrong" in done.output
    assert "every statement" not in done.output
    told = [" ".join(line.split()) for line in done.output.splitlines()]
    assert [line for line in COUNTS if line not in told and "blocks" not in line] == []

    exec(CHEAT, {"__name__": "page"})  # our own page
    done = CliRunner().invoke(app, ["audit", str(run)])
    assert done.exit_code == 1
    assert "was changed: its content has the digest" in done.output
    assert "; 1 wrong" in done.output
