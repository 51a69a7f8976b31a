"""The compact L-BFGS form of a Hessian, applied to vectors.

Byrd, Nocedal, Schnabel, "Representations of quasi-Newton matrices and their use in limited memory
methods", Mathematical Programming, 1994, formula 3.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats

_RANK = 1e-10  # singular values below this part of the largest carry no information


def hessian_product(steps: Floats, changes: Floats, vectors: Floats) -> Floats:
    """Return B v for the Hessian B that explains how the gradient changed along the steps.

    Parameters
    ----------
    steps : Floats
        (k, m) s_j: how the model moved, oldest first.
    changes : Floats
        (k, m) y_j: how the gradient changed by it.
    vectors : Floats
        (n, m) v.

    Returns
    -------
    Floats
        (n, m); B satisfies ``B s = y`` for the newest pair. Zero when nothing moved.
    """
    last = float(steps[-1] @ steps[-1]) if len(steps) else 0.0
    if last == 0.0:
        return np.zeros_like(vectors)
    sigma = float(changes[-1] @ steps[-1]) / last
    products = steps @ changes.T  # (k, k) s_i . y_j
    lower = np.tril(products, -1)
    middle = np.block(
        [
            [sigma * (steps @ steps.T), lower],
            [lower.T, -np.diag(np.diag(products))],
        ]
    )
    wide = np.concatenate([sigma * steps, changes])  # (2k, m)
    inner = np.linalg.pinv(middle, rcond=_RANK, hermitian=True) @ (wide @ vectors.T)  # (2k, n)
    product: Floats = sigma * vectors - inner.T @ wide
    return product
