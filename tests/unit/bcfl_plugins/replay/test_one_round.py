"""Whatever a server lies about, deciding again tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.published.keeping import mean_of
from bcfl_plugins.replay.material import Material
from pallet_bridge.encoding import update_digest
from scripts.lies import plant
from scripts.lies.look import decided_again, plant_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.lies.federation import HonestRun

pytestmark = pytest.mark.slow

LIES = 30


def test_no_lie_goes_unseen_where_updates_are_published(updates_run: HonestRun) -> None:
    rng = np.random.default_rng(11)
    planted = [plant_one(updates_run, plant.OF_UPDATES, rng) for _ in range(LIES)]
    assert [one.what for one in planted if not one.is_seen] == []
    assert sum(one.how == "named" for one in planted) > LIES // 2


def test_no_lie_of_a_report_goes_unseen_where_statistics_are(decision_run: HonestRun) -> None:
    rng = np.random.default_rng(12)
    planted = [plant_one(decision_run, plant.OF_A_REPORT, rng) for _ in range(LIES)]
    assert [one.what for one in planted if not one.is_seen] == []


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (plant.verdict, "when it is decided again"),
        (plant.note, "'made up' in the report"),
        (plant.memory, "remember"),
        (plant.model, "is not the weighted mean of the 5 accepted updates"),
        (plant.inputs, "what it read of the updates comes to"),
        (plant.update, "its published update is not the one that it committed to"),
    ],
)
def test_a_lie_is_named_for_what_it_is(
    updates_run: HonestRun, lie: Callable[..., str], told: str
) -> None:
    made = plant.told_by(updates_run)
    lie(made, 2, np.random.default_rng(5))
    found = decided_again(updates_run, made).findings
    assert any(told in one.statement for one in found), found
    assert {one.kind for one in found} == {"replay"}


def test_a_rule_that_was_exchanged_in_every_report_is_named(updates_run: HonestRun) -> None:
    told = plant.told_by(updates_run)
    for number in told.reports:
        settings = {**told.told(number).settings, "room": "50.0"}
        told.edit_judgement(number, settings=settings)
    found = decided_again(updates_run, told)
    assert {one.round for one in found.findings} == {*told.reports}


def test_a_member_that_is_left_out_of_the_average_is_named(updates_run: HonestRun) -> None:
    told = plant.told_by(updates_run)
    report = told.reports[0]
    base = Material(told).arrays(report.base_model, "the model")
    updates = [one for _, one in Material(told).updates(told.evidence(0).updates, base)]
    judged: list[Any] = [
        _Judged(one, accepted=entry.outcome.value == "Accepted", share=entry.share)
        for one, entry in zip(updates, sorted(report.entries, key=lambda e: e.node_id), strict=True)
    ]
    medians = ["norm.running_mean"]
    mean = mean_of(base, judged, updates, medians)
    assert mean is not None
    assert update_digest(mean.model()) == report.model
    without = mean_of(base, [one for one in judged if one.node.node_id != 101], updates, medians)
    assert without is not None
    told.edit(0, model=update_digest(without.model()))
    (found,) = decided_again(updates_run, told).findings
    assert "is not the weighted mean" in found.statement


class _Judged:
    def __init__(self, update: Any, *, accepted: bool, share: int | None) -> None:
        self.node, self.accepted, self.share = update.node, accepted, share


def test_settings_that_change_on_the_way_are_told_of(updates_run: HonestRun) -> None:
    told = plant.told_by(updates_run)
    settings = {**told.told(1).settings, "memory": "51"}
    told.edit_judgement(1, settings=settings)
    notes = decided_again(updates_run, told).notes
    assert any("judges by another rule or settings than in round 0" in one for one in notes)


@pytest.mark.parametrize("level", ["updates", "decision"])
def test_what_holds_is_held(level: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(f"{level}_run")
    assert run.again.findings == ()
    assert run.again.notes == ()
    assert [one.verdicts for one in run.again.rounds.values()] == [6, 6, 6]
    assert all(one.is_averaged == (level == "updates") for one in run.again.rounds.values())
