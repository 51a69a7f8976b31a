"""The speed benchmark: what its cache keeps, which bars it holds, and what its page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.speed import __main__ as speed
from benchmarks.speed import report

if TYPE_CHECKING:
    from pathlib import Path

FAST = report.Measured("krum", 20, 1000, (0.01, 0.02, 0.015), (0.01, 0.01, 0.011), 0.1)
SLOW = report.Measured("median", 20, 1000, (0.2,), (0.1,), 0.3, (1.0,), (0.5,), 0.2)


def test_bars_that_are_missed_say_by_how_much() -> None:
    assert FAST.grams == pytest.approx(1.5)
    assert FAST.missed() == []
    assert SLOW.missed() == ["2.0 times Flower, under 8", "0.30 of the memory, over 0.25"]
    heavy = report.Measured("krum", 20, 1000, (0.021,), (0.01,), 0.1)
    assert heavy.missed() == ["2.10 Grams, over 2"]


def test_a_cache_gives_back_what_was_put_in_and_the_last_counts(tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "speed.jsonl"
    assert report.read(cache) == {}
    later = report.Measured("krum", 20, 1000, (0.03,), (0.01,), 0.1)
    for one in (FAST, SLOW, later):
        report.append(cache, one)
    assert report.read(cache) == {("krum", 20, 1000): later, ("median", 20, 1000): SLOW}
    report.append(None, FAST)
    assert report.read(None) == {}


def test_the_page_tells_what_was_missed_and_what_was_left_out() -> None:
    known = {(one.rule, one.n, one.d): one for one in (FAST, SLOW)}
    page = report.page(known, [*known, ("bulyan", 20, 1000)])
    assert "- `median`, n = 20, d = 1,000: 2.0 times Flower" in page
    assert "Left out, as not measured: `bulyan` at n = 20, d = 1,000." in page
    assert "| `median` | 200 | 2.00 | 0.30 | 500 | 1000 | 2.0 |" in page
    assert "Other processes took 0.20 of a core" in page
    assert "| `krum` | 15 | 1.50 | 0.10 |" in page


@pytest.mark.slow
def test_a_run_takes_from_the_cache_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache, page = tmp_path / "speed.jsonl", tmp_path / "speed.md"
    report.append(cache, FAST)
    sizes = ["--n", "20", "--d", "1000", "--rules", "krum", "arc", "--cache", str(cache)]
    assert speed.main([*sizes, "--report-only", "--write", str(page)]) == 0
    assert "| `krum` | 15 |" in capsys.readouterr().out
    assert "Left out, as not measured: `arc`" in page.read_text()
    assert speed.main([*sizes, "--json"]) == 0
    assert '"rule": "arc"' in capsys.readouterr().out
    assert set(report.read(cache)) == {("krum", 20, 1000), ("arc", 20, 1000)}
    assert report.read(cache)["krum", 20, 1000] == FAST
