"""What the server's own measure says of updates, and how nodes are named in what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.core.arrays.buffers import weighted_medians

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.types import Array, ClientUpdate, NodeRef, Validation


def losses_of(
    validation: Validation,
    reference: Mapping[str, Array],
    updates: Sequence[ClientUpdate],
    medians: Sequence[str] = (),
) -> Callable[[Floats], Floats]:
    """Return the validation losses of the reference with some of each update added.

    Parameters
    ----------
    validation : callable
        The server's own measure of a model.
    reference : Mapping[str, Array]
        The model that went out.
    updates : sequence of ClientUpdate
        n trained models.
    medians : sequence of str
        Arrays of which every model has the median over the updates, as they are not averaged.

    Returns
    -------
    callable
        Takes (n,) coefficients c and returns (m,) losses of
        ``reference + sum_i c_i (update_i - reference)``.
    """
    settled = {name: _median(name, reference[name], updates) for name in medians}

    def losses(coefficients: Floats) -> Floats:
        return validation(
            {
                name: settled[name] if name in settled else mixed(name, array, coefficients)
                for name, array in reference.items()
            }
        )

    def mixed(name: str, start: Array, coefficients: Floats) -> Array:
        if start.dtype.kind != "f":
            return start
        total = start.astype(np.float64)
        for update, share in zip(updates, coefficients, strict=True):
            if share:
                total += share * (update.arrays[name].astype(np.float64) - start)
        return total.astype(start.dtype)

    return losses


def _median(name: str, start: Array, updates: Sequence[ClientUpdate]) -> Array:
    if start.dtype.kind != "f":
        return start
    values = [update.arrays[name].reshape(-1) for update in updates]
    middle = weighted_medians(values, np.ones(len(values)))
    found: Array = middle.reshape(start.shape).astype(start.dtype)
    return found


def lengths_of(
    reference: Mapping[str, Array], updates: Sequence[ClientUpdate], without: Sequence[str]
) -> Floats:
    """Return (n,) how far each update moves the arrays of floats, without some of them."""

    def length(update: ClientUpdate) -> float:
        squares = [
            float(np.square(array.astype(np.float64) - reference[name]).sum())
            for name, array in update.arrays.items()
            if array.dtype.kind == "f" and name not in without
        ]
        return float(np.sqrt(sum(squares)))

    with np.errstate(all="ignore"):
        return np.array([length(update) for update in updates], np.float64)


def name_of(node: NodeRef) -> str:
    """Name a node in what is remembered: its account, which outlives a reconnection."""
    return str(node.account) if node.account is not None else f"node {node.node_id}"
