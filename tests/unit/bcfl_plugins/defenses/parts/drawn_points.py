"""Points to cluster, and how far apart they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def pairwise(points: Floats) -> Floats:
    found: Floats = np.linalg.norm(points[:, None] - points[None], axis=2)
    return found


def draw(seed: int, least: int, *, tied: bool = False) -> Floats:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(least, 25)), int(rng.integers(1, 4)))
    if tied:
        return rng.integers(0, 4, size=shape).astype(float)
    return rng.normal(size=shape)
