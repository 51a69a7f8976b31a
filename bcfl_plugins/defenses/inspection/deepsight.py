"""DeepSight: what the output layer tells of the labels that a node trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.inspection.arrays import Output, energies, output_layer, products
from bcfl_plugins.defenses.inspection.density import NOISE, density_clusters
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.points import by_row, norms, overlong
from bcfl_plugins.defenses.parts.weighing import cosines
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats, Ints
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_DIGITS = 12
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class DeepSight(Rule):
    """Clusters by what moved in the output layer, less those of too uniform data; clipped.

    The update energy of an output neuron is how far its bias and its weights moved, summed up.
    Squared and divided by their sum, a node's energies are its NEUPs. Its threshold exceedings are
    the NEUPs over ``max(floor, 1 / P)`` times its largest, P the number of classes. Few of them
    mean few labels: a node with at most half the median of them is suspicious.

    Nodes are clustered (HDBSCAN) by their NEUPs, and by the cosine of what moved in the output
    biases. Two nodes are then as far apart as the share of these clusterings that tell them apart,
    and clustered once more. A cluster is out in which `tau` or more are suspicious. What is left
    is clipped to the median norm of all, and averaged.

    What differs: the division differences (DDifs) are left out, since a rule has arrays and cannot
    run a model on inputs; so the mean is over two clusterings in place of three. A node that the
    last clustering puts in no cluster is judged by its own exceedings, as the BackFed benchmark
    does. Updates over a thousand median norms are out whatever their cluster. The output layer is
    the model's last array of two dimensions with the bias that fits it. A model that is one flat
    array has none: its entries are then taken for neurons, which means little.

    Parameters
    ----------
    output : str
        How the names of the output layer's arrays begin; empty: as above.
    floor : float
        Of the threshold.
    tau : float
        Share of suspicious nodes with which a cluster is out.
    least, samples : int
        Of HDBSCAN: the fewest members of a cluster, and neighbours of a core distance.
    """

    name: ClassVar[str] = "deepsight"
    paper: ClassVar[str] = (
        "Rieger, Nguyen, Miettinen, Sadeghi, DeepSight: Mitigating Backdoor Attacks in Federated "
        "Learning Through Deep Model Inspection, NDSS 2022"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, selects=True, false_rejection=0.5, layerwise=True
    )
    needs: ClassVar[Needs] = "norms"

    output: str = ""
    floor: float = 0.01
    tau: float = 1.0 / 3.0
    least: int = 5
    samples: int = 3

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("floor", self.floor, low=0.0, high=1.0)
        check_range("tau", self.tau, low=0.0, high=1.0)
        check_range("least", self.least, low=2)
        check_range("samples", self.samples, low=1)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep clusters; scores are how many classes fewer than the most a node exceeds."""
        lengths = norms(batch)
        output = output_layer(batch, self.output)
        exceeding, kept = np.zeros(batch.m), np.ones(batch.m, dtype=np.bool_)
        if output is not None:
            exceeding, apart = self._neups(batch, output)
            suspicious = exceeding <= _HALF * float(np.median(exceeding))
            kept = self._accepted(self._clustered(batch, output, apart), suspicious)
        long = overlong(lengths)
        kept &= ~long
        limit = float(np.median(lengths))
        shorter = np.divide(limit, lengths, out=np.ones(batch.m), where=lengths > limit)
        return batch.weighted(
            kept * shorter / max(1, int(kept.sum())),
            exceeding.max(initial=0.0) - exceeding,
            by_row(batch, [Reason.OUTLIER_NORM if one else Reason.OUTLIER_CLUSTER for one in long]),
            kept=kept,
            note=f"clipped to norm {limit:.3g}" if kept.any() else "every cluster is suspicious",
        )

    def _neups(self, batch: Batch, output: Output) -> tuple[Floats, Floats]:
        """Return (m,) threshold exceedings, and (m, m) distances of the NEUPs."""
        total, most = np.zeros((2, batch.m))
        for block in energies(batch, output):
            most = np.maximum(most, block.max(axis=1, initial=0.0))
        largest = np.where(most > 0.0, most, 1.0)[:, None]  # squares of these do not overflow
        for block in energies(batch, output):
            total += np.square(block / largest).sum(axis=1)
        whole = np.where(total > 0.0, total, 1.0)[:, None]
        exceeding, apart = np.zeros(batch.m), np.zeros((batch.m, batch.m))
        for block in energies(batch, output):
            squared = np.square(block / largest)
            exceeding += (squared > max(self.floor, 1.0 / output.classes)).sum(axis=1)
            shares = squared / whole
            for place, row in enumerate(shares):
                apart[place] += np.square(shares - row).sum(axis=1)
        rounded: Floats = np.asarray(np.round(np.sqrt(apart), _DIGITS), dtype=np.float64)
        return exceeding, rounded

    def _clustered(self, batch: Batch, output: Output, apart: Floats) -> Ints:
        """Return (m,) labels of the clustering of clusterings."""
        layer = output.bias or output.weight
        digits = _DIGITS if batch.rows.dtype == np.float64 else _DIGITS // 2
        unlike = np.zeros((batch.m, batch.m))
        if layer is not None:
            unlike = 1.0 - cosines(products(batch, layer), digits)
        told = [density_clusters(one, self.least, self.samples) for one in (unlike, apart)]
        merged = np.mean([labels[:, None] != labels[None, :] for labels in told], axis=0)
        return density_clusters(merged, self.least, self.samples, single=True)

    def _accepted(self, labels: Ints, suspicious: Flags) -> Flags:
        kept = ~suspicious
        for label in set(labels.tolist()) - {NOISE}:
            inside = labels == label
            kept[inside] = float(suspicious[inside].mean()) < self.tau
        return kept
