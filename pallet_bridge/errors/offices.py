"""Errors of pallet-bcfl about the place of a coordinator and who follows in it."""

from __future__ import annotations

from pallet_bridge.errors import CallFailed


class SuccessionOutOfRange(CallFailed):
    """Nobody is named twice; idle_blocks and turn_blocks are 1 at least, and in range."""


class NoSuccession(CallFailed):
    """The federation names no successors: its governance does with name_successors."""


class NotSuccessor(CallFailed):
    """The account is not among the successors in force, or is in office itself."""


class TakeoverTooEarly(CallFailed):
    """The coordinator has missed no deadline yet, or another successor has its turn first."""


class PauseTooLong(CallFailed):
    """A pause ends within the runtime's MaxRetentionBlocks: announce a shorter one first."""
