"""Rules that look at a model array by array: LASA, and FreqFed's frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core import finish
from bcfl_plugins.defenses.core.arrays.layer import is_matrix
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.core.tiles import inner
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.filters import (
    least_of_largest,
    lower_median,
    oddness,
)
from bcfl_plugins.defenses.parts.frequencies import cosine_transform
from bcfl_plugins.defenses.parts.hdbscan import majority_cluster
from bcfl_plugins.defenses.parts.points import blocks, norms
from bcfl_plugins.defenses.parts.weighing import cosines
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Flags, Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.batch import Batch, Needs

PIECE = 1 << 13
"""Entries that are transformed at a time: no rule stacks its updates."""

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class LASA(Rule):
    """Of each array the mean over the updates in which it is usual, of sparse, clipped updates.

    Updates are clipped to the median norm, and the smallest entries of their arrays of two
    dimensions or more become zero (of a model without any, those of all arrays). In each array an
    update is usual when its norm, and the share of positive entries among those that are not zero,
    lie within some standard deviations of their medians. In an array that no update is usual in,
    all count.

    Agrees with the authors' code on random rounds. Of entries of one size it keeps all or none;
    the authors' code keeps none.

    Parameters
    ----------
    sparsity : float
        Share of the entries of an update that become zero.
    length, signs : float
        Standard deviations that norm and share of signs may lie off.
    """

    name: ClassVar[str] = "lasa"
    paper: ClassVar[str] = (
        "Xu, Zhang, Hu, Achieving Byzantine-Resilient Federated Learning via Layer-Adaptive "
        "Sparsified Model Aggregation, WACV 2025"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, layerwise=True)
    version: ClassVar[int] = 2
    needs: ClassVar[Needs] = "norms"
    gives_shares: ClassVar[bool] = False

    sparsity: float = 0.3
    length: float = 1.0
    signs: float = 1.0

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("sparsity", self.sparsity, low=0.0, high=1.0)
        check_range("length", self.length, low=0.0)
        check_range("signs", self.signs, low=0.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep arrays; scores are shares of arrays in which an update is not usual."""
        lengths = norms(batch)
        limit = lower_median(lengths)
        shorter = np.divide(limit, lengths, out=np.ones(batch.m), where=lengths > limit)
        least = self._least(batch)
        judged = list(zip(batch.rows.judged, least, strict=True))
        usual = [self._usual(batch, layer, shorter, some) for layer, some in judged]
        flat = np.zeros(batch.rows.d, batch.rows.dtype)
        for (layer, some), kept in zip(judged, usual, strict=True):
            heard = kept if kept.any() else np.ones(batch.m, np.bool_)
            shares = heard * shorter / int(heard.sum())
            for place, block in _sparse(batch, layer, some):
                flat[place] = np.einsum("i,ij->j", shares, block)
        heard = np.array(usual).reshape(-1, batch.m)
        anywhere = np.array(heard.any(axis=0) if len(heard) else np.ones(batch.m, np.bool_))
        decision = finish.decide(
            batch.rows,
            kept=anywhere if batch.owner is None else anywhere[batch.owner],
            weights=np.zeros(0),
            scores=batch.per_row(1.0 - heard.mean(axis=0) if len(heard) else np.zeros(batch.m)),
            reason=Reason.OUTLIER_CLUSTER,
            note=f"clipped to norm {limit:.3g}",
        )
        return finish.aggregate(batch.rows, finish.placed(batch.rows, flat), decision)

    def _least(self, batch: Batch) -> list[Floats]:
        """Return for each array the (m,) magnitudes under which entries become zero."""
        layers = batch.rows.judged
        matrices = [layer for layer in layers if is_matrix(layer)] or list(layers)
        size = sum(layer.stop - layer.start for layer in matrices)
        none = np.zeros(batch.m)
        if self.sparsity <= 0.0:
            return [none] * len(layers)
        # The authors keep what is over the k-th largest entry: one less than k.
        least = least_of_largest(batch, int((1.0 - self.sparsity) * size) - 1, matrices)
        return [least if layer in matrices else none for layer in layers]

    def _usual(self, batch: Batch, layer: Layer, shorter: Floats, least: Floats) -> Flags:
        squares, above, below = np.zeros((3, batch.m))
        for _, block in _sparse(batch, layer, least):
            squares += np.einsum("ij,ij->i", block, block, dtype=np.float64)
            above += (block > 0).sum(axis=1)
            below += (block < 0).sum(axis=1)
        moved = above + below
        share = np.divide(above, moved, out=np.full(batch.m, 0.5), where=moved > 0)
        usual: Flags = (oddness(shorter * np.sqrt(squares)) < self.length) & (
            oddness(share) < self.signs
        )
        return usual


def _sparse(batch: Batch, layer: Layer, least: Floats) -> Iterator[tuple[slice, RowBlock]]:
    """Yield where, and the (m, b) large entries of an array of the points; others are zero."""
    start = layer.start
    for block in blocks(batch, layer.start, layer.stop):
        stop = start + block.shape[1]
        yield slice(start, stop), np.where(np.abs(block) >= least[:, None], block, 0.0)
        start = stop


@dataclass(frozen=True, slots=True)
class FreqFed(Rule):
    """The mean of the majority cluster by the low frequencies of the updates.

    Each array, flat and in pieces of 8,192 entries, goes through a discrete cosine transform, of
    which the lower part is compared by cosines. The paper transforms models; here it is the
    updates, for models agree in all digits once training slows down. Nothing is clipped: a long
    update in the usual direction passes.

    Rejects over a third of the nodes in every round, whether anybody attacks or not.

    Parameters
    ----------
    low : float
        Share of the frequencies that are compared, over 0 up to 1.
    """

    name: ClassVar[str] = "freqfed"
    paper: ClassVar[str] = (
        "Fereidooni et al., FreqFed: A Frequency Analysis-Based Approach for Mitigating Poisoning "
        "Attacks in Federated Learning, NDSS 2024"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, selects=True, false_rejection=0.5, layerwise=True
    )
    needs: ClassVar[Needs] = "rows"

    low: float = 0.5

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("low", self.low, low=1e-9, high=1.0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Keep the majority cluster; scores are median cosine distances to the others."""
        products = np.zeros((batch.m, batch.m))
        for layer in batch.rows.judged:
            for start in range(layer.start, layer.stop, PIECE):
                stop = min(start + PIECE, layer.stop)
                products += inner(low_frequencies(batch, start, stop, self.low))
        away = 1.0 - cosines(products, _DIGITS if batch.rows.dtype == np.float64 else _DIGITS // 2)
        kept = majority_cluster(away, batch.m // 2 + 1)
        return batch.weighted(kept / kept.sum(), np.median(away, axis=1))


def low_frequencies(batch: Batch, start: int, stop: int, low: float) -> Floats:
    """Return (m, k) the lower part of the cosine transforms of columns [start, stop)."""
    count = max(1, round(low * (stop - start)))
    whole, at = np.empty((batch.m, stop - start)), 0
    for block in blocks(batch, start, stop):
        whole[:, at : at + block.shape[1]] = block
        at += block.shape[1]
    return np.stack([cosine_transform(row)[:count] for row in whole])
