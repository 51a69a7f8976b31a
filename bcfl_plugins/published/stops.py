"""Why doing a round again goes no further."""

from __future__ import annotations

from pallet_bridge.errors import BcflError


class CannotReplay(BcflError):
    """What it takes is not published or not known here; nobody is wrong."""


class DoesNotHold(BcflError):
    """What is published contradicts itself, the report or the chain."""
