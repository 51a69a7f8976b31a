"""Snowball against its definition, with scikit-learn's k-means and index."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score

from bcfl_plugins.defenses.inspection.snowball import Snowball, election
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

SIZES = {
    "conv.weight": (6, 3, 3), "conv.bias": (6,), "mid.weight": (9, 4),
    "out.weight": (3, 9), "out.bias": (3,),
}  # fmt: skip
Model = dict[str, np.ndarray]


def drawn(seed: int, n: int) -> list[Model]:
    rng = np.random.default_rng(seed)
    way = {name: rng.normal(size=shape) for name, shape in SIZES.items()}
    other = {name: rng.normal(size=shape) for name, shape in SIZES.items()}
    return [
        {
            name: (other if i % 5 == 4 else way)[name] + 0.7 * rng.normal(size=shape)
            for name, shape in SIZES.items()
        }
        for i in range(n)
    ]


def defined(stack: np.ndarray, far: int) -> np.ndarray:
    """Return the votes in one array: for each agent k-means from itself and the farthest."""
    n = len(stack)
    voices, sides = [], []
    for agent in range(n):
        apart = stack[agent] - stack
        farthest = np.argsort(np.linalg.norm(apart, axis=1))[-far:]
        starts = apart[[agent, *farthest]]
        labels = KMeans(n_clusters=far + 1, init=starts, n_init=1).fit_predict(apart)
        voices.append(calinski_harabasz_score(apart, labels))
        sides.append(labels == labels[agent])
    scaled = (np.array(voices) - min(voices)) / (max(voices) - min(voices))
    votes: np.ndarray = scaled @ np.array(sides)
    return votes


@pytest.mark.parametrize(("n", "far"), [(12, 3), (22, 8)])
def test_votes_are_those_of_the_definition(n: int, far: int) -> None:
    for seed in range(2):
        stack = np.stack([row["out.weight"].ravel() for row in drawn(seed, n)])
        np.testing.assert_allclose(
            election(stack @ stack.T, far, stack.shape[1]), defined(stack, far), atol=1e-9
        )


def test_the_first_and_last_layers_elect_and_the_elected_are_averaged() -> None:
    for seed in range(1, 3):
        rows = drawn(seed, 14)
        votes = sum(
            defined(np.stack([row[name].ravel() for row in rows]), 5)
            for name in ("conv.weight", "conv.bias", "out.weight", "out.bias")
        )
        elected = 0.2 * seed
        found = Snowball(elected=elected).aggregate(rows)
        kept = found.decision.kept
        assert kept.sum() == math.ceil(14 * elected)
        np.testing.assert_allclose(found.decision.scores, votes.max() - votes, atol=1e-9)
        assert votes[kept].min() >= votes[~kept].max() - 1e-9
        mean = np.mean([rows[i]["mid.weight"] for i in np.flatnonzero(kept)], axis=0)
        np.testing.assert_allclose(found.value["mid.weight"], mean)
        assert set(np.array(found.decision.reasons)[~kept]) == {Reason.OUTLIER_CLUSTER}


def test_arrays_that_vote_can_be_named() -> None:
    rows = drawn(1, 12)
    stack = np.stack([row["mid.weight"].ravel() for row in rows])
    votes = defined(stack, 5)
    found = Snowball(voting=("mid",)).aggregate(rows).decision
    np.testing.assert_allclose(found.scores, votes.max() - votes, atol=1e-9)
    with pytest.raises(BadUpdates, match="begins with 'head'"):
        Snowball(voting=("head",)).aggregate(rows)


def test_a_tight_minority_is_elected() -> None:
    """What the missing half of the paper is there for: docs name it."""
    rows = drawn(0, 20)  # every fifth is of another kind
    assert Snowball(elected=0.2).aggregate(rows).decision.kept[[4, 9, 14, 19]].all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_a_few_are_enough_and_somebody_is_always_elected(n: int) -> None:
    found = Snowball().aggregate(drawn(3, n))
    assert found.decision.kept.sum() == 1
    assert np.isfinite(found.value["out.bias"]).all()
    equal = Snowball(elected=1.0).aggregate([drawn(3, 1)[0]] * n)
    assert equal.decision.kept.all()
