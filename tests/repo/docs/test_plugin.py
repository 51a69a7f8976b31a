"""docs/tutorial/own-plugin.md: what its federation prints, and that its factory can be loaded."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from bcfl_plugins import BcflConfig, Services
from bcfl_plugins.hooks.manager import PluginManager

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "own-plugin.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_prints_what_it_shows_and_its_factory_reads_its_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = ModuleType("my_package")
    monkeypatch.setitem(sys.modules, "my_package", module)  # dataclasses look their module up
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, vars(module))  # our own page
    (shown,) = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if re.match(r"\d+ ", line)] == shown.splitlines()

    plugin = module.create({"least": 20}, Services(BcflConfig()))
    assert plugin.least == 20
    PluginManager([("enough_examples", plugin)])
