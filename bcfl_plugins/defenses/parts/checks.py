"""Check a hyper-parameter when a rule is made."""

from __future__ import annotations

import math

from bcfl_plugins.errors import BadUpdates


def check_range(name: str, value: float, *, low: float = -math.inf, high: float = math.inf) -> None:
    """Refuse a value outside [low, high].

    Raises
    ------
    BadUpdates
        Naming the hyper-parameter.
    """
    if not low <= value <= high or math.isinf(value):
        wanted = f"from {low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise BadUpdates(name, f"it is {value!r}; it must be {wanted}")
