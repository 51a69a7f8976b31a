"""Points in a plane, and who is least alike."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from bcfl_plugins.defenses.parts.planes import near_sums, plane


def draw(n: int, seed: int, size: int = 40, common: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows: np.ndarray = common + rng.normal(size=(n, size))
    return rows * rng.uniform(0.5, 2.0, size=(n, 1))


def test_the_plane_is_that_of_pca_up_to_the_sign_of_its_axes() -> None:
    for seed in range(5):
        updates = draw(12, seed)
        found = plane(updates @ updates.T)
        theirs = PCA(2).fit_transform(updates)
        np.testing.assert_allclose(np.abs(found), np.abs(theirs), atol=1e-8)
        assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()
    assert not plane(np.zeros((3, 3))).any()
    assert plane(np.ones((1, 1))).shape == (1, 2)


def test_near_sums_drops_who_is_far_from_all() -> None:
    points = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1], [60, 0], [3, 3]])
    sums = [sum(np.linalg.norm(p - q) for q in points) for p in points]
    limit = sums[4] / float(np.median(sums))
    assert near_sums(points, limit * 0.99).tolist() == [True] * 4 + [False, True]
    assert near_sums(points, limit * 1.01).all()
