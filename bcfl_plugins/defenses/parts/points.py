"""What rules here read of a batch besides its Gram matrix: pivots, lengths, histories, nodes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bcfl_plugins.defenses.base import require_ids
from bcfl_plugins.defenses.core.arrays.parse import flatten
from bcfl_plugins.defenses.core.gram import project
from bcfl_plugins.defenses.parts.weighing import cosines
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.defenses.base import Flags, Floats, Key
    from bcfl_plugins.defenses.core.batch import Batch

T = TypeVar("T")

LONGEST = 1e3
"""A point longer than this many median norms is no update of a model that trains. In a sum over
points it would drown the digits of all others."""


def norms(batch: Batch) -> Floats:
    """Return (m,) Euclidean norms of the points."""
    found: Floats = np.sqrt(np.maximum(batch.squares, 0.0))
    return found


def angles(batch: Batch) -> Floats:
    """Return (m, m) cosines of the points, see `weighing.cosines`."""
    return cosines(batch.gram, 12 if batch.rows.dtype == np.float64 else 6)


def overlong(lengths: Floats) -> Flags:
    """Return which points are longer than a thousand median norms."""
    return np.asarray(lengths > LONGEST * float(np.median(lengths)))


def pivot(batch: Batch) -> tuple[Floats, float]:
    """Return (m,) inner products of the points with the server's own update, and its norm.

    Raises
    ------
    BadUpdates
        If there is none, or it does not fit.
    """
    if batch.extras.trusted is None:
        name = batch.rule.name
        raise BadUpdates("trusted", f"{name} compares with the server's own; pass extras.trusted")
    vector = flatten(batch.rows, batch.extras.trusted, "trusted")
    dots = project(batch.rows, vector)
    # einsum, since the sum of a BLAS product depends on its number of threads.
    squared = float(np.einsum("i,i->", vector, vector))
    return dots if batch.mix is None else batch.mix @ dots, math.sqrt(squared)


def blocks(batch: Batch, start: int = 0, stop: int | None = None) -> Iterator[Floats]:
    """Yield (m, b) pieces of columns [start, stop) of the points; a piece does not last."""
    end = batch.rows.d if stop is None else stop
    width = batch.rows.columns()
    buffer = batch.rows.buffer(min(width, max(end - start, 0)))
    for low in range(start, end, width):
        block = batch.rows.fill(low, min(low + width, end), buffer)
        yield block if batch.mix is None else batch.mix @ block


def nodes(batch: Batch) -> tuple[Key, ...]:
    """Return (m,) the nodes that the points stand for.

    Raises
    ------
    BadUpdates
        If there are no ids, or points stand for several nodes.
    """
    rows = batch.rows
    ids = require_ids(batch.extras, rows.total)
    if batch.m != rows.n or (batch.owner is not None and (batch.owner != np.arange(rows.n)).any()):
        raise BadUpdates(
            "method", f"{batch.rule.name} remembers nodes; take out what joins several of them"
        )
    return tuple(ids[place] for place in rows.origin.tolist())


def by_row(batch: Batch, values: Sequence[T]) -> list[T]:
    """Return (n,) values of the rows from (m,) values of the points that stand for them."""
    if batch.owner is None:
        return list(values)
    return [values[point] for point in batch.owner.tolist()]
