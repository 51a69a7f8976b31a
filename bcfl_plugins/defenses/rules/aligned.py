"""AlignIns: which way an update points, as a whole and in its largest entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.filters import (
    least_of_largest,
    lower_median,
    oddness,
)
from bcfl_plugins.defenses.parts.points import blocks, norms
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.batch import Batch, Needs


@dataclass(frozen=True, slots=True)
class AlignIns(Rule):
    """Updates that are usual in two alignments, clipped to the median norm of those kept.

    One is the cosine with the model that went out (`Extras.reference`; without one it is not
    looked at). The other is the share of an update's largest entries whose sign is that of most
    updates. An update is usual within some standard deviations of the median of each.

    With one deviation, as in the paper, it rejects half of the honest updates when nobody attacks.

    Agrees with the authors' code on random rounds, to the lower median of an even number of norms.
    There the model includes its buffers, which no rule here judges. A round in which all updates
    have one measure keeps them all; the authors' code keeps none.

    Parameters
    ----------
    direction, signs : float
        Standard deviations that the two may lie off.
    largest : float
        Share of the entries whose signs count, over 0 up to 1.
    """

    name: ClassVar[str] = "alignins"
    paper: ClassVar[str] = (
        "Xu, Zhang, Hu, Detecting Backdoor Attacks in Federated Learning via Direction Alignment "
        "Inspection, CVPR 2025"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, selects=True, false_rejection=0.75, reads_model=True
    )
    version: ClassVar[int] = 2
    needs: ClassVar[Needs] = "norms"

    direction: float = 1.0
    signs: float = 1.0
    largest: float = 0.3

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("direction", self.direction, low=0.0)
        check_range("signs", self.signs, low=0.0)
        check_range("largest", self.largest, low=1e-9, high=1.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep who is usual in both; scores are the greater of the two deviations."""
        lengths = norms(batch)
        off = np.maximum(
            oddness(model_cosines(batch, lengths)) / max(self.direction, _TINY),
            oddness(sign_alignments(batch, self.largest)) / max(self.signs, _TINY),
        )
        kept = off < 1.0
        limit = lower_median(lengths[kept]) if kept.any() else 0.0
        shorter = np.divide(limit, lengths, out=np.ones(batch.m), where=lengths > limit)
        return batch.weighted(
            kept * shorter / max(1, int(kept.sum())),
            np.minimum(off, _FARTHEST),
            Reason.OUTLIER_DIRECTION,
            kept=kept,
            note=f"clipped to norm {limit:.3g}" if kept.any() else "no update is usual in both",
        )


_TINY = 1e-12
_FARTHEST = 1e12


def model_cosines(batch: Batch, lengths: Floats) -> Floats:
    """Return (m,) cosines of the points with the model that went out; zeros without one."""
    dots, squared, start = np.zeros(batch.m), 0.0, 0
    for block in blocks(batch):
        model = batch.rows.reference_block(start, start + block.shape[1])
        dots += np.einsum("ij,j->i", block, model)  # no BLAS: its sums depend on its threads
        squared += float(np.einsum("i,i->", model, model))
        start += block.shape[1]
    size = lengths * np.sqrt(squared)
    found: Floats = np.divide(dots, size, out=np.zeros(batch.m), where=size > 0.0)
    return found


def sign_alignments(batch: Batch, largest: float) -> Floats:
    """Return (m,) shares of each point's largest entries with the sign of most points."""
    least = least_of_largest(batch, int(largest * batch.rows.d))[:, None]
    same, counted = np.zeros(batch.m), np.zeros(batch.m)
    for block in blocks(batch):
        signs = np.sign(block)
        mask = np.abs(block) >= least
        same += (mask & (signs == np.sign(signs.sum(axis=0)))).sum(axis=1)
        counted += mask.sum(axis=1)
    found: Floats = same / np.maximum(counted, 1.0)
    return found
