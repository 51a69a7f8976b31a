"""The page says what the numbers say, and names where the default is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.breadth import __main__ as command
from benchmarks.breadth.cases import BY_SPLIT, CORE, Cell
from benchmarks.breadth.contestants import CLUSTER, FEDAVG, OURS
from benchmarks.breadth.report import Ran, behind, costs, defects, done, left, mean, table, worst
from benchmarks.breadth.simulation import CONDITIONS, REFUSED, Case, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def ran(attack: str, plain: float, ours: float, split: str = "iid", **more: float) -> Ran:
    case = Case("digits", "mlp", split, attack, CONDITIONS[0], 10, 8)
    own = Outcome(ours, **more)
    return Ran(CORE, case, {FEDAVG: Outcome(plain), OURS: own, CLUSTER: Outcome(1.0)})


def by_attack(case: Case) -> str:
    return case.attack


def test_the_worst_is_over_attacks_of_means_over_federations() -> None:
    some = [ran("alie", 50.0, 90.0), ran("alie", 70.0, 90.0), ran("scaled", 65.0, 80.0)]
    assert worst(some, FEDAVG) == 60.0
    assert worst(some, OURS) == 80.0
    refused = [*some, ran("scaled", REFUSED, 80.0)]
    assert worst(refused, FEDAVG) == REFUSED
    assert mean(refused, OURS) == 85.0
    assert "| scaled | 2 | - | 80.0 |" in table(refused, "attack", by_attack)


def test_where_the_default_is_behind_is_named() -> None:
    some = [ran("alie", 91.5, 90.0), ran("scaled", 80.9, 80.0)]
    said = behind(some, by_attack, mean)
    assert "more than a point worse than the best in 1 of 2 rows" in said
    assert "- alie: 90.0, and FedAvg 91.5" in said
    assert "scaled" not in said


def test_strikes_and_refusals_for_ever_are_named() -> None:
    calm = ran("none", 90.0, 84.0, split="lone", honest=10.0, worst=100.0)
    said = defects([calm, ran("alie", 50.0, 80.0, struck=1.0), ran("none", 80.0, 80.0)])
    assert said.count("\n- ") == 1
    assert "lone, none" in said
    assert "rejected in every round; accuracy is 84.0, and with FedAvg 90.0" in said
    assert "an honest site is struck" in said
    assert f"| {OURS} | {CORE} | lone | yes | 1 | 10.0 | 100.0 | 1 | 0 | - |" in costs([calm])


def test_a_federation_is_counted_in_the_first_table_that_has_it() -> None:
    cell = Cell(ran("none", 1.0, 1.0).case, ("a",))
    cells = [(CORE, cell), (BY_SPLIT, cell)]
    found = {cell.key: (1.0,) * 7}
    assert [one.table for one in done(cells, found)] == [CORE]
    assert f"| {CORE} | 1 | 1 |" in left(cells, done(cells, found))
    assert f"| {CORE} | 0 | 1 |" in left(cells, done(cells, {}))


def test_the_quick_command_runs_resumes_and_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = ["--quick", "--cache", str(tmp_path)]
    assert command.main([*whole, "--report-only"]) == 0
    assert "about 0 federations" in capsys.readouterr().out
    assert command.main(whole) == 0
    text = capsys.readouterr().out
    kept = (tmp_path / "cells.jsonl").read_text(encoding="utf-8")
    assert f"about {kept.count(chr(10))} federations" in text
    for name in ("digits", "cancer", "loans", "sensors", "text"):
        assert f"| {name} |" in text
    assert command.main([*whole, "--report-only"]) == 0
    assert capsys.readouterr().out == text
    assert (tmp_path / "cells.jsonl").read_text(encoding="utf-8") == kept
