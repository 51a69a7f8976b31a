"""Take blanks off the ends of lines and end each file with one newline: ``line_ends.py FILE...``.

Exit code 1 when a file had to be changed, as the hooks of pre-commit do.
"""

from __future__ import annotations

import sys
from pathlib import Path


def tidied(text: str) -> str:
    """Return the text with clean ends; an empty text stays empty."""
    lines = "\n".join(line.rstrip(" \t") for line in text.split("\n")).rstrip("\n")
    return f"{lines}\n" if lines else ""


def main(names: list[str]) -> int:
    """Tidy the files of these names and name those that changed."""
    changed = 0
    for path in map(Path, names):
        text = path.read_text(encoding="utf-8")
        if (clean := tidied(text)) != text:
            path.write_text(clean, encoding="utf-8")
            print(f"tidied {path}")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
