"""What the server's own measure says of updates, and how nodes are named in what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.types import Array, ClientUpdate, NodeRef, Validation


def losses_of(
    validation: Validation, reference: Mapping[str, Array], updates: Sequence[ClientUpdate]
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

    Returns
    -------
    callable
        Takes (n,) coefficients c and returns (m,) losses of
        ``reference + sum_i c_i (update_i - reference)``.
    """

    def losses(coefficients: Floats) -> Floats:
        return validation({n: mixed(n, array, coefficients) for n, array in reference.items()})

    def mixed(name: str, start: Array, coefficients: Floats) -> Array:
        if start.dtype.kind != "f":
            return start
        total = start.astype(np.float64)
        for update, share in zip(updates, coefficients, strict=True):
            if share:
                total += share * (update.arrays[name].astype(np.float64) - start)
        return total.astype(start.dtype)

    return losses


def name_of(node: NodeRef) -> str:
    """Name a node in what is remembered: its account, which outlives a reconnection."""
    return str(node.account) if node.account is not None else f"node {node.node_id}"
