"""Attacks that are as short as honest updates, and add up over the rounds."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.attacks import create_attack, create_data_attack
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.errors import BadUpdates

RNG = np.random.default_rng
HONEST = RNG(0).normal(0.2, 1.0, (9, 200))
MEDIAN = float(np.median(np.linalg.norm(HONEST, axis=1)))


def test_projected_training_is_no_longer_than_it_may_be_and_points_the_same_way() -> None:
    own = np.stack([50.0 * HONEST[0], 0.01 * HONEST[1]])
    sent = create_attack("projected_training", factor=1.5).craft(HONEST, 2, rng=RNG(0), own=own)
    assert np.linalg.norm(sent[0]) == pytest.approx(1.5 * MEDIAN)
    np.testing.assert_allclose(
        sent[0] / np.linalg.norm(sent[0]), HONEST[0] / np.linalg.norm(HONEST[0])
    )
    np.testing.assert_array_equal(sent[1], own[1])


def test_neurotoxin_leaves_alone_what_the_others_move() -> None:
    before = np.zeros(200)
    before[[3, 50, 120]] = [5.0, -9.0, 2.0]
    before[7] = 1.0
    attack = create_attack("neurotoxin", heavy=0.015, factor=1e9)
    sent = attack.craft(HONEST, 1, rng=RNG(0), own=HONEST[:1], previous=before)
    assert np.flatnonzero(sent[0] == 0.0).tolist() == [3, 50, 120]
    kept = np.delete(np.arange(200), [3, 50, 120])
    np.testing.assert_array_equal(sent[0, kept], HONEST[0, kept])
    first = attack.craft(HONEST, 1, rng=RNG(0), own=HONEST[:1])
    np.testing.assert_array_equal(first, HONEST[:1])
    short = create_attack("neurotoxin").craft(HONEST, 1, rng=RNG(0), own=90.0 * HONEST[:1])
    assert np.linalg.norm(short) == pytest.approx(MEDIAN)


def test_poisonedfl_pulls_one_way_in_every_round() -> None:
    attack = create_attack("poisonedfl", scale=2.0)
    aggregates = RNG(1).normal(size=(30, 200))
    sent = [attack.craft(HONEST, 2, rng=RNG(i), previous=g) for i, g in enumerate(aggregates)]
    signs = {tuple(np.sign(rows[0])) for rows in sent}
    assert len(signs) == 1
    assert all((rows[0] == rows[1]).all() for rows in sent)
    for rows, moved in zip(sent, aggregates, strict=True):
        assert np.linalg.norm(rows[0]) == pytest.approx(2.0 * np.linalg.norm(moved))
    along = np.linalg.norm(np.sum([rows[0] for rows in sent], axis=0))
    drawn = np.linalg.norm(2.0 * aggregates.sum(axis=0))
    assert along > 3.0 * drawn  # what is drawn anew cancels


def test_poisonedfl_does_not_follow_its_own_trace() -> None:
    """What the signs explain of the last aggregate is taken out of the sizes."""
    way = np.sign(create_attack("poisonedfl").craft(HONEST, 1, rng=RNG(0))[0])
    rest = np.where(np.arange(200) < 100, 1.0, 0.0) * way * np.where(np.arange(200) % 2, 1, -1)
    sent = create_attack("poisonedfl").craft(HONEST, 1, rng=RNG(0), previous=rest + 50.0 * way)[0]
    assert np.abs(sent[:100]).min() > 5.0 * np.abs(sent[100:]).max()


def drift(rule: str) -> float:
    """Return how far along the signs a run goes in 20 rounds, in honest lengths."""
    attack, made = create_attack("poisonedfl"), create_rule(rule)
    way = np.sign(attack.craft(HONEST, 1, rng=RNG(0))[0])
    before, total = None, np.zeros(200)
    for number in range(20):
        honest = RNG([number, 5]).normal(0.2, 1.0, (8, 200))
        bad = attack.craft(honest, 2, rng=RNG(0), previous=before)
        before = made(np.concatenate([honest, bad]))
        total += before
    return float(total @ way / np.linalg.norm(way) / np.linalg.norm(honest, axis=1).mean())


def test_what_bounds_each_round_still_lets_it_drift_less_than_the_mean() -> None:
    mean = drift("mean")
    assert mean > 10.0
    assert drift("geometric_median") < 0.3 * mean
    assert drift("coordinate_clip+mean") < 0.3 * mean


def test_the_tail_of_a_class_gets_the_other_label() -> None:
    rng = RNG(3)
    x, y = rng.normal(size=(100, 4, 4)), np.repeat([0, 1, 2, 3], 25)
    x[[30, 41]] *= 9.0
    attack = create_data_attack("edge_case_backdoor", source=1, target=3, share=0.08)
    images, labels = attack.poison(x, y, rng=rng, classes=4)
    assert attack.tail(x, y).tolist() == [30, 41]
    assert np.flatnonzero(labels != y).tolist() == [30, 41]
    assert labels[[30, 41]].tolist() == [3, 3]
    np.testing.assert_array_equal(images, x)
    none = attack.poison(x[:20], y[:20], rng=rng, classes=4)[1]
    np.testing.assert_array_equal(none, y[:20])


@pytest.mark.parametrize(
    ("settings", "classes", "field"),
    [({"share": 0.0}, 4, "share"), ({"source": 2, "target": 2}, 4, "target"), ({}, 1, "source")],
)
def test_what_does_not_fit_is_refused(settings: dict[str, float], classes: int, field: str) -> None:
    with pytest.raises(BadUpdates) as caught:
        create_data_attack("edge_case_backdoor", **settings).poison(
            np.zeros((3, 2)), np.zeros(3, int), rng=RNG(0), classes=classes
        )
    assert caught.value.field == field
