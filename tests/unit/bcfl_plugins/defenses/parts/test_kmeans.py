"""K-means is as good as scikit-learn's, and the gap statistic counts groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.cluster import KMeans

from bcfl_plugins.defenses.parts.kmeans import cluster_count, kmeans

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def inertia(points: Floats, labels: Floats) -> float:
    groups = [points[labels == k] for k in np.unique(labels)]
    return float(sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups))


@pytest.mark.slow
def test_kmeans_is_not_worse_than_scikit_learns() -> None:
    rng = np.random.default_rng(5)
    worse = []
    for _ in range(40):
        points = rng.random((int(rng.integers(6, 25)), 2))
        k = int(rng.integers(1, 5))
        theirs = KMeans(k, n_init=10, random_state=0).fit(points).inertia_
        worse.append(inertia(points, kmeans(points, k, rng)) > theirs * (1 + 1e-9))
    assert sum(worse) <= 2  # both are heuristics with random starts


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_the_gap_statistic_counts_clear_groups(groups: int) -> None:
    rng = np.random.default_rng(groups)
    centres = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])[:groups]
    points = np.concatenate([centre + rng.normal(size=(12, 2)) for centre in centres])
    assert cluster_count(points, 6, 10, np.random.default_rng(0)) == groups


def test_equal_points_are_counted_as_one_group() -> None:
    points = np.full((7, 3), 1 / 3)
    assert cluster_count(points, 5, 5, np.random.default_rng(0)) == 1
