"""What each package says that it exports is there, once, and light to import."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bcfl_plugins
import pallet_bridge
import strategies

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (bcfl_plugins, pallet_bridge, strategies)
LAZY = ("bcfl_plugins", "bcfl_plugins.testing", "pallet_bridge", "pallet_bridge.testing")
"""Packages that load some of their names when they are first used."""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
PROGRAMS = sorted([*ROOT.glob("examples/**/*.py"), *ROOT.glob("tests/typing/*.py")])


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_all_is_importable(package: object) -> None:
    names = package.__all__
    assert len(names) == len(set(names))  # ruff holds them in order
    assert [name for name in names if not hasattr(package, name)] == []


def test_the_three_packages_lie_side_by_side() -> None:
    """`strategies` is also the name of an old distribution: ours must be the one imported."""
    folders = {
        Path(importlib.import_module(package.__name__).__file__).resolve().parents[1]
        for package in PACKAGES
    }
    assert len(folders) == 1


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("pallet_bridge", "wasmtime substrateinterface scalecodec torch flwr"),
        ("bcfl_plugins", "wasmtime substrateinterface scalecodec torch flwr sklearn"),
        ("bcfl_plugins.cli", "wasmtime substrateinterface torch flwr sklearn"),
        ("strategies", "wasmtime substrateinterface torch sklearn"),
    ],
)
def test_import_is_light(module: str, heavy: str) -> None:
    program = (
        f"import sys, {module}; print(' '.join(m for m in {heavy!r}.split() if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_package_says_the_same_three_times(name: str) -> None:
    """To type checkers, in `__all__`, and in the table of where each name is."""
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text())
    for_checkers = {
        alias.name: node.module
        for guarded in tree.body
        if isinstance(guarded, ast.If) and ast.unparse(guarded.test) == "TYPE_CHECKING"
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    at_once = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module not in {"__future__", "typing"}
        for alias in node.names
    }
    assert for_checkers.keys() == package._WHERE.keys()
    assert for_checkers.keys() | at_once == set(package.__all__) == set(dir(package))
    for one, home in for_checkers.items():
        module = importlib.import_module(home)
        assert getattr(package, one) is getattr(module, one), one


def imported(text: str) -> Iterator[tuple[str, str]]:
    """Give what a text imports of the three packages: the module, and the name if there is one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        ours = {package.__name__ for package in PACKAGES}
        yield from (one for one in found if one[0].partition(".")[0] in ours)


def programs_of(page: Path) -> Iterator[str]:
    block = re.compile(r"^( *)```python\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    for found in block.finditer(page.read_text()):
        yield re.sub(rf"^{found[1]}", "", found[2], flags=re.MULTILINE)


def documented() -> set[str]:
    """Return the modules in the middle column of the table "Which import for what"."""
    page = (ROOT / "docs/reference/index.md").read_text()
    rows = re.findall(r"^\| .+? \| (`[\w.`, ]+) \| .+ \|$", page, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS], ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_examples_import_what_is_public(path: Path) -> None:
    texts = programs_of(path) if path.suffix == ".md" else [path.read_text()]
    public = documented()
    for module, name in (one for text in texts for one in imported(text)):
        if f"{module}.{name}" in public:
            continue  # a module itself, like `bcfl_plugins.attacks`
        assert module in public, f"{module} is not in docs/reference/index.md"
        loaded = importlib.import_module(module)
        exported = getattr(loaded, "__all__", None) or dir(loaded)
        assert not name or name in exported, f"{module} does not export {name}"


def test_what_is_documented_as_an_import_is_one() -> None:
    names = documented()
    assert {"strategies", "bcfl_plugins", "pallet_bridge", "pallet_bridge.errors.pallet"} < names
    for name in names:
        assert importlib.import_module(name).__doc__, name
