"""The formulas of the rules that weigh nodes by what they sent, on small matrices only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Flags, Floats

_ALMOST_ONE = 0.99  # the logit of one is infinite; both papers' code puts this in its place
_SHIFT = 0.5  # of the logit, as in both papers


def nearest(squared: Floats, keep: int) -> Flags:
    """Return which `keep` of the (n,) squared distances are the least; of equal ones the first."""
    kept = np.zeros(len(squared), dtype=np.bool_)
    kept[np.argsort(squared, kind="stable")[:keep]] = True
    return kept


def cosines(gram: Floats, digits: int = 12) -> Floats:
    """Return (n, n) cosines of a Gram matrix; zero with a zero vector, one on the diagonal.

    Rounded, so that equal and opposite vectors have cosines of exactly 1 and -1, and no decision
    hangs on the order in which a library added up.

    Parameters
    ----------
    gram : Floats
        (n, n) inner products.
    digits : int
        Decimals that the inner products can vouch for: 6 where products were taken in float32.
    """
    norms = np.sqrt(np.maximum(np.diag(gram), 0.0))
    inverse = np.divide(1.0, norms, out=np.zeros(len(norms)), where=norms > 0)
    found: Floats = np.round(np.clip(gram * np.outer(inverse, inverse), -1.0, 1.0), digits)
    np.fill_diagonal(found, 1.0)
    return found


def clone_weights(cosine: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return FoolsGold's (n,) learning rates in [0, 1], and (n,) likeness to the nearest other.

    Parameters
    ----------
    cosine : Floats
        (n, n) cosines of the accumulated updates.
    confidence : float
        The paper's kappa.
    """
    likeness = cosine - np.diag(np.diag(cosine))  # (n, n); a node is not its own clone
    most = likeness.max(axis=1)
    # Pardoning: an honest node that resembles a clone is less alike to others than the clone is.
    pardon = np.minimum(1.0, np.divide(most[:, None], most[None, :], out=np.ones_like(likeness),
                                       where=most[None, :] > most[:, None]))  # fmt: skip
    most = (likeness * pardon).max(axis=1)
    return _rates(most, confidence), np.clip(most, 0.0, 1.0)


def aligned_weights(cosine: Floats, top: int) -> tuple[Floats, Floats]:
    """Return CONTRA's (n,) learning rates in [0, 1], and (n,) alignment before pardoning.

    Parameters
    ----------
    cosine : Floats
        (n, n) cosines of the accumulated updates.
    top : int
        k: alignment is the mean of the k greatest cosines with others.
    """
    likeness = np.maximum(cosine - np.diag(np.diag(cosine)), 0.0)
    first = _top_mean(likeness, top)
    pardon = np.minimum(1.0, np.divide(first[:, None], first[None, :], out=np.ones_like(likeness),
                                       where=first[None, :] > first[:, None]))  # fmt: skip
    return _rates(_top_mean(likeness * pardon, top), 1.0), first


def _top_mean(likeness: Floats, top: int) -> Floats:
    others = max(1, len(likeness) - 1)
    ordered = np.sort(likeness, axis=1)[:, ::-1]
    mean: Floats = ordered[:, : min(top, others)].mean(axis=1)
    return mean


def _rates(likeness: Floats, confidence: float) -> Floats:
    """Turn likeness to others into a learning rate: one minus it, stretched by the logit."""
    rates = np.clip(1.0 - likeness, 0.0, 1.0)
    greatest = float(rates.max(initial=0.0))
    if greatest == 0.0:
        return np.zeros(len(rates))
    rates = np.minimum(rates / greatest, _ALMOST_ONE)
    logit = np.log(np.divide(rates, 1.0 - rates), out=np.full(len(rates), -np.inf), where=rates > 0)
    stretched: Floats = np.clip(confidence * (logit + _SHIFT), 0.0, 1.0)
    return stretched
