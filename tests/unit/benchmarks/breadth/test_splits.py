"""Every split deals every row once, and is as unequal as its name says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.breadth.data import load
from benchmarks.breadth.splits import LEAST, SPLITS, deal, instruments, topped_up

DATA = load("digits")


def dealt(split: str, n: int = 10, seed: int = 0) -> list[np.ndarray]:
    return deal(DATA, split, n, np.random.default_rng(seed))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("n", [3, 500])
def test_every_row_has_one_site(split: str, n: int) -> None:
    parts = dealt(split, n)
    assert len(parts) == n
    assert min(map(len, parts)) >= LEAST
    assert sorted(np.concatenate(parts).tolist()) == sorted(DATA.train.tolist())


def test_they_are_unequal_as_they_say() -> None:
    sizes = sorted(len(part) for part in dealt("sizes"))
    assert 50 < sizes[-1] / sizes[0] < 200
    lone = {*DATA.y[dealt("lone")[0]].tolist()}
    assert len(lone) == 1
    assert not lone & {*DATA.y[np.concatenate(dealt("lone")[1:])].tolist()}
    assert all(len(np.unique(DATA.y[part])) <= 5 for part in dealt("shards"))

    def largest(split: str) -> float:
        return float(np.mean([np.bincount(DATA.y[p]).max() / len(p) for p in dealt(split)]))

    assert largest("iid") < largest("dirichlet .5") < largest("dirichlet .1")


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="too few rows for 3 sites: 5"):
        topped_up([np.arange(5), np.arange(0), np.arange(0)])


def test_instruments_differ_where_the_split_says_so() -> None:
    x = np.ones((4, 2, 3), np.float32)
    for split, differ in (("iid", 0), ("scanner", 1), ("shift", 5)):
        made = instruments(split, 5, 3, np.random.default_rng(0))
        assert sum(not np.array_equal(made.seen(x, site), x) for site in range(5)) == differ
