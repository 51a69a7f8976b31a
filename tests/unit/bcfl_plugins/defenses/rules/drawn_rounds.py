"""A few rounds of eleven updates, some of them far away, for rules and their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Floats

N, D = 11, 7
SEEDS = range(6)


def rounds(n: int = N, far: int = 2, d: int = D) -> Iterator[Floats]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = rng.normal(1.0, 1.0, (n, d))
        x[rng.permutation(n)[:far]] += rng.normal(0.0, 6.0, (far, d))
        yield x
