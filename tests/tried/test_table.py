"""Each row of the table has tests, and they are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tried.table import ROWS, Row

ROOT = Path(__file__).parents[2]


def names_in(path: Path) -> set[str]:
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if hasattr(one, "name")}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.happened[:40])
def test_every_row_names_tests_that_are_there(row: Row) -> None:
    assert row.tests
    for name in row.tests:
        path, _, function = name.partition("::")
        assert function.rpartition("::")[2].startswith("test_")
        assert function in names_in(ROOT / path), name


def test_every_test_of_this_folder_stands_in_a_row() -> None:
    named = {name for row in ROWS for name in row.tests}
    for path in Path(__file__).parent.glob("test_*.py"):
        if path.name != Path(__file__).name:
            for function in names_in(path):
                if function.startswith("test_"):
                    assert f"tests/tried/{path.name}::{function}" in named
