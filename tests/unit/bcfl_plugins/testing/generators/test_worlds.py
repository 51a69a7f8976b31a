"""Federations, broken replies and reports: what they draw, and how small it shrinks."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import HealthCheck, find, given, settings

from bcfl_plugins.testing import FederationPlan, federations, malformed_replies, round_reports
from bcfl_plugins.testing.generators.worlds import Malformation
from pallet_bridge.run.reports import RoundReport
from pallet_bridge.types import Outcome

QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@given(federations())
@QUIET
def test_an_honest_node_replies_in_every_round(drawn: FederationPlan) -> None:
    assert len(drawn.byzantine) <= (drawn.nodes - 1) // 2
    assert bool(drawn.attack) == bool(drawn.byzantine)
    for presence in drawn.rounds:
        replies = set(presence.joined) - set(presence.silent)
        assert replies - set(drawn.byzantine)
        assert set(presence.silent) <= set(presence.joined) <= set(range(drawn.nodes))


@pytest.mark.slow
def test_a_federation_with_a_leaver_shrinks_to_two_rounds_of_two() -> None:
    found = find(
        federations(),
        lambda fed: any(
            set(one.joined) > set(two.joined)
            for one, two in zip(fed.rounds, fed.rounds[1:], strict=False)
        ),
        settings=settings(QUIET, max_examples=2000),
    )
    assert (found.nodes, len(found.rounds)) == (2, 2)


@given(round_reports())
@QUIET
def test_a_report_is_read_as_it_was_written(report: RoundReport) -> None:
    again = RoundReport.decode(report.encode())
    assert again.digest == report.digest
    assert len(again.entries) == len(report.entries)


@pytest.mark.slow
def test_a_report_with_an_accepted_update_shrinks_to_zeros() -> None:
    found = find(
        round_reports(),
        lambda report: any(entry.outcome is Outcome.ACCEPTED for entry in report.entries),
        settings=settings(QUIET, max_examples=2000),
    )
    assert (len(found.entries), found.absent, found.defense) == (1, (), "")
    assert found.genesis == found.entries[0].revealed == bytes(32)
    assert (found.entries[0].node_id, found.entries[0].weight) == (0, 0)


def test_every_malformation_is_drawn() -> None:
    for kind in get_args(Malformation):
        found = find(malformed_replies(kinds=[kind]), lambda _reply: True, settings=QUIET)
        assert found.kind == kind
