from __future__ import annotations

import time

import pytest

from pallet_bridge.embedded.chain.clock import SlotClock


def test_blocks_are_one_slot_apart_from_the_start_on() -> None:
    clock = SlotClock(1_000_000)
    assert clock.next(0, 3000) == 1_000_000
    assert clock.next(1_000_000, 3000) == 1_003_000


def test_time_that_was_advanced_passes_once() -> None:
    clock = SlotClock(1_000_000)
    clock.advance(60_000)
    clock.advance(500)
    assert clock.next(2_000_000, 3000) == 2_063_500
    assert clock.next(2_000_000, 3000) == 2_063_500
    clock.used()
    assert clock.next(2_063_500, 3000) == 2_066_500


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        SlotClock(0).advance(-1)


def test_the_wall_clock_counts_only_when_it_is_ahead() -> None:
    clock = SlotClock(1_000_000, wall_clock=True)
    before = time.time_ns() // 1_000_000
    assert clock.next(0, 3000) >= before
    future = before + 10**9
    assert clock.next(future, 3000) == future + 3000
