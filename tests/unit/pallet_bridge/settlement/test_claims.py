"""When a reward may be paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.settlement.claims import payable_after
from pallet_bridge.types import FederationState
from tests.unit.pallet_bridge.audit import paper


@pytest.mark.parametrize(
    ("vesting", "next_round", "state", "block"),
    [
        (0, 5, FederationState.ACTIVE, 49),
        (3, 5, FederationState.ACTIVE, 80),
        (3, 7, FederationState.ACTIVE, 80),
        (3, 8, FederationState.ACTIVE, 49),
        (3, 5, FederationState.CLOSING, 49),
        (3, 5, FederationState.CLOSED, 49),
    ],
)
def test_a_reward_is_paid_once_it_is_vested(
    vesting: int, next_round: int, state: FederationState, block: int
) -> None:
    run = paper.audited([paper.report(4)])
    settlement = run.facts.rounds[4].settlement
    assert settlement is not None
    settlement = replace(settlement, dispute_until=49, vests_at=80)
    federation = replace(run.facts.federation, next_round=next_round, state=state)
    assert payable_after(4, settlement, vesting, federation) == block


def test_nothing_is_paid_while_it_may_be_disputed() -> None:
    run = paper.audited([paper.report(0)])
    settlement = run.facts.rounds[0].settlement
    assert settlement is not None
    later = replace(settlement, dispute_until=70, vests_at=60)
    assert payable_after(0, later, 9, run.facts.federation) == 70
