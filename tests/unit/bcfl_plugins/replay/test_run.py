from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.replay.run import Replayer
from pallet_bridge.audit.grounds import AVERAGES, VERDICTS, coordinator_name
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.store import STORE
from pallet_bridge.settlement.attester import Redone
from scripts.lies.federation import audited, honest_run, run_federation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scripts.lies.federation import HonestRun

pytestmark = pytest.mark.slow

ALL, ROUNDS = 6, 3


def replayed(run: Path) -> dict[str, Any]:
    """Return what the command says as JSON."""
    done = CliRunner().invoke(app, ["audit", str(run), "--replay", "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def words(found: dict[str, Any]) -> dict[str, int]:
    """Return what is on the coordinator's word."""
    ((_, told),) = [one for one in found["on_a_word"].items() if "coordinator" in one[0]]
    return dict(told)


def test_with_the_updates_verdicts_and_models_are_on_nobodys_word(updates_run: HonestRun) -> None:
    found = replayed(updates_run.folder)
    assert found["recomputed"][VERDICTS] == ALL * ROUNDS
    assert found["recomputed"][AVERAGES] == ROUNDS
    assert words(found) == {"weights of rewards": 5 * ROUNDS}
    assert found["notes"] == []


def test_with_statistics_verdicts_rest_on_them_and_on_what_was_measured(
    decision_run: HonestRun,
) -> None:
    found = replayed(decision_run.folder)
    assert found["recomputed"][VERDICTS] == ALL * ROUNDS
    assert AVERAGES not in found["recomputed"]
    told = words(found)
    assert told["statistics that verdicts were decided on again"] == ROUNDS
    assert told["rounds whose verdicts rest on what it measured on data of its own"] == ROUNDS
    assert told[AVERAGES] == ROUNDS


def test_who_does_not_decide_again_takes_the_coordinators_word(updates_run: HonestRun) -> None:
    report = audit_run(updates_run.folder)
    told = report.grounds.words[coordinator_name(updates_run.audited.record.header.coordinator)]
    assert (told[VERDICTS], told[AVERAGES]) == (ALL * ROUNDS, ROUNDS)


def test_bookkeeping_pins_the_rule_and_publishes_nothing(folder: Path) -> None:
    run = honest_run(folder, "bookkeeping", rounds=1)
    assert not (run.folder / STORE).exists()
    ((_, _, report),) = run.audited.reported()
    assert report.evidence is not None
    (told,) = report.evidence.judgements
    assert (told.rule, told.version, told.settings["decay"]) == ("cluster_guard", 1, "0.95")
    assert (told.before, told.after, told.inputs) == (None, None, None)
    found = replayed(run.folder)
    assert VERDICTS not in found["recomputed"]
    assert found["notes"] == ["nothing can be decided again: there is no store/"]


def test_a_rule_that_reads_updates_is_decided_again_from_updates_only(folder: Path) -> None:
    gap = "outliers: cluster reads the updates themselves"
    less = honest_run(folder / "less", "decision", method="cluster", rounds=2)
    assert [one.verdicts for one in less.again.rounds.values()] == [0, 0]
    (note,) = less.again.notes
    assert note.startswith(f"rounds 0 to 1: {gap}")
    more = honest_run(folder / "more", "updates", method="cluster", rounds=2)
    assert (more.again.findings, more.again.notes) == ((), ())
    assert [one.verdicts for one in more.again.rounds.values()] == [ALL, ALL]


@pytest.mark.parametrize("shares", ["examples", "rule", "off"])
def test_other_ways_to_weigh_are_averaged_again_too(folder: Path, shares: str) -> None:
    settings = {"outliers.shares": shares, "outliers.evidence": "streak"}
    run = honest_run(folder, "updates", rounds=2, method="krum", **settings)
    assert (run.again.findings, run.again.notes) == ((), ())
    assert all(one.is_averaged for one in run.again.rounds.values())


def test_what_is_clipped_is_averaged_again_too(folder: Path) -> None:
    run = honest_run(folder, "updates", rounds=2, **{"outliers.clip": 1.5})
    assert (run.again.findings, run.again.notes) == ((), ())
    assert all(one.is_averaged for one in run.again.rounds.values())


def test_a_round_that_is_too_small_for_its_rule_is_decided_again_by_the_deputy(
    folder: Path,
) -> None:
    run = honest_run(folder, "decision", rounds=2, method="bulyan")
    ((_, _, report), *_) = run.audited.reported()
    assert report.parameters["outliers"].startswith("handed over")
    assert (run.again.findings, run.again.notes) == ((), ())
    assert [one.verdicts for one in run.again.rounds.values()] == [ALL, ALL]


def test_plain_fedavg_is_done_again_without_any_judge(folder: Path) -> None:
    run = honest_run(folder, "updates", rounds=2, plugins="staking, round_log")
    assert (run.again.findings, run.again.notes) == ((), ())
    assert [one.verdicts for one in run.again.rounds.values()] == [ALL, ALL]
    assert all(one.is_averaged for one in run.again.rounds.values())


def test_without_openings_the_updates_are_taken_as_those_signed(
    updates_run: HonestRun, tmp_path: Path
) -> None:
    shutil.copytree(updates_run.folder, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "openings")
    told = words(replayed(tmp_path / "run"))
    unbound = "published updates that are taken as those signed, whose openings are not at hand"
    assert told[unbound] == ALL * ROUNDS


def test_an_old_report_cannot_be_decided_again(updates_run: HonestRun) -> None:
    run = updates_run.audited
    reports = {number: replace(one, evidence=None) for number, _, one in run.reported()}
    found = Replayer()(updates_run.folder, replace(run, reports=reports))
    assert found.findings == ()
    assert found.notes == (
        "rounds 0 to 2: the report is of a format that does not say how it was decided",
    )


def test_who_attests_is_told_of_one_round_what_is_wrong_or_cannot_be_done(
    updates_run: HonestRun, decision_run: HonestRun, tmp_path: Path
) -> None:
    _, _, report = next(updates_run.audited.reported())
    opened = updates_run.audited.openings[0]
    assert Replayer().redone(updates_run.folder, report, opened) == Redone()
    lie = replace(report, model=bytes(32))
    redone = Replayer().redone(updates_run.folder, lie, opened)
    (problem,) = redone.problems
    assert problem.startswith("round 0: the model 0000")
    assert redone.differs == (problem,), "another model is a fact"
    without = replace(report, evidence=None)
    told = Replayer().redone(updates_run.folder, without, opened)
    (gap,) = told.problems
    assert told.differs == (), "what cannot be done refutes nothing"
    assert gap == "round 0: the report is of a format that does not say how it was decided"
    told = Replayer().redone(tmp_path, report, opened)
    (nothing,) = told.problems
    assert told.differs == ()
    assert nothing == "round 0: nothing can be decided again: there is no store/"
    _, _, less = next(decision_run.audited.reported())
    assert Replayer().redone(decision_run.folder, less, {}) == Redone()
    first, *others = less.entries
    worth = replace(less, entries=(replace(first, score=first.score + 1), *others))
    redone = Replayer().redone(decision_run.folder, worth, {})
    assert len(redone.differs) == 1, "so is another verdict on the same statistics"


def test_what_is_lost_or_within_a_tolerance_refutes_nothing(
    updates_run: HonestRun, sketch_run: HonestRun, tmp_path: Path
) -> None:
    _, _, report = next(updates_run.audited.reported())
    run = tmp_path / "run"
    shutil.copytree(updates_run.folder, run)
    for path in sorted((run / STORE).rglob("*")):
        if path.is_file():
            path.write_bytes(b"something else")
    redone = Replayer().redone(run, report, updates_run.audited.openings[0])
    assert redone.problems
    assert redone.differs == ()
    _, _, sketched = next(sketch_run.audited.reported())
    lie = replace(sketched, model=bytes(32))
    redone = Replayer().redone(sketch_run.folder, lie, sketch_run.audited.openings[0])
    assert redone.problems
    assert redone.differs == ()


def backwards(replies: Sequence[Any]) -> Sequence[Any]:
    return list(replies)[::-1]


def in_turn(replies: Sequence[Any]) -> Sequence[Any]:
    return replies


def test_neither_arrival_nor_threads_change_what_is_published(folder: Path) -> None:
    before = torch.get_num_threads()
    told = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for arrivals in (in_turn, backwards):
                place = folder / f"{threads}-{arrivals.__name__}"
                run, _ = audited(run_federation(place, "updates", rounds=2, arrivals=arrivals))
                told.append([(one.evidence, one.model) for _, _, one in run.reported()])
    finally:
        torch.set_num_threads(before)
    assert len(told[0]) == 2
    assert told == [told[0]] * 4
