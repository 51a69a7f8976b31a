"""Which time the next block has."""

from __future__ import annotations

import time


class SlotClock:
    """A clock that moves with the blocks: one slot for each, and further only when told to.

    Parameters
    ----------
    start_ms
        The time of the first block, in milliseconds since 1970.
    wall_clock
        Whether a block takes the machine's time when that is later.

    Attributes
    ----------
    pending
        Milliseconds that the next block is later than usual.
    """

    __slots__ = ("_start", "_wall_clock", "pending")

    def __init__(self, start_ms: int, *, wall_clock: bool = False) -> None:
        self._start = start_ms
        self._wall_clock = wall_clock
        self.pending = 0

    def next(self, last_ms: int, slot_ms: int) -> int:
        """Return the time for the block after one at `last_ms`; 0 means there was none.

        It is at least one slot later, as Aura gives one block to a slot.
        """
        regular = last_ms + slot_ms if last_ms else self._start
        chosen = regular + self.pending
        if self._wall_clock:
            chosen = max(chosen, time.time_ns() // 1_000_000 + self.pending)
        return chosen

    def advance(self, milliseconds: int) -> None:
        """Let `milliseconds` more pass before the next block."""
        if milliseconds < 0:
            raise ValueError("time on a chain does not go back; revert to a snapshot instead")
        self.pending += milliseconds

    def used(self) -> None:
        """Tell the clock that a block took the time that `next` gave."""
        self.pending = 0
