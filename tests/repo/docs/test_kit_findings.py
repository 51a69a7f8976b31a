"""What the kit found elsewhere is shown by hand, and docs/measurements/kit-findings.md holds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.kit.by_hand import on_byzfl, on_flower
from scripts.kit.by_hand.shown import Shown, off, pairs, table, wanted

if TYPE_CHECKING:
    from types import ModuleType

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "measurements" / "kit-findings.md").read_text(encoding="utf-8")


def test_flower_does_what_the_page_says() -> None:
    printed, problems = table(on_flower.SHOWN)
    assert not problems
    assert printed in TEXT, "run `python -m scripts.kit.by_hand flower` and paste what it prints"


@pytest.mark.parametrize("library", [on_flower, on_byzfl])
def test_everything_found_is_shown(library: ModuleType) -> None:
    assert wanted(library.FOUND) <= pairs((*library.SHOWN, *library.HELD))


def test_the_page_has_a_row_for_each_call_of_byzfl() -> None:
    for one in (*on_byzfl.SHOWN, *on_byzfl.HELD):
        rows = [line for line in TEXT.splitlines() if f"| {one.given} |" in line]
        assert any(one.rule in row and row.endswith(f"| {one.should} |") for row in rows), one


def test_a_call_that_shows_nothing_is_told() -> None:
    one = Shown("mean", ("bounded",), "0, 0", "0", lambda: (0.0, 0.0), off(0))
    printed, problems = table([one])
    assert printed.splitlines()[-1] == "| mean | `bounded` | 0, 0 | 0, 0 | 0 |"
    assert problems == ["mean, bounded: 0, 0 does not show it"]
