"""The page of kills in masked rounds has all cells, and none is lost.

``python -m tests.e2e.processes.masked_kills`` runs all cells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.processes import masked_kills
from tests.e2e.processes.masked_kills import (
    CELLS,
    KEPT,
    LOST,
    NOT_RUN,
    PAGE,
    PHASES,
    TITLES,
    Cell,
    kept,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROUND = r"(void|the exact mean of \d)"
EXACT_OR_VOID = re.compile(rf"{ROUND}(, {ROUND})*; (1 start|[2-4] starts)")


def test_the_page_has_all_cells_and_none_is_lost() -> None:
    text = PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^## `(\w+)`$", text, flags=re.MULTILINE)
    there = {}
    for mode, part in zip(parts[1::2], parts[2::2], strict=True):
        for when, killed, came in re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", part, re.MULTILINE):
            there[mode, when, killed] = came
    told = kept()
    for cell in CELLS:
        row = cell.mode, PHASES[cell.mode][cell.phase].title, TITLES[cell.killed]
        assert there[row] == told.get(cell.name, NOT_RUN), cell.name
        assert there[row] == NOT_RUN or EXACT_OR_VOID.fullmatch(there[row]), cell.name
    assert LOST not in told.values()
    assert set(told) <= {cell.name for cell in CELLS}


def test_the_page_is_what_its_command_writes_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"python -m {masked_kills.__name__}" in text
    monkeypatch.setattr(masked_kills, "PAGE", tmp_path / PAGE.name)
    assert masked_kills.main(["--page"]) == 0
    assert (tmp_path / PAGE.name).read_text(encoding="utf-8") == text


def test_a_cell_that_is_lost_fails_the_command_and_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_kills, "PAGE", tmp_path / PAGE.name)
    monkeypatch.setattr(masked_kills, "KEPT", tmp_path / KEPT.name)
    masked_kills.keep(CELLS[0], LOST)
    masked_kills.keep(CELLS[1], "void")
    assert masked_kills.main(["--page"]) == 1
    assert "1 lost" in (tmp_path / PAGE.name).read_text(encoding="utf-8")
    again: list[Cell] = []
    monkeypatch.setattr(masked_kills, "run_cells", again.extend)
    masked_kills.main(["sketch"])
    assert again == [one for one in CELLS if one.mode == "sketch" and one != CELLS[1]]
