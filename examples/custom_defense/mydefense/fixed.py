"""The fix: measure from a centre that attackers cannot move, and drop what is not a number."""

import numpy as np

from bcfl_plugins.testing import Tags


class CloseToTheMedian:
    """The mean of the n - f updates that are closest to the median of all."""

    tags = Tags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        max_byzantine=lambda n: (n - 1) // 2,
    )

    def __init__(self, f):
        self.f = f

    def __call__(self, updates):
        n = len(updates)
        if n == 0 or self.f > (n - 1) // 2:
            raise ValueError(f"f = {self.f} is too many among {n} updates")
        wide = updates.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            usable = np.isfinite((wide**2).sum(axis=1))  # squares that overflow are no updates
        wide = wide[usable]
        spared = max(self.f - int((~usable).sum()), 0)  # they count against f
        if len(wide) <= 2 * spared:
            raise ValueError(f"only {len(wide)} of {n} updates are finite")
        distances = np.linalg.norm(wide - np.median(wide, axis=0), axis=1)
        order = np.lexsort((*wide.T, distances))  # ties are broken by content, not by arrival
        kept = wide[order[: len(wide) - spared]]
        return kept.mean(axis=0).astype(updates.dtype)
