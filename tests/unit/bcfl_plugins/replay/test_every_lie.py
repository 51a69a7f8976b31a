"""What lies of a server deciding again tells of where nodes sign sketches, and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from scripts.lies import plant, sketches
from scripts.lies.look import decided_again, plant_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.lies.federation import HonestRun

pytestmark = pytest.mark.slow

LIES = 20


def test_no_lie_goes_unseen_where_nodes_sign_sketches(sketch_run: HonestRun) -> None:
    rng = np.random.default_rng(21)
    planted = [plant_one(sketch_run, sketches.OF_SKETCHES, rng) for _ in range(LIES)]
    assert [one.what for one in planted if not one.is_seen] == []


def test_no_lie_about_what_was_judged_goes_unseen(forgetful_run: HonestRun) -> None:
    rng = np.random.default_rng(22)
    planted = [plant_one(forgetful_run, sketches.OF_STATISTICS, rng) for _ in range(LIES)]
    assert [one.what for one in planted if not one.is_seen] == []
    assert sum(one.how == "named" for one in planted) > LIES // 2


def test_lies_within_the_stated_tolerances_pass(forgetful_run: HonestRun) -> None:
    """They are planted well, so that what finds the larger ones is their size alone."""
    rng = np.random.default_rng(23)
    planted = [plant_one(forgetful_run, sketches.WITHIN, rng) for _ in range(LIES)]
    assert {one.what.split(" (")[0] for one in planted if not one.is_seen} == {
        "a model that is off",
        "an update that was judged as longer or shorter",
    }
    assert all(not one.is_seen for one in planted)


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        (sketches.signed, "is not the one that it signed"),
        (sketches.stranger, "its sketch is among those of the model, and it is not accepted"),
        (sketches.seal, "its sketches are by a seed of block"),
        (sketches.model_unsigned, "is not the one that it signed"),
        (sketches.false_model, "is not the weighted sum of the 5 accepted updates"),
        (sketches.false_statistics, "by signed sketches it is"),
    ],
)
def test_a_lie_is_named_for_what_it_is(
    forgetful_run: HonestRun, lie: Callable[..., str], told: str
) -> None:
    made = plant.told_by(forgetful_run)
    lie(made, 2, np.random.default_rng(5))
    found = decided_again(forgetful_run, made).findings
    assert any(told in one.statement for one in found), found


def test_nodes_are_signed_for_as_they_sign(forgetful_run: HonestRun) -> None:
    """A model that is off by nothing, told in the same way, is found to be right."""
    made = plant.told_by(forgetful_run)
    before = made.reports[1].model
    sketches.model_off(made, 1, np.random.default_rng(6), 0.0)
    assert made.reports[1].model == before
    assert made.content.keys() == {before, plant.there(made.evidence(1).sketches)}
    assert decided_again(forgetful_run, made).rounds == forgetful_run.again.rounds
