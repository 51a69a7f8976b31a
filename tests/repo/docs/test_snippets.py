"""What the pages show is what runs: Python, configuration and command lines."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from bcfl_plugins import BcflConfig
from bcfl_plugins.cli.app import app
from bcfl_plugins.cli.network.consortium import read_consortium
from bcfl_plugins.session.load import installed_plugins

if TYPE_CHECKING:
    import click

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
APART = {
    *("first-federation.md", "from-a-stock-app.md", "hooks.md", "own-defense.md"),
    *("own-plugin.md", "testing-checks.md"),
}
"""Pages whose Python has a test of its own."""
OTHERS = {
    "cargo",
    "cd",
    "cp",
    "export",
    "flower-superlink",
    "flower-supernode",
    "flwr",
    "git",
    "mkdir",
    "pip",
    "pytest",
    "rm",
    "systemctl",
    "tar",
    "umask",
}
"""Programs of others that pages call."""
NODE = "bcfl-node"
"""`tests/nodes` asks the program itself, which is not everywhere."""
COMMANDS = get_command(app)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the blocks of code of a page; those in lists are indented."""
    found = re.finditer(
        rf"^( *)```(?:{'|'.join(languages)})\n(.*?)^\1```$",
        page.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return [re.sub(rf"^{one[1]}", "", one[2], flags=re.MULTILINE) for one in found]


def with_blocks(*languages: str, but: frozenset[str] = frozenset()) -> list[Any]:
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if page.name not in but and blocks(page, *languages)
    ]


@pytest.mark.parametrize("page", with_blocks("python", but=frozenset(APART)))
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)  # dataclasses look their module up
    for number, block in enumerate(blocks(page, "python"), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), vars(module))  # our own page


@pytest.mark.parametrize("page", with_blocks("toml"))
def test_the_toml_of_a_page_is_what_a_reader_may_write(page: Path) -> None:
    for block in blocks(page, "toml"):
        table = tomllib.loads(block)
        flower = table.get("tool", {}).get("flwr", {}).get("app", {}).get("config")
        if "validators" in table:
            read_consortium(table)
            continue
        if flower is None:
            assert "project" in table, block
            continue
        config = BcflConfig.from_run_config(flower)
        config.check_tables(installed_plugins())
        assert set(config.plugin_names) <= installed_plugins()


@pytest.mark.parametrize("page", with_blocks("bash", "sh", "console"))
def test_the_commands_of_a_page_exist(page: Path) -> None:
    for block in blocks(page, "bash", "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)  # a variable for one command
            if words:
                check(words)


def check(words: list[str]) -> None:
    """Assert that a command line names what is there."""
    match words:
        case ["bcfl" | ".venv/bin/bcfl", *rest]:
            check_bcfl(rest)
        case ["make", *targets]:
            for target in targets:
                if "=" not in target:
                    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
        case ["python" | ".venv/bin/python", "-m", module, *rest]:
            assert importlib.util.find_spec(module) is not None, module
            for word in rest:
                assert not word.startswith("tests/") or (ROOT / word).exists(), word
        case ["python" | ".venv/bin/python", script, *_]:
            assert (ROOT / script).is_file(), script
        case [program, *_]:
            assert program in {*OTHERS, NODE}, program


def check_bcfl(words: list[str]) -> None:
    """Assert that the command and its options exist."""
    command: click.Command = COMMANDS
    while hasattr(command, "commands") and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands") or set(words) <= {"--help", "--version"}, words
    known = {opt for one in command.params for opt in (*one.opts, *one.secondary_opts)}
    known |= {"--help"}
    if "--" in words:  # what follows are words of another program
        words = words[: words.index("--")]
    assert {word for word in words if word.startswith("--")} <= known, words
