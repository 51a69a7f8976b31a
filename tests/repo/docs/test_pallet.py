"""The reference of the pallet names every call with its arguments, every event field and error."""

from __future__ import annotations

import re
from pathlib import Path

from pallet_bridge.errors.by_name import pallet_errors
from pallet_bridge.metadata import EVENTS
from pallet_bridge.runtime import load_interface

PALLET = Path(__file__).resolve().parents[3] / "docs" / "reference" / "pallet"


def rows(name: str) -> list[list[str]]:
    """Return the cells of every table row of a page."""
    lines = (PALLET / name).read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]


def test_every_call_stands_with_its_arguments() -> None:
    shown = {match[1]: match[2] for row in rows("calls.md") for match in [_call(row)] if match}
    known = {
        item.removeprefix("call Bcfl."): ", ".join(re.findall(r"(\w+): ", text))
        for item, text in load_interface().items()
        if item.startswith("call Bcfl.")
    }
    assert shown == known


def _call(row: list[str]) -> re.Match[str] | None:
    return re.fullmatch(r"`(\w+)\((.*)\)`", row[1]) if len(row) > 1 else None


def test_every_event_stands_with_its_fields() -> None:
    shown = {
        name: cells[1] for cells in rows("events.md") for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert shown == {name: ", ".join(fields) for name, fields in EVENTS.items()}


def test_every_error_stands_with_its_remedy() -> None:
    shown = {name for cells in rows("errors.md") for name in re.findall(r"`(\w+)`", cells[0])}
    assert shown == set(pallet_errors)
