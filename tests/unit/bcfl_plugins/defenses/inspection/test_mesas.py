"""MESAS against its definition, written out with scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.cluster import AgglomerativeClustering

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.inspection.mesas import Mesas, far_side
from bcfl_plugins.reasons import Reason


def drawn(seed: int, n: int = 21, d: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return 0.1 * rng.normal(0.2, 1.0, size=(n, d)), rng.normal(size=d)


def defined(updates: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Return who is kept."""
    models = updates + model
    sizes = np.abs(updates)
    found = [
        1.0 - models @ model / np.linalg.norm(models, axis=1) / np.linalg.norm(model),
        np.linalg.norm(updates, axis=1),
        (updates > 0).sum(axis=1).astype(float),
        updates.var(axis=1, ddof=1),
        np.where(sizes > 0, sizes, np.inf).min(axis=1),
        sizes.max(axis=1),
    ]
    kept, spare = list(range(len(updates))), (len(updates) - 1) // 2
    again = True
    while again:
        again = False
        for values in found:
            while alarming(values[kept]):
                some = values[kept]
                labels = AgglomerativeClustering(n_clusters=2, linkage="single").fit_predict(
                    np.append(some, np.median(some))[:, None]
                )
                away = [i for i, label in zip(kept, labels, strict=False) if label != labels[-1]]
                if len(away) > spare:
                    break
                spare -= len(away)
                kept = [i for i in kept if i not in away]
                again = True
    flags = np.zeros(len(updates), np.bool_)
    flags[kept] = True
    return flags


def alarming(values: np.ndarray) -> bool:
    away = np.abs(values - np.median(values))
    above = values >= np.median(values)
    sides = away[above], away[~above]
    tests = [stats.ttest_ind(*sides), stats.levene(*sides), stats.kstest(*sides)]
    quartiles = np.percentile(values, [25, 75])
    reach = 5.5 * (quartiles[1] - quartiles[0])
    return bool(
        min(test.pvalue for test in tests) < 0.01
        or np.abs(stats.zscore(values)).max() >= 3.0
        or values.min() < quartiles[0] - reach
        or values.max() > quartiles[1] + reach
    )


def test_mesas_is_its_definition() -> None:
    rejected = 0
    for seed in range(12):
        updates, model = drawn(seed)
        updates[:3] *= 1.0 + 0.2 * seed
        updates[3:5, :6] += 0.15 * seed
        kept = defined(updates, model)
        found = Mesas().aggregate(updates + model, Extras(reference=model))
        assert found.decision.kept.tolist() == kept.tolist(), seed
        np.testing.assert_allclose(found.value - model, updates[kept].mean(axis=0), atol=1e-9)
        rejected += int((~kept).sum())
    assert rejected > 20


def test_a_few_far_entries_are_found_by_length_or_by_the_greatest() -> None:
    updates, _ = drawn(5)
    updates[7, 0] = 1.0  # a tenth of its length
    found = Mesas().aggregate(updates)
    assert not found.decision.kept[7]
    assert found.decision.reasons[7] is Reason.OUTLIER_CLUSTER
    assert found.decision.note == "pruned by EUCL"
    other = updates.copy()
    other[7] *= np.linalg.norm(updates[6]) / np.linalg.norm(updates[7])  # its length tells nothing
    again = Mesas().aggregate(other)
    assert not again.decision.kept[7]
    assert "MAX" in again.decision.note


def test_half_are_never_pruned() -> None:
    updates, _ = drawn(2, n=20)
    updates[:10] *= 30.0
    found = Mesas().aggregate(updates)
    assert found.decision.kept.sum() >= 11


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_and_equal_updates_are_kept(n: int) -> None:
    updates = np.tile(np.arange(1.0, 9.0), (n, 1))
    found = Mesas().aggregate(updates + 1.0, Extras(reference=np.ones(8)))
    assert found.decision.kept.all()
    assert found.decision.note == "no test tells"


@pytest.mark.parametrize("seed", range(20))
def test_two_clusters_of_one_measure_are_parted_by_the_largest_gap(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=4 + seed)
    labels = AgglomerativeClustering(n_clusters=2, linkage="single").fit_predict(
        np.append(values, np.median(values))[:, None]
    )
    assert far_side(values).tolist() == (labels[:-1] != labels[-1]).tolist()
