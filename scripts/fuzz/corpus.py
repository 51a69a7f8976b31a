"""Inputs that are kept: those that reached something new, and those that once broke a reader."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "fuzz"
LONGEST = 6_000
"""Bytes of an input that is kept."""

MOST = 24
"""Inputs that a run keeps for one reader; what once broke one is always kept."""


def read(name: str, folder: Path = FOLDER) -> list[bytes]:
    """Return the inputs that are kept for a reader."""
    path = folder / f"{name}.txt"
    if not path.exists():
        return []
    return [base64.b64decode(line) for line in path.read_text().splitlines()]


def add(name: str, inputs: Iterable[bytes], folder: Path = FOLDER) -> int:
    """Keep inputs beside those that are kept already; say how many there are then."""
    known = read(name, folder)
    for one in inputs:
        if len(one) <= LONGEST and one not in known:
            known.append(one)
    lines = [base64.b64encode(one).decode() for one in known]
    (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    return len(known)
