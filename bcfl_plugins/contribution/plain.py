"""Contribution without validation data: equal, by examples, or by direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.apportion import split
from bcfl_plugins.contribution.shares import SCORE_ONE, Contribution, contribution
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats


def uniform(kept: Flags) -> Contribution:
    """Give every accepted node the same. O(n), no evaluation; free-riders earn as others do.

    Parameters
    ----------
    kept : Flags
        (n,) accepted nodes.
    """
    return contribution(np.asarray(kept, np.float64))


def by_examples(num_examples: Sequence[int], kept: Flags, clip: int = 2) -> Contribution:
    """Pay accepted nodes by the examples that they claim, up to `clip` times the median claim.

    O(n log n), no evaluation. Nothing proves a claim: the clip bounds what a lie can earn.

    Parameters
    ----------
    num_examples : sequence of int
        (n,) claims, not negative.
    kept : Flags
        (n,) accepted nodes; the (lower) median is theirs.
    clip : int
        At least 1.

    Raises
    ------
    BadUpdates
        If a claim or `clip` is out of range.
    """
    if clip < 1 or any(claim < 0 for claim in num_examples):
        raise BadUpdates("num_examples", "claims must not be negative, and clip at least 1")
    flags = np.asarray(kept, np.bool_).tolist()
    claims = sorted(claim for claim, ok in zip(num_examples, flags, strict=True) if ok)
    most = clip * claims[(len(claims) - 1) // 2] if claims else 0
    counted = [min(claim, most) if ok else 0 for claim, ok in zip(num_examples, flags, strict=True)]
    return Contribution(split(counted), tuple(one * SCORE_ONE for one in counted))


def by_cosine(gram: Floats, weights: Floats) -> Contribution:
    """Pay by the cosine of each update with the aggregate, when that is positive.

    Xu, Lyu, Ma, Miao, Foo, Low. Gradient driven rewards to guarantee fairness in collaborative
    machine learning. NeurIPS 2021: the cosine by which they approximate their cosine gradient
    Shapley value, of this round alone. O(n^2) from the Gram matrix, no evaluation.
    ``cos_i = (G w)_i / sqrt(G_ii w^T G w)``. Copies of the aggregate score highest, so it rewards
    agreement, not work.

    Parameters
    ----------
    gram : Floats
        (n, n) inner products of the updates (deltas).
    weights : Floats
        (n,) their coefficients in the aggregate; a node without one earns nothing.
    """
    along = gram @ weights
    norms = np.sqrt(np.maximum(np.diagonal(gram), 0.0) * max(float(weights @ along), 0.0))
    cosines = np.divide(along, norms, out=np.zeros_like(along), where=norms > 0.0)
    return contribution(np.where(np.asarray(weights) > 0.0, np.clip(cosines, -1.0, 1.0), 0.0))
