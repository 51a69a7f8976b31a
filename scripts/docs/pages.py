"""Put what is generated into the pages of docs: ``python -m scripts.docs.pages``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.pages import formatted, write_page
from scripts.docs import cheats_table, check_table, cli_page, config_table, error_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCS = Path(__file__).resolve().parents[2] / "docs"
PARTS: Mapping[str, Callable[[], str]] = {
    "explanation/cheats.md": cheats_table.render,
    "reference/cli.md": cli_page.render,
    "reference/config.md": config_table.render,
    "reference/errors.md": error_tree.render,
    "reference/testing-checks.md": check_table.render,
}
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def split(page: str) -> tuple[str, str, str]:
    """Return what is before, between and after the marks.

    Raises
    ------
    ValueError
        If the page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    between, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"the page has no lines {BEGIN} and {END}"
        raise ValueError(msg)
    return before, between, after


def main() -> None:
    """Write each part into its page."""
    for name, render in PARTS.items():
        page = DOCS / name
        before, _, after = split(page.read_text(encoding="utf-8"))
        write_page(page, f"{before}{BEGIN}\n\n{formatted(render())}\n{END}{after}")


if __name__ == "__main__":
    main()
