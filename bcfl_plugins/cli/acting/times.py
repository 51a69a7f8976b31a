"""Blocks as a person counts them: how many from now, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class BlockClock:
    """The newest block, and the time between two.

    Parameters
    ----------
    block : int
        The number of the newest block.
    slot_s : float
        Seconds between two blocks, as the runtime has it.
    """

    block: int
    slot_s: float

    @property
    def next(self) -> int:
        """The first block that a call sent now can be in."""
        return self.block + 1

    def has_come(self, block: int) -> bool:
        """Whether a call sent now is in this block, or in a later one."""
        return self.next >= block

    def until(self, block: int) -> str:
        """Say when a block comes, or that it is past."""
        blocks = block - self.block
        if blocks <= 0:
            return f"block {block}, which is past (now {self.block})"
        ahead = "1 block" if blocks == 1 else f"{blocks} blocks"
        return f"block {block}, in {ahead} ({duration(blocks * self.slot_s)})"

    def record(self, block: int) -> dict[str, object]:
        """Return the same for programs."""
        blocks = block - self.block
        return {"block": block, "blocks": blocks, "seconds": blocks * self.slot_s}


def duration(seconds: float) -> str:
    """Return a time in the unit that a person would take."""
    if seconds < 2 * _MINUTE:
        return f"about {seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"about {seconds / _MINUTE:.0f} minutes"
    if seconds < 2 * _DAY:
        return f"about {seconds / _HOUR:.1f} hours"
    return f"about {seconds / _DAY:.1f} days"
