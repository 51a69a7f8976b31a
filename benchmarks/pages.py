"""Write a page of the docs as `make lint` wants it: wrapped, tables without padding."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FORM = Path(__file__).resolve().parents[1] / ".mdformat.toml"
EXTENSIONS = ("gfm", "tables", "mkdocs")


def formatted(text: str) -> str:
    """Return Markdown in the form of the tree. Needs the extra ``docs``."""
    import mdformat  # noqa: PLC0415 - of the extra "docs"

    options: dict[str, Any] = tomllib.loads(FORM.read_text(encoding="utf-8"))
    return mdformat.text(text, options=options, extensions=EXTENSIONS)


def write_page(path: Path, text: str) -> None:
    """Write a page, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(formatted(text), encoding="utf-8")
