"""A server that is killed at any of its points, and started again as it was.

Whatever the point: the run goes on to its end with the model that it would have had, each round of
training is settled once, nothing stays open, and the audit of its folder is clean. `python -m
tests.e2e.killed.table` goes through all points, and prints a table.
"""

from __future__ import annotations

from typing import Any

import pytest

from pallet_bridge import Signer, calls
from pallet_bridge.client import connect
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from tests.e2e.killed.table import check as same_as

pytestmark = pytest.mark.slow

IN_STEP: dict[str, Any] = {"config": {"on_chain_error": "fail"}}
"""The training waits for the chain in each round; else it runs ahead, each time a little more."""

POINTS = [
    ("queue", "before sending open_round", 1),
    ("queue", "after sending commit_batch", 2),
    ("queue", "after writing owed/N.json", 2),
    ("queue", "after sending settle", 3),
    ("fail", "after writing checkpoints/N.npz", 3),
    ("fail", "before writing journal.jsonl", 2),
]


def check(place: Any, found: dict[str, Any], whole: dict[str, Any]) -> None:
    """Compare a run in several processes with one that was never cut off."""
    same_as(place, found, whole)
    assert found["states"]["outliers"]
    assert {*place.ends()} <= {RoundState.SETTLED, RoundState.ABORTED}
    (run,) = place.runs
    assert {path.name for path in run.iterdir()} == {
        *("run.json", "journal.jsonl", "outbox.jsonl", "reports", "openings", "owed", "store"),
    }


@pytest.mark.parametrize(("mode", "point", "time"), POINTS)
def test_a_server_that_is_killed_goes_on_where_it_was(
    place: Any, whole: Any, mode: str, point: str, time: int
) -> None:
    options = {"config": {"on_chain_error": mode}, "strategy": "FedAdam"}
    assert place.start(point, time, **options) is None, f"it never came to {point}"
    found = place.finish(**options)
    check(place, found, whole("FedAdam"))


def test_a_server_that_is_killed_again_and_again_comes_to_its_end(place: Any, whole: Any) -> None:
    """Each time it comes a little further, and the rounds before are not trained again."""
    for point, time in (
        ("after writing owed/N.json", 1),
        ("after sending settle", 1),
        ("after writing checkpoints/N.npz", 1),
        ("after sending commit_batch", 2),
    ):
        assert place.start(point, time, **IN_STEP) is None
    found = place.finish(**IN_STEP)
    check(place, found, whole("FedAvg"))


def test_a_round_that_was_aborted_by_hand_meanwhile_is_in_the_journal(
    place: Any, whole: Any
) -> None:
    assert place.start("after sending commit_batch", 2, **IN_STEP) is None
    with connect(place.url) as client:
        open_round = client.federation(0).open_round
        assert open_round is not None
        client.execute(calls.abort(0, open_round), Signer.from_uri("//Alice"))
    found = place.finish(**IN_STEP)
    ends = [(one.round, one.outcome) for one in read_run(place.runs[0]).rounds]
    assert (open_round, "aborted") in ends
    check(place, found, whole("FedAvg"))


@pytest.mark.parametrize("strategy", ["FedAvgM", "FedYogi"])
def test_momentum_and_adaptive_steps_go_on(place: Any, whole: Any, strategy: str) -> None:
    """The model of a run that was cut off in its third round is bit for bit that of another."""
    assert place.start("after sending open_round", 3, strategy=strategy, **IN_STEP) is None
    found = place.finish(strategy=strategy, **IN_STEP)
    assert found["measured"] == [3]
    check(place, found, whole(strategy))
