"""Two clusters are those of scikit-learn's average linkage."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from bcfl_plugins.defenses.parts.linkage import larger_cluster, two_clusters
from tests.unit.bcfl_plugins.defenses.parts.drawn_points import draw, pairwise


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
