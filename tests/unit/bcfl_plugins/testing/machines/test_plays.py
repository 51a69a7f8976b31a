"""Each play ends in the errors that it names, and together they reach every error there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bcfl_plugins.testing.machines.plays import PLAYS
from bcfl_plugins.testing.machines.stage import Stage
from pallet_bridge import connect
from pallet_bridge.errors.pallet import pallet_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.testing.machines.plays import Play
    from pallet_bridge.local import EmbeddedClient

SMALL = re.compile(r"integers\(min_value=\d+, max_value=\d{1,2}\)|booleans\(\)|sampled_from\(.*\)")
"""What hypothesis draws without a look at the constants of imported modules."""


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    with connect("embedded") as client:
        yield client


def test_together_they_reach_every_error_but_defects() -> None:
    reached = {error for play in PLAYS for error in play.reaches}
    assert reached == set(pallet_errors) - {"Defensive"}


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_a_play_ends_in_the_errors_that_it_names(client: EmbeddedClient, play: Play) -> None:
    snapshot = client.node.snapshot()

    @settings(
        max_examples=1,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def once(data: st.DataObject) -> None:
        def draw(acts: st.SearchStrategy[int]) -> int:
            assert SMALL.fullmatch(repr(acts)), f"{acts}: constants of modules would take its place"
            return data.draw(acts)

        stage = Stage(client)
        play.script(stage, draw)
        assert play.reaches <= {outcome for _, outcome in stage.tally}

    try:
        once()
    finally:
        client.node.revert(snapshot)
