"""The rules that the kit knows, one file a subject. `ALL` is in the order in which they run."""

from __future__ import annotations

from bcfl_plugins.testing.checks import algebra, contract, judging, robust, shapes
from bcfl_plugins.testing.search.check import Check

ALL: tuple[Check, ...] = (
    *contract.CHECKS, *shapes.CHECKS, *robust.CHECKS, *algebra.CHECKS, *judging.CHECKS,
)  # fmt: skip
"""Every check."""

BY_NAME: dict[str, Check] = {check.name: check for check in ALL}
"""Every check by its name."""

__all__ = ["ALL", "BY_NAME", "Check"]
