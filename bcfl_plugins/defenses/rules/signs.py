"""SignGuard: the signs of an update say which way it pulls, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.meanshift import bandwidth, densest
from bcfl_plugins.defenses.parts.points import blocks, by_row, norms
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_QUANTILE = 0.5  # of the distances, for the bandwidth: the authors' code
_LEAST = 1e-8  # as there: a share of signs that nobody has stays zero


@dataclass(frozen=True, slots=True)
class SignGuard(Rule):
    """Updates of usual length in the densest cluster of sign statistics, clipped to the median.

    A norm is usual from `low` to `high` median norms. The sign statistics are the shares of
    positive, zero and negative entries in a window of consecutive coordinates; mean shift finds
    their densest cluster. The window starts at a seeded random place that changes with the round.

    Attacks that keep the shares of signs pass. Updates below the least norm are rejected as well,
    so a node that stands still has no share.

    Parameters
    ----------
    low, high : float
        Bounds of the norm, in median norms.
    window : float
        Share of the coordinates whose signs are counted, over 0 up to 1.
    seed : int
        Of the window.
    """

    name: ClassVar[str] = "signguard"
    paper: ClassVar[str] = (
        "Xu, Huang, Song, Lan, Byzantine-robust Federated Learning through Collaborative Malicious "
        "Gradient Filtering, ICDCS 2022"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True, stateful=True)
    needs: ClassVar[Needs] = "norms"

    low: float = 0.1
    high: float = 3.0
    window: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("low", self.low, low=0.0, high=1.0)
        check_range("high", self.high, low=1.0)
        check_range("window", self.window, low=1e-9, high=1.0)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Filter by length and by signs; scores are distances of the norm from the median one."""
        number = _round_of(batch.extras.state, self.name)
        lengths = norms(batch)
        middle = float(np.median(lengths))
        usual = (lengths >= self.low * middle) & (lengths <= self.high * middle)
        shares = sign_shares(batch, *self._span(batch.rows.d, number))
        features = shares / (shares.max(axis=0) + _LEAST)
        alike = densest(features, bandwidth(features, _QUANTILE))
        kept = usual & alike
        longer = lengths > middle
        clipped = np.divide(middle, lengths, out=np.ones(batch.m), where=longer)
        ratio = np.divide(lengths, middle, out=np.ones(batch.m), where=middle > 0)
        reasons = [Reason.OUTLIER_DIRECTION if good else Reason.OUTLIER_NORM for good in usual]
        return batch.weighted(
            kept * clipped / max(1, int(kept.sum())),
            np.abs(ratio - 1.0),
            by_row(batch, reasons),
            note=f"clipped to norm {middle:.3g}" if kept.any() else "no update passes both filters",
            state=number + 1,
        )

    def _span(self, size: int, number: int) -> tuple[int, int]:
        width = max(1, round(self.window * size))
        rng = np.random.Generator(np.random.PCG64([self.seed, number]))
        start = int(rng.integers(max(1, size - width + 1)))
        return start, min(start + width, size)


def sign_shares(batch: Batch, start: int, stop: int) -> Floats:
    """Return (m, 3) shares of positive, zero and negative entries in columns [start, stop)."""
    counts = np.zeros((batch.m, 3))
    for block in blocks(batch, start, stop):
        counts[:, 0] += (block > 0).sum(axis=1)
        counts[:, 2] += (block < 0).sum(axis=1)
    size = max(1, stop - start)
    counts[:, 1] = max(0, stop - start) - counts[:, 0] - counts[:, 2]
    return counts / size


def _round_of(state: object, rule: str) -> int:
    if state is None:
        return 0
    if not isinstance(state, int):
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    return state
