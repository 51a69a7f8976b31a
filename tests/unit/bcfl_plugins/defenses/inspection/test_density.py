"""HDBSCAN as scikit-learn has it, where no two edges are as long; and the paper's way with ties."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from bcfl_plugins.defenses.inspection.density import density_clusters


def distances(points: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    return found


def drawn(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=4.0, size=(1 + seed % 4, 3))
    some = [centre + rng.normal(size=(rng.integers(3, 12), 3)) for centre in centres]
    return np.concatenate([*some, rng.uniform(-9.0, 9.0, size=(seed % 5, 3))])


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    noise = bool(((one == -1) == (other == -1)).all())
    pairs = (one[:, None] == one) == (other[:, None] == other)
    return noise and bool(pairs.all())


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize(("least", "samples"), [(2, 1), (3, 2), (5, 3), (5, 5)])
def test_it_is_scikit_learns(least: int, samples: int, *, single: bool) -> None:
    tried = same = 0
    for seed in range(40):
        away = distances(drawn(seed))
        if len(away) < max(least, samples):
            continue
        theirs = HDBSCAN(
            min_cluster_size=least,
            min_samples=samples,
            metric="precomputed",
            allow_single_cluster=single,
            copy=True,
        ).fit_predict(away)
        ours = density_clusters(away, least, samples, single=single)
        assert samples > 2 or same_partition(ours, theirs), seed
        tried, same = tried + 1, same + same_partition(ours, theirs)
    # Core distances are shared by neighbours: edges of equal length, which it cuts one by one.
    assert same >= 0.85 * tried


def test_points_of_one_place_are_one_cluster_whatever_their_order() -> None:
    away = np.ones((12, 12)) - np.kron(np.eye(2), np.ones((6, 6)))
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(12)
        labels = density_clusters(away[np.ix_(order, order)], 5, 3)
        assert labels[0] == 0
        assert same_partition(labels, (order >= 6).astype(int))


def test_too_few_points_are_in_none_and_equal_ones_in_one() -> None:
    assert density_clusters(np.zeros((4, 4)), 5, 3, single=True).tolist() == [-1] * 4
    assert density_clusters(np.zeros((7, 7)), 5, 3, single=True).tolist() == [0] * 7
    assert density_clusters(np.zeros((7, 7)), 5, 3).tolist() == [-1] * 7
