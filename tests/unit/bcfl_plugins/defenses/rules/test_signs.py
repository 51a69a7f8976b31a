"""SignGuard against its definition, with scikit-learn's mean shift."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import MeanShift, estimate_bandwidth

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.batch import batch_of, measured
from bcfl_plugins.defenses.rules.signs import SignGuard, sign_shares
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason


def draw(n: int, seed: int, size: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows: np.ndarray = rng.normal(0.3, 1.0, size=(n, size))
    rows[:, rng.random(size) < 0.1] = 0.0
    return rows * rng.uniform(0.8, 1.25, size=(n, 1))


def defined(rows: np.ndarray) -> np.ndarray:
    """Return which are kept when the whole update is the window."""
    norms = np.linalg.norm(rows, axis=1)
    usual = (norms >= 0.1 * np.median(norms)) & (norms <= 3.0 * np.median(norms))
    signs = np.stack([(rows > 0).mean(axis=1), (rows == 0).mean(axis=1), (rows < 0).mean(axis=1)])
    features = (signs / (signs.max(axis=1, keepdims=True) + 1e-8)).T
    radius = estimate_bandwidth(features, quantile=0.5)
    labels = MeanShift(bandwidth=radius, cluster_all=False).fit(features).labels_
    return np.asarray(usual & (labels == np.bincount(labels[labels >= 0]).argmax()))


@pytest.mark.slow
def test_signguard_is_its_definition() -> None:
    for seed in range(8):
        rows = draw(12, seed)
        rows[3] *= 20
        rows[4] *= 0.01
        rows[5] *= -1
        kept = defined(rows)
        found = SignGuard(window=1.0).aggregate(rows)
        np.testing.assert_array_equal(found.decision.kept, kept)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        short = rows * np.minimum(1.0, np.median(norms) / norms)
        np.testing.assert_allclose(found.value, short[kept].mean(axis=0))
        assert found.decision.reasons[3] is Reason.OUTLIER_NORM
        assert found.decision.reasons[4] is Reason.OUTLIER_NORM
        assert found.decision.reasons[5] is Reason.OUTLIER_DIRECTION


def test_signs_are_counted_in_the_window_only() -> None:
    rows = np.random.default_rng(0).integers(-1, 2, size=(5, 70_000)).astype(np.float32)
    extras = Extras(ids=list(range(5)))
    read, found = measured(SignGuard(), rows, extras)
    batch = batch_of(SignGuard(), found, extras, read)
    for start, stop in [(0, 70_000), (123, 60_456), (7, 8), (5, 5)]:
        part = rows[:, start:stop]
        size = max(1, part.shape[1])
        expected = np.stack([(part > 0).sum(1), (part == 0).sum(1), (part < 0).sum(1)]).T / size
        np.testing.assert_allclose(sign_shares(batch, start, stop), expected)


def test_the_window_moves_from_round_to_round_the_same_way_each_time() -> None:
    spans = [SignGuard()._span(1000, number) for number in range(20)]
    assert spans == [SignGuard()._span(1000, number) for number in range(20)]
    assert len(set(spans)) > 10
    assert all(stop - start == 100 and start >= 0 and stop <= 1000 for start, stop in spans)
    first = SignGuard().aggregate(draw(8, 1))
    assert first.state == 1
    assert SignGuard().aggregate(draw(8, 2), Extras(state=first.state)).state == 2


def test_a_node_that_stands_still_has_no_share() -> None:
    rows = draw(7, 1)
    rows[2] = 0.0
    found = SignGuard().aggregate(rows)
    assert found.decision.reasons[2] is Reason.OUTLIER_NORM


@pytest.mark.parametrize("setting", [{"low": 2.0}, {"high": 0.5}, {"window": 0.0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(BadUpdates, match=next(iter(setting))):
        SignGuard(**setting)
