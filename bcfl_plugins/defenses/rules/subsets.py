"""Rules that search for the best subset of n - f updates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, Flags, Floats, RuleTags
from bcfl_plugins.defenses.core.gram import distances
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority, ratio
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.core.batch import Batch

DEEPEST = 20
"""Greatest f of MDA: the search takes time exponential in f."""
MOST_SUBSETS = 100_000
"""Subsets that SMEA looks at, at most."""
CHUNK = 2048
"""Subsets whose eigenvalues are computed at a time."""


@dataclass(frozen=True, slots=True)
class MDA(Rule):
    """Minimum diameter averaging: the mean of the n - f updates that lie closest together.

    The subset is the one whose two farthest members are closest: exact, by a search for at most f
    updates that cover all pairs farther apart. Subsets of the same diameter are told apart by the
    canonical order of the updates. f is limited to 20.
    """

    name: ClassVar[str] = "mda"
    paper: ClassVar[str] = (
        "El Mhamdi et al., Genuinely Distributed Byzantine Machine Learning, PODC 2020"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
        selects=True,
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2, but no more than 20."""
        return min(minority(n), DEEPEST)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        squared = distances(batch.gram)
        kept = least_diameter(squared, batch.f)
        return batch.weighted(kept / kept.sum(), squared[:, kept].max(axis=1))


def least_diameter(squared: Floats, f: int) -> Flags:
    """Return (n,) which n - f points have the least largest distance among them."""
    n = len(squared)
    levels = np.unique(squared)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        if _cover(squared > levels[middle], f) is None:
            low = middle + 1
        else:
            high = middle
    out = _cover(squared > levels[low], f) or ()
    kept = np.ones(n, dtype=np.bool_)
    kept[list(out)] = False
    inside = np.flatnonzero(kept)
    spare = f - len(out)  # of those that may go, the farthest from the rest do
    far = squared[np.ix_(inside, inside)].sum(axis=1)
    kept[inside[np.argsort(-far, kind="stable")[:spare]]] = False
    return kept


def _cover(apart: Flags, f: int) -> tuple[int, ...] | None:
    """Return at most f points that touch every pair that is apart; ``None`` if there are none.

    Branches on a point of the highest degree: it goes, or all that it is apart from go.
    """
    degrees = apart.sum(axis=1)
    top = int(degrees.argmax())
    most = int(degrees[top])
    if most == 0:
        return ()
    pairs = int(degrees.sum()) // 2
    if f == 0 or pairs > f * most:
        return None
    first = _cover(_without(apart, [top]), f - 1)
    if first is not None:
        return (top, *first)
    others = np.flatnonzero(apart[top]).tolist()
    if most == 1 or len(others) > f:
        return None
    second = _cover(_without(apart, [*others, top]), f - len(others))
    return None if second is None else (*others, *second)


def _without(apart: Flags, points: list[int]) -> Flags:
    rest = apart.copy()
    rest[points] = False
    rest[:, points] = False
    return rest


@dataclass(frozen=True, slots=True)
class SMEA(Rule):
    """Smallest maximum eigenvalue averaging: the mean of the n - f updates that spread least.

    Looks at all subsets, so f is limited to 100,000 of them.
    """

    name: ClassVar[str] = "smea"
    paper: ClassVar[str] = (
        "Allouah et al., On the Privacy-Robustness-Utility Trilemma in Distributed Learning, "
        "ICML 2023"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        kappa=lambda n, f: 4.0 * f / (n - f) * (1.0 + ratio(n, f)) ** 2,
        bounded=True,
        selects=True,
    )

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2 for which there are at most 100,000 subsets."""
        fitting = (f for f in range(minority(n), -1, -1) if comb(n, f) <= MOST_SUBSETS)
        return next(fitting, -1)

    def decide(self, batch: Batch) -> Aggregate:
        """See `Rule.decide`."""
        kept = np.zeros(batch.m, dtype=np.bool_)
        kept[_least_spread(batch.gram, batch.m - batch.f)] = True
        weights = kept / kept.sum()
        inner = batch.gram @ weights
        far = np.diag(batch.gram) - 2.0 * inner + weights @ inner
        return batch.weighted(weights, np.maximum(far, 0.0), Reason.OUTLIER_DIRECTION)


def _least_spread(gram: Floats, size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the subset of `size` points whose covariance has the least top eigenvalue."""
    best, least = np.arange(size), np.inf
    for subsets in _chunks(len(gram), size):
        inner = gram[subsets[:, :, None], subsets[:, None, :]]  # (c, size, size)
        inner -= inner.mean(axis=1, keepdims=True)
        inner -= inner.mean(axis=2, keepdims=True)
        tops = np.linalg.eigvalsh(inner)[:, -1]
        place = int(tops.argmin())
        if tops[place] < least:
            best, least = subsets[place], float(tops[place])
    return best


def _chunks(n: int, size: int) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    subsets = combinations(range(n), size)
    while chunk := list(islice(subsets, CHUNK)):
        yield np.array(chunk, dtype=np.int64)
