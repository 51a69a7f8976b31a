"""Read stored values of anybody: of their type and no other, whatever that would be made into."""

from __future__ import annotations

from typing import Final

from pallet_bridge.errors import BcflError

UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    BcflError,
)
"""What is raised where a value has another form than it should: infinity is no integer either."""


def raw(value: object) -> bytes:
    """Return bytes as they are; `TypeError` for all else: of a number, `bytes` makes so many zeros.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} stands where bytes should")
    return value
