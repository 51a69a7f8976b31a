"""The clusterings that the rules bring along agree with scikit-learn's."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans, MeanShift, estimate_bandwidth

from bcfl_plugins.defenses.parts.hdbscan import majority_cluster
from bcfl_plugins.defenses.parts.kmeans import cluster_count, kmeans
from bcfl_plugins.defenses.parts.linkage import larger_cluster, two_clusters
from bcfl_plugins.defenses.parts.meanshift import bandwidth, densest

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Floats


def pairwise(points: Floats) -> Floats:
    found: Floats = np.linalg.norm(points[:, None] - points[None], axis=2)
    return found


def draw(seed: int, least: int, *, tied: bool = False) -> Floats:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(least, 25)), int(rng.integers(1, 4)))
    if tied:
        return rng.integers(0, 4, size=shape).astype(float)
    return rng.normal(size=shape)


@pytest.mark.parametrize("tied", [False, True])
def test_the_majority_cluster_is_that_of_hdbscan(tied: bool) -> None:
    for seed in range(150):
        distances = pairwise(draw(seed, 3, tied=tied))
        least = len(distances) // 2 + 1
        model = HDBSCAN(
            min_cluster_size=least,
            min_samples=1,
            allow_single_cluster=True,
            metric="precomputed",
            copy=True,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            labels = model.fit(distances).labels_
        np.testing.assert_array_equal(majority_cluster(distances, least), labels >= 0, str(seed))


def test_a_majority_is_more_than_half_and_not_more_than_all() -> None:
    distances = pairwise(draw(1, 6))
    for least in (len(distances) // 2, len(distances) + 1):
        with pytest.raises(ValueError, match="majority"):
            majority_cluster(distances, least)
    assert majority_cluster(np.zeros((1, 1)), 1).tolist() == [True]


def test_two_clusters_are_those_of_average_linkage() -> None:
    for seed in range(150):
        distances = pairwise(draw(seed, 2))
        model = AgglomerativeClustering(n_clusters=2, metric="precomputed", linkage="average")
        labels = model.fit(distances).labels_
        np.testing.assert_array_equal(two_clusters(distances), labels != labels[0], str(seed))


def test_the_larger_cluster_wins_and_of_equal_ones_the_narrower() -> None:
    assert larger_cluster(pairwise(np.array([[0.0], [0.1], [5.0]]))).tolist() == [True, True, False]
    points = np.array([[0.0], [1.0], [9.0], [9.1]])
    assert larger_cluster(pairwise(points)).tolist() == [False, False, True, True]
    assert larger_cluster(pairwise(points[::-1])).tolist() == [True, True, False, False]


def test_the_densest_cluster_is_that_of_mean_shift() -> None:
    for seed in range(25):
        points = draw(seed, 4)
        radius = bandwidth(points, 0.5)
        assert radius == pytest.approx(estimate_bandwidth(points, quantile=0.5), rel=1e-6)
        labels = MeanShift(bandwidth=radius, cluster_all=False).fit(points).labels_
        largest = np.bincount(labels[labels >= 0]).argmax()
        np.testing.assert_array_equal(densest(points, radius), labels == largest, str(seed))


def test_equal_points_are_one_cluster() -> None:
    points = np.full((7, 3), 1 / 3)
    assert densest(points, bandwidth(points, 0.5)).all()
    assert cluster_count(points, 5, 5, np.random.default_rng(0)) == 1


def inertia(points: Floats, labels: Floats) -> float:
    groups = [points[labels == k] for k in np.unique(labels)]
    return float(sum(((group - group.mean(axis=0)) ** 2).sum() for group in groups))


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
