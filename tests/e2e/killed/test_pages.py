"""The pages of kill points: every point of a run has its row, and a row comes out again."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.client.connect import EMBEDDED
from tests.e2e.killed.conftest import ROOT
from tests.e2e.killed.table import OPTIONS, beside, points_of, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

PAGES = {"node": "kill-points.md", EMBEDDED: "kill-points-embedded.md"}


def rows_of(chain: str) -> dict[str, str]:
    """Return what stands on the page, by the point."""
    text = (ROOT / "docs" / "measurements" / PAGES[chain]).read_text(encoding="utf-8")
    _, *rows = re.findall(r"^\| (.+) \| (.+) \|$", text, re.MULTILINE)
    return {point: came for point, came in rows if point != "--"}


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Return what a run gives that was never cut off, and that waits for the chain."""

    @cache
    def run(chain: str) -> dict[str, Any]:
        with beside(chain, tmp_path_factory.mktemp("uncut")) as place:
            return place.finish(**OPTIONS)

    return run


@pytest.mark.parametrize("chain", PAGES)
def test_each_point_of_a_run_has_its_row(
    uncut: Callable[[str], dict[str, Any]], chain: str
) -> None:
    assert [*rows_of(chain)] == [*points_of(uncut(chain))]


@pytest.mark.parametrize("chain", PAGES)
@pytest.mark.parametrize("part", [0.15, 0.75])
def test_a_row_comes_out_again(
    uncut: Callable[[str], dict[str, Any]], tmp_path: Path, chain: str, part: float
) -> None:
    whole = uncut(chain)
    numbered = [*points_of(whole).items()]
    point, time = numbered[int(part * len(numbered))]
    with beside(chain, tmp_path) as place:
        assert place.start(point, time, **OPTIONS) is None, f"it never came to {point}"
        assert row(place, point, whole) == f"| {point} | {rows_of(chain)[point]} |"
