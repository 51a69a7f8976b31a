"""Subsets of least diameter and least spread, against a search of all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from bcfl_plugins.defenses.rules.subsets import MDA, SMEA
from tests.unit.bcfl_plugins.defenses.rules.drawn_rounds import rounds


@pytest.mark.parametrize(("n", "f"), [(5, 2), (9, 3), (11, 2), (11, 5)])
def test_mda_finds_the_least_diameter(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        apart = np.linalg.norm(x[:, None] - x[None], axis=2)
        subsets = [list(one) for one in combinations(range(n), n - f)]
        least = min(apart[np.ix_(one, one)].max() for one in subsets)
        kept = np.flatnonzero(MDA(f=f).aggregate(x).decision.kept)
        assert len(kept) == n - f
        assert apart[np.ix_(kept, kept)].max() == pytest.approx(least)


@pytest.mark.parametrize(("n", "f"), [(5, 2), (9, 3), (11, 2)])
def test_smea_finds_the_least_spread(n: int, f: int) -> None:
    for x in rounds(n, far=f):
        tops = {
            one: np.linalg.eigvalsh(np.cov(x[list(one)].T, bias=True))[-1]
            for one in combinations(range(n), n - f)
        }
        best = min(tops, key=tops.__getitem__)
        assert tuple(np.flatnonzero(SMEA(f=f).aggregate(x).decision.kept)) == best
