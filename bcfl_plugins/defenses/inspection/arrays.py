"""Which arrays of a model a rule looks into, and what it sums up of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.arrays.layer import is_matrix
from bcfl_plugins.defenses.core.tiles import inner
from bcfl_plugins.defenses.parts.points import blocks, norms
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.core.arrays.layer import Layer
    from bcfl_plugins.defenses.core.batch import Batch

_PIECE = 1 << 11
"""Columns of a piece."""
_LONGEST = 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """The output layer.

    Parameters
    ----------
    weight, bias : Layer or None
        One of them at least.
    classes : int
        Number of output neurons.
    rows : bool
        Whether a neuron's weights are a row, as in torch; else a column, as in Keras.
    """

    weight: Layer | None
    bias: Layer | None
    classes: int
    rows: bool = True


def named(layers: Sequence[Layer], prefixes: Sequence[str], field: str) -> tuple[Layer, ...]:
    """Return the arrays whose name begins with one of some.

    Raises
    ------
    BadUpdates
        If there is none.
    """
    found = tuple(one for one in layers if str(one.name).startswith(tuple(prefixes)))
    if not found:
        known = ", ".join(str(one.name) for one in layers)
        wanted = ", ".join(prefixes)
        raise BadUpdates(field, f"no array's name begins with {wanted!r}; the model has {known}")
    return found


def output_layer(batch: Batch, prefix: str) -> Output | None:
    """Return the last matrix of a model with the bias that fits it; None for a model of nothing.

    Parameters
    ----------
    batch : Batch
        Of the round.
    prefix : str
        Arrays whose name begins so are looked at; empty: all.

    Raises
    ------
    BadUpdates
        If no array's name begins so.
    """
    layers = batch.rows.judged
    if prefix:
        layers = named(layers, [prefix], "output")
    if not layers:
        return None
    matrices = [one for one in layers if is_matrix(one)]
    if not matrices:
        return Output(None, layers[-1], layers[-1].stop - layers[-1].start)
    weight = matrices[-1]
    ends = {weight.shape[0], weight.shape[-1]}
    biases = [one for one in layers if len(one.shape) == 1 and one.shape[0] in ends]
    after = [one for one in biases if one.start >= weight.stop] or biases
    if not after:
        return Output(weight, None, weight.shape[0])
    bias = after[0] if after[0].start >= weight.stop else after[-1]
    return Output(weight, bias, bias.shape[0], rows=bias.shape[0] == weight.shape[0])


def energies(batch: Batch, output: Output) -> Iterator[Floats]:
    """Yield (m, k) blocks of how far each output neuron moved: its bias and weights, summed up."""
    if output.weight is None:
        if output.bias is not None:
            for block in blocks(batch, output.bias.start, output.bias.stop):
                for at in range(0, block.shape[1], _PIECE):  # what is made of one is as wide
                    yield np.abs(block[:, at : at + _PIECE]).astype(np.float64)
        return
    moved = np.zeros((batch.m, output.classes))
    size = (output.weight.stop - output.weight.start) // output.classes
    at = 0
    for block in blocks(batch, output.weight.start, output.weight.stop):
        place = np.arange(at, at + block.shape[1])
        neuron = place // size if output.rows else place % output.classes
        for row, values in enumerate(np.abs(block)):
            moved[row] += np.bincount(neuron, values, output.classes)
        at += block.shape[1]
    if output.bias is not None:
        moved += np.concatenate(
            [np.abs(block) for block in blocks(batch, output.bias.start, output.bias.stop)], axis=1
        )
    yield moved


def products(batch: Batch, layer: Layer, *, centred: bool = False) -> Floats:
    """Return (m, m) inner products of one array of the points, less their mean if `centred`.

    A point that is so long that products would overflow is taken for a shorter one.
    """
    lengths = norms(batch)
    shorter = np.divide(_LONGEST, lengths, out=np.ones(batch.m), where=lengths > _LONGEST)
    total = np.zeros((batch.m, batch.m))
    for block in blocks(batch, layer.start, layer.stop):
        piece = block * shorter[:, None]
        total += inner(piece - piece.mean(axis=0) if centred else piece)
    return total
