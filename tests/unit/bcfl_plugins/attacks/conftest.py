"""Two small rules to attack: one that selects, one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from bcfl_plugins.defenses.base import NO_EXTRAS, Aggregate, Decision, Defense, Extras, RuleTags
from bcfl_plugins.reasons import Reason


@dataclass(frozen=True, slots=True)
class Nearest(Defense):
    """Keep what is within `reach` median distances of the coordinate-wise median."""

    name: ClassVar[str] = "nearest"
    paper: ClassVar[str] = "test"
    tags: ClassVar[RuleTags] = RuleTags(selects=True)

    reach: float = 1.5

    def max_byzantine(self, n: int) -> int:
        return (n - 1) // 2

    def aggregate(self, updates: Any, extras: Extras = NO_EXTRAS) -> Aggregate:
        assert extras.ids is not None
        assert extras.trusted is not None
        gaps = np.linalg.norm(updates - np.median(updates, axis=0), axis=1)
        kept = gaps <= self.reach * np.median(gaps)
        reasons = tuple(Reason.NONE if one else Reason.OUTLIER_NORM for one in kept)
        decision = Decision(kept, kept / kept.sum(), gaps, reasons)
        return Aggregate(updates[kept].mean(axis=0), decision)


@dataclass(frozen=True, slots=True)
class Middle(Defense):
    """The coordinate-wise median."""

    name: ClassVar[str] = "middle"
    paper: ClassVar[str] = "test"

    def max_byzantine(self, n: int) -> int:
        return (n - 1) // 2

    def aggregate(self, updates: Any, extras: Extras = NO_EXTRAS) -> Aggregate:
        n = len(updates)
        decision = Decision(np.ones(n, bool), np.empty(0), np.zeros(n), (Reason.NONE,) * n)
        return Aggregate(np.median(updates, axis=0), decision)


@pytest.fixture
def nearest() -> Defense:
    return Nearest()


@pytest.fixture
def middle() -> Defense:
    return Middle()


@pytest.fixture
def honest() -> Any:
    """(16, 40) updates around a mean that is not zero."""
    return np.random.default_rng(3).normal(0.3, 1.0, (16, 40))
