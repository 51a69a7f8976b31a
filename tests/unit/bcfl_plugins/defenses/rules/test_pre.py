"""Pre-aggregators against their definitions, written down naively."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.rules.coordinate import Median, TrimmedMean
from bcfl_plugins.defenses.rules.krum import Krum
from bcfl_plugins.defenses.rules.pre import NNM, Bucketing
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import N, rounds

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def naive_krum_scores(x: Floats, f: int) -> list[float]:
    scores = []
    for i in range(len(x)):
        others = sorted(float(np.sum((x[i] - x[j]) ** 2)) for j in range(len(x)) if j != i)
        scores.append(sum(others[: max(1, len(x) - f - 2)]))
    return scores


def test_nnm_then_trimmed_mean() -> None:
    for x in rounds():
        f = 2
        mixed = np.array(
            [x[np.argsort(np.linalg.norm(x - one, axis=1))[: N - f]].mean(axis=0) for one in x]
        )
        expected = np.sort(mixed, axis=0)[f : N - f].mean(axis=0)
        assert np.allclose((NNM(f=f) + TrimmedMean())(x), expected, rtol=1e-12)
        assert np.allclose(NNM(f=f)(x), mixed.mean(axis=0), rtol=1e-12)
        krum = naive_krum_scores(mixed, f)
        assert np.allclose((NNM(f=f) + Krum())(x), mixed[int(np.argmin(krum))], rtol=1e-9)


def test_bucketing_is_means_of_disjoint_buckets() -> None:
    for x in rounds():
        result = (Bucketing(size=2, seed=3) + Krum(f=1)).aggregate(x)
        members = np.flatnonzero(result.decision.kept)
        assert len(members) in {1, 2}
        assert np.allclose(result.value, x[members].mean(axis=0))
        medians = (Bucketing(size=1) + Median())(x)
        assert np.allclose(medians, np.median(x, axis=0))
    assert Bucketing(size=2).max_byzantine(11) == 2
    assert (Bucketing(size=2) + Krum()).max_byzantine(11) == 1
