"""Each scenario ends in the errors that it names, and together they reach every error there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pallet_bridge.client import connect
from pallet_bridge.errors.by_name import pallet_errors
from pallet_bridge.testing.machine.step import CheckedChain
from pallet_bridge.testing.scenarios import SCENARIOS
from tests.slow import slow_but

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.scenarios import Scenario

SMALL = re.compile(r"integers\(min_value=\d+, max_value=\d{1,2}\)|booleans\(\)|sampled_from\(.*\)")
"""What hypothesis draws without a look at the constants of imported modules."""


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    with connect("embedded") as client:
        yield client


def test_together_they_reach_every_error_but_defects() -> None:
    reached = {error for one in SCENARIOS for error in one.reaches}
    assert reached == set(pallet_errors) - {"Defensive"}


@pytest.mark.parametrize(
    "scenario", slow_but(SCENARIOS[::6], SCENARIOS), ids=lambda scenario: scenario.name
)
@pytest.mark.slow
def test_a_scenario_ends_in_the_errors_that_it_names(
    client: EmbeddedClient, scenario: Scenario
) -> None:
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
        def draw(of: st.SearchStrategy[int]) -> int:
            assert SMALL.fullmatch(repr(of)), f"{of}: constants of modules would take its place"
            return data.draw(of)

        chain = CheckedChain(client)
        scenario.script(chain, draw)
        assert scenario.reaches <= {outcome for _, outcome in chain.tally}

    try:
        once()
    finally:
        client.node.revert(snapshot)
