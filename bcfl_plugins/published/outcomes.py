"""What becomes of an update by its verdict, in the chain's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from bcfl_plugins.types import JudgedUpdate


def outcome_of(update: JudgedUpdate) -> Outcome:
    """Return what becomes of an update."""
    if update.accepted:
        return Outcome.ACCEPTED
    return Outcome.REJECTED if update.strike else Outcome.EXCLUDED
