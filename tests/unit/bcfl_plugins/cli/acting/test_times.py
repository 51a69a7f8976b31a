from __future__ import annotations

import pytest

from bcfl_plugins.cli.acting.times import BlockClock, duration


def test_a_call_sent_now_is_in_the_next_block() -> None:
    clock = BlockClock(70, 3.0)
    assert clock.next == 71
    assert [clock.has_come(block) for block in (70, 71, 72)] == [True, True, False]


def test_a_block_is_said_with_its_distance_and_its_time() -> None:
    clock = BlockClock(70, 6.0)
    assert clock.until(71) == "block 71, in 1 block (about 6 s)"
    assert clock.until(1270) == "block 1270, in 1200 blocks (about 2.0 hours)"
    assert clock.until(70) == "block 70, which is past (now 70)"
    assert clock.record(75) == {"block": 75, "blocks": 5, "seconds": 30.0}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (7.4, "about 7 s"),
        (119, "about 119 s"),
        (120, "about 2 minutes"),
        (7199, "about 120 minutes"),
        (7200, "about 2.0 hours"),
        (200_000, "about 2.3 days"),
    ],
)
def test_a_time_is_said_in_a_persons_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said
