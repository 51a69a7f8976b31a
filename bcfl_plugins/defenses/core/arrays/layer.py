"""A layer: one array of the model, as all updates sent it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import AnyArray


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One array of the model, as all updates sent it: the weights or the bias of a layer, say.

    Parameters
    ----------
    name : str or int
        Its name, or its place in a list.
    shape : tuple of int
        Its shape.
    dtype : object
        Its numpy or torch dtype.
    start, stop : int
        Its place in the virtual row; an array that is not judged has none, and both are 0.
    floating : bool
        Whether it is judged: an array of floats that is no buffer.
    buffer : bool
        Whether it is an array of floats that nodes measure and do not train; see `core.buffers`.
    arrays : tuple of AnyArray
        n flat arrays, in the order of the rows.
    reference : AnyArray or None
        What is subtracted, flat.
    scale : float
        By which differences are multiplied when they are read; see `scales`.
    """

    name: str | int
    shape: tuple[int, ...]
    dtype: Any
    start: int
    stop: int
    floating: bool
    buffer: bool
    arrays: tuple[AnyArray, ...]
    reference: AnyArray | None
    scale: float = 1.0


_MATRIX = 2


def is_matrix(layer: Layer) -> bool:
    """Say whether an array has two dimensions or more: weights, no biases."""
    return len(layer.shape) >= _MATRIX
