"""The table of attacks on small consortia: it resumes, and says what its numbers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.cells import results
from benchmarks.consortia import bars
from benchmarks.consortia.bars import BAR_ATTACKS, BAR_SPLITS, WHO, Cell, cells
from benchmarks.consortia.simulation import UNEQUAL, Case, Federation
from benchmarks.crafted import BACKDOOR

if TYPE_CHECKING:
    from pathlib import Path

SEED = 3000


def test_what_is_on_disk_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    monkeypatch.setattr(Cell, "run", lambda self: ran.append(self.key) or (50.0, float(self.n)))
    wanted = cells(["none"], ["iid"], range(1), ["FedAvg"])
    results(wanted[:2], tmp_path)
    with (tmp_path / "cells.jsonl").open("a", encoding="utf-8") as file:
        file.write(f'["{wanted[2].who}", "cut o')  # a process that was killed while it wrote
    found = results(wanted, tmp_path)
    assert ran == [cell.key for cell in wanted]
    assert [found[cell.key][1] for cell in wanted] == [4.0, 5.0, 7.0, 10.0]
    assert results(wanted, tmp_path) == found
    assert len(ran) == len(wanted)


def test_the_verdict_is_what_the_rows_say() -> None:
    seeds = range(1)
    found = {cell.key: (80.0, 0.0) for cell in cells(BAR_ATTACKS, BAR_SPLITS, seeds, tuple(WHO))}
    for cell in cells(["alie"], BAR_SPLITS, seeds, ["default"]):
        found[cell.key] = (81.0, 0.0)
    for cell in cells(["scaled"], BAR_SPLITS, seeds, ["`median`"]):
        found[cell.key] = (81.1, 0.0)
    said = bars.verdict(found, seeds)
    assert "within 1 point of the best column in 7 of 8 rows" in said
    assert "better than FedAvg in 1 (`alie`)" in said


@pytest.mark.parametrize("attack", ["sign_flip", "scaled", "label_flip"])
def test_the_default_beats_the_average(attack: str) -> None:
    found = [Cell(who, attack, "dirichlet", 5, SEED).run()[0] for who in ("default", "FedAvg")]
    assert found[0] > found[1] + 2.0


def test_a_backdoor_works_where_nobody_stops_it() -> None:
    assert Cell("FedAvg", BACKDOOR, "iid", 7, SEED).run()[1] > 80.0
    assert Cell("FedAvg", "none", "iid", 7, SEED).run()[1] < 5.0


def test_unequal_sites_come_in_any_order() -> None:
    orders = {tuple(Federation(Case(UNEQUAL, 5, seed)).claims) for seed in range(4)}
    assert len(orders) > 1
    assert all(max(order) > 50 * min(order) for order in orders)
