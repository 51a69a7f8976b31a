"""The pages about the kit: commands print what is shown, and the code runs."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.testing import CheckFailed

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "tutorial" / "own-defense.md").read_text(encoding="utf-8")
CHECKS = (ROOT / "docs" / "reference" / "testing-checks.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", TEXT + CHECKS, re.DOTALL)
SHOWN = re.findall(r"```sh\nbcfl (check .*?)\n```\n\n```text\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def _in_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples" / "custom_defense")
    for name in [name for name in sys.modules if name.partition(".")[0] == "mydefense"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("_in_the_example")
@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[one[0] for one in SHOWN])
def test_a_command_prints_what_the_page_shows(command: str, output: str) -> None:
    done = CliRunner().invoke(app, shlex.split(command))
    assert done.output.strip() == output.strip()


def test_both_commands_are_shown() -> None:
    assert len(SHOWN) == 2


def test_the_code_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, object] = {"__name__": "page"}
    for block in CODE:
        exec(block, scope)  # our own page
    told = capsys.readouterr().out
    for name in ("refuses", "non_finite", "bounded", "breakdown"):
        assert f"'{name}'" in told
    scope["test_the_median_stays_among_the_honest"]()
    marks = scope["test_defenses"].pytestmark
    ids = [one.id for one in marks[0].args[1]]
    assert "drop_farthest-bounded" in ids
    tests = scope["TestMine"]()
    with pytest.raises(pytest.xfail.Exception):
        tests.test_check("bounded")
    with pytest.raises(CheckFailed):
        marks[0].args[1][ids.index("drop_farthest-breakdown")].values[1](scope["drop_farthest"])
