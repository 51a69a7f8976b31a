from __future__ import annotations

import pytest

from bcfl_plugins.standby.watch import NextStep, Sight
from pallet_bridge.types import AccountId

MINE, OTHER = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)


@pytest.mark.parametrize(
    ("sight", "step"),
    [
        (Sight(10, MINE, None), NextStep.SERVE),
        (Sight(10, OTHER, None), NextStep.NONE),
        (Sight(10, OTHER, 12), NextStep.WAIT),
        (Sight(11, OTHER, 12), NextStep.TAKE_OVER),
        (Sight(900, OTHER, 12), NextStep.TAKE_OVER),
    ],
)
def test_a_call_is_in_the_next_block_at_the_earliest(sight: Sight, step: NextStep) -> None:
    assert sight.duty(MINE) is step
