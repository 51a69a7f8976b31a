"""The densest cluster is that of scikit-learn's mean shift."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import MeanShift, estimate_bandwidth

from bcfl_plugins.defenses.parts.meanshift import bandwidth, densest
from tests.unit.bcfl_plugins.defenses.parts.drawn_points import draw


@pytest.mark.slow
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
