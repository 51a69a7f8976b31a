"""The pallet in its real runtime, under calls that make sense and calls that should not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from pallet_bridge.testing.chain_machine import ChainMachine


@pytest.mark.slow
def test_no_history_breaks_an_invariant() -> None:
    run_state_machine_as_test(
        ChainMachine,
        settings=settings(
            max_examples=14,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert sum(ChainMachine.tally.values()) >= 200
    assert ChainMachine.tally >= ChainMachine.directed
    done = {call for call, outcome in ChainMachine.tally if outcome == "ok"}
    assert {"open_round", "commit_batch", "settle", "join"} <= done
