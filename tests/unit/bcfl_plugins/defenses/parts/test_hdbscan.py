"""The cluster of the majority is that of scikit-learn's HDBSCAN."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from bcfl_plugins.defenses.parts.hdbscan import majority_cluster
from tests.unit.bcfl_plugins.defenses.parts.drawn_points import draw, pairwise


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
