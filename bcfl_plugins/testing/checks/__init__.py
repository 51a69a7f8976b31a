"""The rules that the kit knows, one file a subject; `ALL_CHECKS` is in the order of running."""

from __future__ import annotations

from bcfl_plugins.testing.checks import algebra, contract, judging, robust, shapes
from bcfl_plugins.testing.search.check import Check

ALL_CHECKS: tuple[Check, ...] = (
    *contract.CONTRACT_CHECKS,
    *shapes.SHAPE_CHECKS,
    *robust.ROBUST_CHECKS,
    *algebra.ALGEBRA_CHECKS,
    *judging.JUDGING_CHECKS,
)
"""Every check."""

BY_NAME: dict[str, Check] = {check.name: check for check in ALL_CHECKS}
"""Every check by its name."""

__all__ = ["ALL_CHECKS", "BY_NAME", "Check"]
