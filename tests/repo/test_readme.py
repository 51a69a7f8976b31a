"""What README.md and the docs show is what runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bcfl_plugins import BcflConfig
from bcfl_plugins.load import installed_plugins

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def programs() -> list[Any]:
    """Return the python blocks; those of two pages have tests of their own."""
    return [
        pytest.param(program, id=f"{page.name}-{number}")
        for page in PAGES
        if page.name not in {"hooks.md", "testing.md"}
        for number, program in enumerate(blocks("python", page.read_text()), 1)
    ]


@pytest.mark.parametrize("program", programs())
def test_python_block_runs(program: str) -> None:
    exec(compile(program, "page", "exec"), {"__name__": "page"})


def test_the_diff_is_the_quickstart_patch() -> None:
    patch = (ROOT / "examples/quickstart/bcfl.patch").read_text()
    changed = {line for line in patch.splitlines() if re.match(r"[+-](?!--|\+\+)", line)}
    (diff,) = blocks("diff")
    shown = {line for line in diff.splitlines() if line.startswith(("+", "-"))}
    assert shown <= changed
    assert sum(line.startswith("+") for line in shown) == 3
    rest = "".join(line.lstrip("+") for line in sorted(changed - shown))
    assert rest == "".join(
        sorted(
            [
                '    "bcfl-plugins",',
                "[tool.flwr.app.config.bcfl]",
                'plugins = "staking, outliers, slashing, round_log"',
                'chain = "embedded"',
            ]
        )
    )


def test_the_toml_block_is_a_valid_config() -> None:
    (table,) = blocks("toml")
    config = tomllib.loads(table)["tool"]["flwr"]["app"]["config"]
    checked = BcflConfig.from_run_config(config)
    assert set(checked.plugin_names) <= installed_plugins()


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("bash")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
