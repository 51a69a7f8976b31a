"""DeepSight against its definition, with scikit-learn's HDBSCAN."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from bcfl_plugins.defenses.inspection.deepsight import DeepSight
from bcfl_plugins.errors import BadUpdates

CLASSES = 6
Model = dict[str, np.ndarray]


def drawn(seed: int, n: int = 20, bad: int = 6) -> list[Model]:
    """Return updates: the last `bad` move one output neuron, as if they had one label only."""
    rng = np.random.default_rng(seed)
    way = rng.normal(size=(CLASSES, 8))
    rows = []
    for i in range(n):
        weight = way + 0.4 * rng.normal(size=way.shape)
        bias = 1.0 + 0.4 * rng.normal(size=CLASSES)
        if i >= n - bad:
            weight, bias = 0.05 * weight, 0.05 * bias
            weight[2] += 2.0 + 0.1 * rng.normal(size=8)
            bias[2] += 2.0 + 0.1 * rng.normal()
        rows.append({"in": rng.normal(size=(5, 4)), "out.w": weight, "out.b": bias})
    return rows


def told(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the NEUPs of one node, and how many of them exceed its threshold."""
    energy = np.abs(bias) + np.abs(weight).sum(axis=1)
    neups = energy**2 / (energy**2).sum()
    return neups, int((neups > max(0.01, 1.0 / CLASSES) * neups.max()).sum())


def parted(rows: list[Model]) -> np.ndarray:
    """Return the merged distances of two clusterings."""
    neups = np.stack([told(row["out.w"], row["out.b"])[0] for row in rows])
    biases = np.stack([row["out.b"] for row in rows])
    unit = biases / np.linalg.norm(biases, axis=1, keepdims=True)
    unlike = np.clip(1.0 - unit @ unit.T, 0.0, 2.0)
    unlike = (unlike + unlike.T) / 2
    np.fill_diagonal(unlike, 0.0)
    made = HDBSCAN(min_samples=3, metric="precomputed", copy=True).fit_predict(unlike)
    other = HDBSCAN(min_samples=3, copy=True).fit_predict(neups)
    return np.asarray(((made[:, None] != made) * 1.0 + (other[:, None] != other)) / 2.0)


def test_nodes_of_few_labels_are_out_and_the_others_clipped() -> None:
    for seed in range(8):
        rows = drawn(seed)
        found = DeepSight().aggregate(rows)
        exceeding = np.array([told(row["out.w"], row["out.b"])[1] for row in rows])
        assert (exceeding[-6:] <= np.median(exceeding) / 2).all()
        kept = found.decision.kept
        assert not kept[-6:].any()
        assert kept[:14].sum() >= 12
        lengths = np.array([np.sqrt(sum((a**2).sum() for a in row.values())) for row in rows])
        short = np.minimum(1.0, np.median(lengths) / lengths)
        for name in rows[0]:
            mean = np.mean([short[i] * rows[i][name] for i in np.flatnonzero(kept)], axis=0)
            np.testing.assert_allclose(found.value[name], mean, atol=1e-9)
        np.testing.assert_array_equal(found.decision.scores, exceeding.max() - exceeding)


def test_the_clusterings_are_those_of_scikit_learn() -> None:
    for seed in range(8):
        rows = drawn(seed)
        apart = parted(rows)
        honest, bad = np.arange(14), np.arange(14, 20)
        kept = DeepSight().aggregate(rows).decision.kept
        core = [i for i in honest if (apart[i, honest] == 0).sum() > 7]
        assert kept[core].all()
        assert (apart[np.ix_(bad, core)] > 0).all()


def test_a_cluster_with_fewer_suspicious_than_tau_stays() -> None:
    rows = drawn(1)
    assert not DeepSight().aggregate(rows).decision.kept[-6:].any()
    many = DeepSight(tau=1.0).aggregate(drawn(1, bad=2))
    assert many.decision.kept[:18].any()
    assert DeepSight(tau=0.0).aggregate(rows).decision.kept.sum() <= 1


def test_keras_has_neurons_in_columns_and_the_layer_can_be_named() -> None:
    rows = drawn(2)
    keras = [{"in": r["in"], "out.w": r["out.w"].T, "out.b": r["out.b"]} for r in rows]
    np.testing.assert_array_equal(
        DeepSight().aggregate(keras).decision.kept, DeepSight().aggregate(rows).decision.kept
    )
    last = [{**row, "norm": np.ones((2, 2))} for row in rows]
    named = DeepSight(output="out").aggregate(last)
    np.testing.assert_array_equal(named.decision.kept, DeepSight().aggregate(rows).decision.kept)
    with pytest.raises(BadUpdates, match=r"begins with 'head'; the model has in, out\.w"):
        DeepSight(output="head").aggregate(rows)


def test_an_output_layer_without_a_bias_is_looked_at_by_its_weights() -> None:
    rows = [{"in": row["in"], "out": row["out.w"]} for row in drawn(3)]
    assert not DeepSight().aggregate(rows).decision.kept[-6:].any()


@pytest.mark.parametrize("n", [1, 2, 4, 9])
def test_few_and_equal_and_zero_updates_do_not_confuse_it(n: int) -> None:
    row = drawn(4, n=1, bad=0)[0]
    found = DeepSight().aggregate([row] * n)
    np.testing.assert_allclose(found.value["out.b"], row["out.b"])
    zero = {name: 0.0 * array for name, array in row.items()}
    assert not DeepSight().aggregate([zero] * n).value["in"].any()
    assert np.isfinite(DeepSight().aggregate(drawn(5, n=n, bad=0)).value["in"]).all()
