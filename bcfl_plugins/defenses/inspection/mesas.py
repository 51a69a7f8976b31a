"""MESAS: six measures of an update, each tested for signs of a second population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.inspection.significance import (
    kolmogorov_smirnov,
    levenes,
    students_t,
)
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.filters import oddness
from bcfl_plugins.defenses.parts.points import blocks, by_row, norms, overlong
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_ALIKE = 1e-9
_FARTHEST = 1e12


@dataclass(frozen=True, slots=True)
class Mesas(Rule):
    """The mean over the updates that no test of six measures finds to be of another population.

    The paper's measures: COS, the cosine distance of a model to the one that went out
    (`Extras.reference`; without one it is not looked at); EUCL, the length of the update; COUNT,
    how many of its entries are positive; VAR, their variance; MIN and MAX, the least and the
    greatest magnitude of those that are not zero.

    For each measure the distances to the median of those above and of those below it are compared:
    Student's test, Levene's and that of Kolmogorov-Smirnov, each at `significance`. A value
    `sigmas` standard deviations from the mean, or `whiskers` interquartile ranges outside the
    quartiles, tells as well. If one of these does, single linkage makes two clusters of the values
    and the median, and the one without the median is pruned; and so on, measure by measure, until
    no test tells. Never half or more are pruned: a pruning that would is left out.

    The authors' code of MESAS is not public. Tests and pruning here are those that they publish
    for CrowdGuard (NDSS 2024), which has the same loop, on the measures of MESAS. Updates over a
    thousand median norms are out first. Five nodes or fewer give the tests nothing to tell.

    Parameters
    ----------
    significance : float
        Probability under which a test tells.
    sigmas, whiskers : float
        As above.
    """

    name: ClassVar[str] = "mesas"
    paper: ClassVar[str] = (
        "Krauss, Dmitrienko, MESAS: Poisoning Defense for Federated Learning Resilient against "
        "Adaptive Attackers, CCS 2023"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, selects=True, false_rejection=0.25, reads_model=True
    )
    needs: ClassVar[Needs] = "norms"

    significance: float = 0.01
    sigmas: float = 3.0
    whiskers: float = 5.5

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("significance", self.significance, low=0.0, high=1.0)
        check_range("sigmas", self.sigmas, low=0.0)
        check_range("whiskers", self.whiskers, low=0.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Prune; scores are the greatest of a node's distances to the medians, in deviations."""
        found = measures(batch)
        long = overlong(norms(batch))
        kept, told = self._pruned(found, long)
        odd = np.max([oddness(values) for values in found.values()], axis=0)
        return batch.weighted(
            kept / kept.sum(),
            np.minimum(odd, _FARTHEST),
            by_row(batch, [Reason.OUTLIER_NORM if one else Reason.OUTLIER_CLUSTER for one in long]),
            note=f"pruned by {', '.join(told)}" if told else "no test tells",
        )

    def _pruned(self, found: dict[str, Floats], long: Flags) -> tuple[Flags, list[str]]:
        """Return who is left, and the measures that somebody was pruned by."""
        kept: Flags = ~long
        told: list[str] = []
        spare, changed = minority(len(long)) - int(long.sum()), True
        while changed:
            changed = False
            for name, values in found.items():
                while self._alarming(values[kept]):
                    away = far_side(values[kept])
                    if not 0 < away.sum() <= spare:
                        break
                    kept[np.flatnonzero(kept)[away]] = False
                    spare -= int(away.sum())
                    told += [] if name in told else [name]
                    changed = True
        return kept, told

    def _alarming(self, values: Floats) -> bool:
        spread = float(values.std())
        if spread <= _ALIKE * max(float(np.abs(values).max()), np.finfo(np.float64).tiny):
            return False
        middle = float(np.median(values))
        away, above = np.abs(values - middle), values >= middle
        sides = away[above], away[~above]
        low, high = np.percentile(values, [25.0, 75.0])
        reach = self.whiskers * (high - low)
        return bool(
            min(students_t(*sides), levenes(*sides), kolmogorov_smirnov(*sides)) < self.significance
            or float(np.abs(values - values.mean()).max()) >= self.sigmas * spread
            or (values < low - reach).any()
            or (values > high + reach).any()
        )


def far_side(values: Floats) -> Flags:
    """Return the values that the largest gap parts from the median: single linkage, two clusters.

    The median stands among them as one more value. Of equal gaps the one that parts fewer counts.
    """
    middle = float(np.median(values))
    order = np.sort(np.append(values, middle))
    gaps = np.diff(order)
    best: tuple[float, int] | None = None
    side = np.zeros(len(values), dtype=np.bool_)
    for place in np.flatnonzero(gaps > 0.0).tolist():
        away = values <= order[place] if order[place] < middle else values >= order[place + 1]
        rank = (float(gaps[place]), -int(away.sum()))
        if best is None or rank > best:
            best, side = rank, away
    return side


def measures(batch: Batch) -> dict[str, Floats]:
    """Return (m,) of each measure over its greatest, by its name in the paper."""
    m, size = batch.m, max(batch.rows.d, 1)
    dots, count, total, most = np.zeros((4, m))
    least = np.full(m, np.inf)
    squared = 0.0
    start = 0
    for block in blocks(batch):
        model = batch.rows.reference_block(start, start + block.shape[1])
        dots += np.einsum("ij,j->i", block, model)
        squared += float(np.einsum("i,i->", model, model))
        count += (block > 0).sum(axis=1)
        total += block.sum(axis=1, dtype=np.float64)
        sizes = np.abs(block)
        most = np.maximum(most, sizes.max(axis=1, initial=0.0))
        least = np.minimum(least, np.where(sizes > 0, sizes, np.inf).min(axis=1, initial=np.inf))
        start += block.shape[1]
    mean = total / size
    lengths = norms(batch)
    found = {
        "EUCL": lengths,
        "COUNT": count,
        "VAR": np.maximum(batch.squares / size - mean * mean, 0.0) * (size / max(size - 1, 1)),
        "MIN": np.where(np.isfinite(least), least, 0.0),
        "MAX": most,
    }
    if squared > 0.0:
        # The angle from its sine and cosine: one minus a cosine near one would lose its digits.
        model_length = float(np.sqrt(squared))
        both = lengths * model_length
        turned = np.clip(np.divide(dots, both, out=np.zeros(m), where=both > 0.0), -1.0, 1.0)
        ratio = lengths / model_length
        angle = np.arctan2(ratio * np.sqrt(1.0 - turned * turned), 1.0 + ratio * turned)
        found = {"COS": 2.0 * np.sin(0.5 * angle) ** 2, **found}
    return {name: _scaled(values) for name, values in found.items()}


def _scaled(values: Floats) -> Floats:
    """Return values of one at most: their squares do not overflow, and no test looks at scale."""
    most = float(np.abs(values).max(initial=0.0))
    return values / most if most > 0.0 else values
