"""Inner products of updates, array by array and block by block, in float64.

Everything a clustering defense needs of n updates is a few (n, n) matrices. They are built from
deltas (update minus reference), never from raw models: at a model 10^4 times larger than its
update a distance between models has no correct digit left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bcfl_plugins.types import Array

BLOCK = (1 << 14) + 16
"""Entries of an array that are widened to float64 at a time; no power of two, which would map all
rows of a block to the same cache lines."""

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class ArrayGram:
    """How n updates of one array point, each against what every node sent so far.

    Parameters
    ----------
    norms : Floats
        (n,) Euclidean norms of the deltas.
    fresh : Floats
        (n, n) cosine of node i's delta with node j's course.
    past : Floats
        (n, n) cosines between courses; ones on the diagonal where there is a course.
    size : int
        d, the entries of the array.
    """

    norms: Floats
    fresh: Floats
    past: Floats
    size: int


def float_names(reference: Mapping[str, Array]) -> tuple[str, ...]:
    """Return the arrays that are judged: counters of integer kind would dominate every norm."""
    return tuple(name for name, array in reference.items() if array.dtype.kind == "f")


def squared_norms(
    reference: Mapping[str, Array], updates: Sequence[Mapping[str, Array]]
) -> dict[str, Floats]:
    """Return (n,) squared norms of the deltas of each float array.

    An update with a value that is not finite, or too large to square, has a norm that is not
    finite: screen it out before anything else, since 0 times NaN is NaN.
    """
    norms: dict[str, Floats] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for name in float_names(reference):
            total = np.zeros(len(updates))
            for block in _delta_blocks(reference[name], [update[name] for update in updates]):
                total += np.einsum("ij,ij->i", block, block)
            norms[name] = total
    return norms


def array_gram(
    reference: Array,
    updates: Sequence[Array],
    squared: Floats,
    courses: Sequence[Array | None],
    decay: float,
) -> tuple[ArrayGram, tuple[Array, ...]]:
    """Return one array's cosines, and each node's course with this delta added.

    A course is the decayed sum of a node's unit deltas: where the node has been pulling. It is
    built from what the node sent and not from verdicts, so a wrong verdict does not feed itself.

    Parameters
    ----------
    reference : Array
        The array that went out, any shape, d entries.
    updates : sequence of Array
        n finite arrays of that shape.
    squared : Floats
        (n,) squared norms of the deltas, from `squared_norms`.
    courses : sequence of Array or None
        n flat float32 arrays of d entries; ``None`` for a node without a past.
    decay : float
        What is left of a course after one round, from 0 to 1.

    Returns
    -------
    (ArrayGram, tuple of Array)
        The cosines and the n new courses, flat float32.
    """
    n = len(updates)
    norms = np.sqrt(squared)
    scale = np.divide(1.0, norms, out=np.zeros(n), where=norms > 0)
    moved = np.zeros((n, reference.size), dtype=np.float32)
    fresh, past = np.zeros((n, n)), np.zeros((n, n))
    start = 0
    for block in _delta_blocks(reference, updates):
        stop = start + block.shape[1]
        unit = block * scale[:, None]  # (n, b)
        course = unit.copy()
        for i, old in enumerate(courses):
            if old is not None:
                course[i] += decay * old[start:stop]
        moved[:, start:stop] = course
        fresh += unit @ course.T
        past += course @ course.T
        start = stop
    lengths = np.sqrt(np.diag(past))
    inverse = np.divide(1.0, lengths, out=np.zeros(n), where=lengths > 0)
    fresh *= inverse[None, :]
    past *= np.outer(inverse, inverse)
    return ArrayGram(norms, fresh, past, reference.size), tuple(moved)


def _delta_blocks(reference: Array, updates: Sequence[Array]) -> Iterator[Floats]:
    flat = reference.reshape(-1)
    rows = [update.reshape(-1) for update in updates]
    for start in range(0, flat.size, BLOCK):
        stop = min(start + BLOCK, flat.size)
        block = np.empty((len(rows), stop - start))
        for i, row in enumerate(rows):
            block[i] = row[start:stop]
        block -= flat[start:stop].astype(np.float64)
        yield block
