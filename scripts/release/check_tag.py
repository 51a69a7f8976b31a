"""Refuse a tag that disagrees with the version or the changelog: ``check_tag v0.1.0``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from pallet_bridge.__about__ import __version__

CHANGELOG: Final = Path(__file__).resolve().parents[2] / "CHANGELOG.md"


def newest_heading(changelog: str) -> tuple[str, str]:
    """Return the version of the newest section that has one, and what stands behind it."""
    found = re.search(r"^## \[?(?P<version>\d[^\]\s]*)\]?(?P<rest>.*)$", changelog, re.MULTILINE)
    return (found["version"], found["rest"]) if found else ("", "")


def tag_faults(tag: str, version: str, changelog: str) -> list[str]:
    """Return why a release may not be made of this tag; empty if it may."""
    written, rest = newest_heading(changelog)
    faults = []
    if tag != f"v{version}":
        faults.append(f"the tag is {tag}, pallet_bridge/__about__.py says {version}")
    if written != version:
        faults.append(f"CHANGELOG.md begins with {written or 'nothing'}, not {version}")
    elif not re.search(r"\d{4}-\d{2}-\d{2}", rest):
        faults.append(f"the section of {version} in CHANGELOG.md has no date")
    return faults


if __name__ == "__main__":
    sys.exit("\n".join(tag_faults(sys.argv[1], __version__, CHANGELOG.read_text())) or 0)
