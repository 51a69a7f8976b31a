"""How updates point, array by array: each against what every node has sent so far.

Everything the rule needs of n updates is a few (n, n) matrices for each array of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.sketch import ENTRIES, Signs
from bcfl_plugins.defenses.core.tiles import inner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Floats, Ints
    from bcfl_plugins.defenses.core.batch import Batch


@dataclass(frozen=True, slots=True, eq=False)
class ArraySketch:
    """One array of n updates, read once.

    Parameters
    ----------
    size : int
        d, the entries of the array.
    squares : Floats
        (n,) squared norms.
    sketches : Floats
        (n, s) with s the lesser of d and 4096, see `core.sketch`.
    """

    size: int
    squares: Floats
    sketches: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ArrayCosines:
    """How n updates of one array point.

    Parameters
    ----------
    size : int
        d, the entries of the array.
    fresh : Floats
        (n, n) cosine of node i's update with node j's course.
    past : Floats
        (n, n) cosines between courses; ones on the diagonal where there is a course.
    """

    size: int
    fresh: Floats
    past: Floats

    def take(self, which: Ints) -> ArrayCosines:
        """Return those of some nodes, by their places."""
        pairs = np.ix_(which, which)
        return ArrayCosines(self.size, self.fresh[pairs], self.past[pairs])


def read_arrays(batch: Batch, seed: int) -> Iterator[ArraySketch]:
    """Sketch one float array of the points after the other, and take its norms, in float64."""
    rows = batch.rows.widened()
    width = max(1, rows.columns() // ENTRIES) * ENTRIES
    buffer = rows.buffer(min(width, rows.d))
    for layer in rows.judged:
        size = layer.stop - layer.start
        signs = Signs.draw(size, seed)
        squares, sketches = np.zeros(batch.m), np.zeros((batch.m, signs.entries))
        for low in range(0, size, width):
            stop = layer.start + min(low + width, size)
            block = rows.fill(layer.start + low, stop, buffer)
            if batch.mix is not None:
                block = batch.mix @ block
            squares += np.einsum("ij,ij->i", block, block)
            signs.fold(block, low, sketches)
        yield ArraySketch(size, squares, sketches)


def advance(array: ArraySketch, courses: Floats, decay: float) -> tuple[ArrayCosines, Floats]:
    """Return one array's cosines, and each node's course with this update added.

    A course is the decayed sum of the sketches of a node's updates, each at length one: where the
    node has been pulling. It is built from what the node sent and not from verdicts, so a wrong
    verdict does not feed itself.

    Parameters
    ----------
    array : ArraySketch
        Of n updates.
    courses : Floats
        (n, s) zeros for a node without a past.
    decay : float
        What is left of a course after one round, from 0 to 1.
    """
    n = len(courses)
    norms = np.sqrt(array.squares)
    scale = np.divide(1.0, norms, out=np.zeros(n), where=norms > 0)
    unit = array.sketches * scale[:, None]
    moved = unit + decay * courses
    products = inner(np.concatenate([unit, moved]))
    fresh, past = products[:n, n:], products[n:, n:]
    lengths = np.sqrt(np.diag(past))
    inverse = np.divide(1.0, lengths, out=np.zeros(n), where=lengths > 0)
    cosines = ArrayCosines(array.size, fresh * inverse[None, :], past * np.outer(inverse, inverse))
    return cosines, moved
