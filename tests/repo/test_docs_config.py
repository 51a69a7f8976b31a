"""docs/reference/config.md prints the defaults that the code has."""

from __future__ import annotations

from pathlib import Path

from scripts.config_table import render

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "config.md"


def test_the_table_is_the_generated_one() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.split("<!-- table: start -->")[1].split("<!-- table: end -->")[0]
    assert table.strip() == render().strip(), (
        "run `python -m scripts.config_table` and paste what it prints between the marks"
    )
