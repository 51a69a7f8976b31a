"""Decide on what somebody else may have made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bcfl_plugins.published.stops import CannotReplay, DoesNotHold
from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from collections.abc import Callable

_HOSTILE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BcflError,
    LookupError,
    TypeError,
    ValueError,
)
"""What a judge may raise on a memory or inputs that somebody made up."""


def guarded(decide: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `decide` gives
    """Decide on what somebody else may have made up.

    Raises
    ------
    CannotReplay, DoesNotHold
        Whatever a rule makes of it.
    """
    try:
        return decide()
    except (CannotReplay, DoesNotHold):
        raise
    except _HOSTILE as error:
        raise DoesNotHold(f"it cannot decide on what is published: {error}") from error
