"""Which parameters of a property make its quick test; the others are asked by `make test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Container, Iterable


def slow_but(quick: Container[Any], values: Iterable[Any]) -> list[Any]:
    """Mark every value as slow but the quick ones."""
    return [one if one in quick else pytest.param(one, marks=pytest.mark.slow) for one in values]
