from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.metrics.pairwise import cosine_distances, cosine_similarity

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.parts.planes import least_alike
from bcfl_plugins.defenses.rules.clusters import ClippedClustering, Flame, Rflbat, SecuredStyle
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason


def draw(n: int, seed: int, size: int = 40, common: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows: np.ndarray = common + rng.normal(size=(n, size))
    return rows * rng.uniform(0.5, 2.0, size=(n, 1))


def clipped(rows: np.ndarray, limit: float) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows * np.minimum(1.0, limit / norms)


def majority(rows: np.ndarray) -> np.ndarray:
    model = HDBSCAN(
        min_cluster_size=len(rows) // 2 + 1,
        min_samples=1,
        allow_single_cluster=True,
        metric="precomputed",
        copy=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        labels = model.fit(np.maximum(cosine_distances(rows), 0.0)).labels_
    return np.asarray(labels >= 0)


def test_flame_is_its_definition() -> None:
    for seed in range(15):
        updates = draw(5 + seed % 9, seed)
        kept = majority(updates)
        limit = float(np.median(np.linalg.norm(updates, axis=1)))
        found = Flame().aggregate(updates)
        np.testing.assert_array_equal(found.decision.kept, kept)
        np.testing.assert_allclose(found.value, clipped(updates, limit)[kept].mean(axis=0))


def test_flame_keeps_the_majority_against_colluders() -> None:
    updates = np.concatenate([draw(11, 1), -draw(8, 2)])
    found = Flame(f=8).aggregate(updates)
    assert not found.decision.kept[11:].any()
    assert found.decision.kept.sum() >= 10
    assert found.decision.reasons[11] is Reason.OUTLIER_CLUSTER


def test_flames_noise_is_lambda_median_norms_and_seeded() -> None:
    updates = draw(9, 3, size=20_000).astype(np.float32)
    plain = Flame().aggregate(updates).value
    noisy = Flame(noise=0.01, seed=1).aggregate(updates).value
    limit = float(np.median(np.linalg.norm(updates, axis=1)))
    assert np.std(noisy - plain) == pytest.approx(0.01 * limit, rel=0.05)
    np.testing.assert_array_equal(noisy, Flame(noise=0.01, seed=1).aggregate(updates).value)
    other = Flame(noise=0.01, seed=2).aggregate(updates).value
    later = Flame(noise=0.01, seed=1).aggregate(updates * 2).value
    assert abs(np.corrcoef(noisy - plain, other - plain)[0, 1]) < 0.05
    assert abs(np.corrcoef(noisy - plain, later - 2 * plain)[0, 1]) < 0.05


def test_clipped_clustering_is_its_definition_with_its_history() -> None:
    rule, state, norms = ClippedClustering(memory=3), None, []
    for seed in range(6):
        updates = draw(9, seed) * (1 + seed)
        norms.append(np.linalg.norm(updates, axis=1))
        limit = float(np.median(np.concatenate(norms[-3:])))
        model = AgglomerativeClustering(n_clusters=2, metric="precomputed", linkage="average")
        labels = model.fit(cosine_distances(updates)).labels_
        kept = labels == (labels.sum() > len(labels) // 2)
        found = rule.aggregate(updates, Extras(state=state))
        state = found.state
        np.testing.assert_array_equal(found.decision.kept, kept)
        np.testing.assert_allclose(found.value, clipped(updates, limit)[kept].mean(axis=0))


def test_clipped_clustering_takes_two_updates_as_they_are() -> None:
    found = ClippedClustering().aggregate(np.array([[1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(found.value, [0.5, 0.5])


def test_rflbat_keeps_the_least_alike_cluster() -> None:
    rng = np.random.default_rng(0)
    honest = 0.4 + rng.normal(size=(9, 40))
    backdoor = 6.0 + 0.05 * rng.normal(size=(4, 40))
    updates = np.concatenate([honest, backdoor])
    groups = [range(9), range(9, 13)]
    alike = [np.median(cosine_similarity(updates[list(g)]).mean(axis=1)) for g in groups]
    assert alike[0] < alike[1]
    found = Rflbat().aggregate(updates)
    assert not found.decision.kept[9:].any()
    assert found.decision.kept[:9].any()  # how many depends on how the honest are split
    np.testing.assert_allclose(found.value, updates[found.decision.kept].mean(axis=0))


def test_clusters_of_one_are_passed_over() -> None:
    points = np.array([[0.0, 0], [0.1, 0], [0, 0.1], [50, 50]])
    cosine = np.full((4, 4), 0.9)
    cosine[3] = cosine[:, 3] = -1.0
    members = least_alike(points, cosine, 3, 5, np.random.default_rng(0))
    assert members.tolist() == [True, True, True, False]


def test_secured_style_takes_members_only() -> None:
    updates = draw(8, 1)
    ids = [f"node-{i}" for i in range(8)]
    rule = SecuredStyle(members=tuple(ids[:6]), spread=100.0)
    found = rule.aggregate(updates, Extras(ids=ids))
    assert found.decision.reasons[6:] == (Reason.BAD_SIGNATURE,) * 2
    assert not found.decision.kept[6:].any()
    with pytest.raises(BadUpdates, match="ids"):
        rule.aggregate(updates)
    assert not SecuredStyle(members=("other",)).aggregate(updates, Extras(ids=ids)).value.any()


def test_secured_style_drops_a_cluster_that_is_apart_and_no_other() -> None:
    honest = draw(8, 2)
    apart = np.concatenate([honest, -3.0 * honest[:3]])
    found = SecuredStyle().aggregate(apart)
    assert found.decision.reasons[8:] == (Reason.OUTLIER_CLUSTER,) * 3
    calm = SecuredStyle(spread=100.0).aggregate(honest)
    assert calm.decision.kept.all()
    np.testing.assert_allclose(calm.value, honest.mean(axis=0))


def test_secured_styles_limit_is_the_median_and_its_deviation_and_moves_slowly() -> None:
    state, before = None, None
    for seed in range(4):
        updates = draw(12, seed) * np.exp(np.random.default_rng(seed).normal(size=(12, 1)))
        distance = np.linalg.norm(updates - updates.mean(axis=0), axis=1)
        middle = np.median(distance)
        reach = 1 + 1.5 * 1.4826 * np.median(np.abs(distance - middle)) / middle
        before = reach if before is None else 0.5 * before + 0.5 * reach
        found = SecuredStyle(apart=1e6, spread=1.5).aggregate(updates, Extras(state=state))
        state = found.state
        np.testing.assert_array_equal(found.decision.kept, distance <= before * middle)
        np.testing.assert_allclose(found.decision.scores, distance / middle)


@pytest.mark.parametrize(
    ("rule", "setting"),
    [
        (Flame, {"noise": -0.1}),
        (ClippedClustering, {"memory": 0}),
        (Rflbat, {"first": 0.5}),
        (Rflbat, {"references": 1}),
        (SecuredStyle, {"apart": 0.0}),
        (SecuredStyle, {"decay": 1.5}),
    ],
)
def test_settings_out_of_range_are_refused(rule: Any, setting: dict[str, Any]) -> None:
    with pytest.raises(BadUpdates, match=next(iter(setting))):
        rule(**setting)
