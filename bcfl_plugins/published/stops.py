"""Why doing a round again goes no further."""

from __future__ import annotations

from pallet_bridge.errors import BcflError


class CannotReplay(BcflError):
    """What it takes is not published or not known here; nobody is wrong."""


class DoesNotHold(BcflError):
    """What is published contradicts itself, the report or the chain."""


class Differs(DoesNotHold):
    """It was done again, to the end, and something else came out than the report says."""
