"""What filters by measures of single updates share: their largest entries, and how odd each is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.parts.points import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.defenses.base import Floats, RowBlock
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.batch import Batch

_LEAST = 1e-9


def oddness(values: Floats) -> Floats:
    """Return (m,) distances from the median in standard deviations; zeros where all are alike."""
    away = np.abs(values - np.median(values))
    spread = float(values.std())
    if spread <= _LEAST * max(float(np.abs(values).max()), np.finfo(np.float64).tiny):
        return np.zeros(len(values))
    found: Floats = away / spread
    return found


def least_of_largest(batch: Batch, count: int, layers: Sequence[Layer] | None = None) -> Floats:
    """Return (m,) magnitudes that so many of each point's entries reach, at least one.

    Parameters
    ----------
    batch : Batch
        Its points.
    count : int
        How many entries.
    layers : sequence of Layer or None
        Of these arrays; ``None``: of all.
    """
    taken = batch.rows.judged if layers is None else layers
    d = sum(layer.stop - layer.start for layer in taken)
    count = min(max(1, count), d)
    found = np.zeros(batch.m)
    for place, whole in enumerate(wholes(batch)):
        if count:
            np.abs(whole, out=whole)
            at = 0
            for layer in taken:  # moved to the front: no second vector
                size = layer.stop - layer.start
                whole[at : at + size] = whole[layer.start : layer.stop]
                at += size
            some = whole[:d]
            some.partition(d - count)
            found[place] = some[d - count]
    return found


def lower_median(values: Floats) -> float:
    """Return the median; of an even number of values the lower of the middle two, as torch has."""
    return float(np.sort(values)[(len(values) - 1) // 2])


def wholes(batch: Batch) -> Iterator[RowBlock]:
    """Yield the (d,) points one after the other; one does not last, and may be written into."""
    whole = np.empty(batch.rows.d, batch.rows.dtype)
    for place in range(batch.m):
        if batch.mix is None:
            for columns, block in batch.rows.take(np.array([place])).blocks():
                whole[columns] = block[0]
        else:
            start = 0
            for block in blocks(batch):
                whole[start : start + block.shape[1]] = block[place]
                start += block.shape[1]
        yield whole
