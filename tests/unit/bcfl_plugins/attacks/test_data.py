"""Attacks on training data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.errors import BadUpdates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


X = rng(1).random((50, 8, 8)).astype(np.float32) * 0.5
Y = rng(2).integers(0, 10, 50)


def poison(name: str, settings: Any = None, x: Any = X, **arguments: Any) -> Any:
    attack = attacks.create_data_attack(name, **(settings or {}))
    return attack.poison(x, Y, **{"rng": rng(), "classes": 10, **arguments})


def test_label_flips() -> None:
    x, y = poison("label_flip")
    np.testing.assert_array_equal(y, 9 - Y)
    np.testing.assert_array_equal(x, X)
    assert not np.shares_memory(x, X)
    _, one = poison("label_flip", {"source": 3, "target": 7})
    np.testing.assert_array_equal(one, np.where(Y == 3, 7, Y))


def test_dynamic_flip_takes_the_least_likely_class() -> None:
    logits = rng(4).normal(size=(50, 10))
    _, y = poison("dynamic_label_flip", predictions=logits)
    assert (logits[np.arange(50), y] == logits.min(axis=1)).all()
    for wrong in (None, logits[:, :3]):
        with pytest.raises(BadUpdates):
            poison("dynamic_label_flip", predictions=wrong)


def test_the_pixel_trigger_lies_near_the_corner() -> None:
    x, y = poison("pixel_backdoor", {"target": 4, "share": 0.2})
    struck = (x != X).any(axis=(1, 2))
    assert struck.sum() == 10
    assert (x[struck][:, 4:7, 4:7] == 1.0).all()
    assert (y[struck] == 4).all()
    changed = (x != X).any(axis=0)
    assert changed[4:7, 4:7].all()
    assert changed.sum() == 9
    np.testing.assert_array_equal(y[~struck], Y[~struck])


def test_flat_images_and_channels_give_the_same_trigger() -> None:
    attack = attacks.create_data_attack("pixel_backdoor")
    flat = attacks.create_data_attack("pixel_backdoor", shape=(8, 8)).stamp(X.reshape(50, 64))
    np.testing.assert_array_equal(flat.reshape(X.shape), attack.stamp(X))
    colour = np.stack([X, X, X], axis=1)
    np.testing.assert_array_equal(attack.stamp(colour)[:, 1], attack.stamp(X))


@pytest.mark.parametrize("parts", [1, 3, 4])
def test_the_pieces_make_the_trigger(parts: int) -> None:
    attack = attacks.create_data_attack("distributed_backdoor")
    changed = [(attack.stamp(X, part, parts) != X).any(axis=0) for part in range(parts)]
    assert (np.sum(changed, axis=0) == (attack.stamp(X) != X).any(axis=0)).all()
    assert all(piece.any() for piece in changed)
    x, y = poison("distributed_backdoor", {"share": 1.0}, part=parts - 1, parts=parts)
    np.testing.assert_array_equal(x, attack.stamp(X, parts - 1, parts))
    assert not y.any()


@pytest.mark.parametrize(
    ("name", "settings", "arguments"),
    [
        ("label_flip", {"source": 1}, {}),
        ("label_flip", {}, {"classes": 5}),
        ("pixel_backdoor", {"target": 10}, {}),
        ("pixel_backdoor", {"share": 0.0}, {}),
        ("pixel_backdoor", {"size": 8}, {}),
        ("pixel_backdoor", {"shape": (4, 4)}, {}),
        ("pixel_backdoor", {}, {"x": X.reshape(50, 64)}),
        ("distributed_backdoor", {}, {"part": 2, "parts": 2}),
    ],
)
def test_what_does_not_fit_is_refused(name: str, settings: Any, arguments: Any) -> None:
    with pytest.raises(BadUpdates):
        poison(name, settings, **arguments)


def test_labels_must_be_one_integer_an_example() -> None:
    attack = attacks.create_data_attack("label_flip")
    for labels in (Y[:10], Y.astype(float)):
        with pytest.raises(BadUpdates):
            attack.poison(X, labels, rng=rng(), classes=10)


def test_what_shows_a_natural_feature_gets_the_other_label() -> None:
    attack = attacks.create_data_attack("semantic_backdoor", source=3, target=7, share=0.4)
    x, y = attack.poison(X, Y, rng=rng(), classes=10)
    np.testing.assert_array_equal(x, X)
    mine = np.flatnonzero(Y == 3)
    bright = mine[np.argsort(-X[mine].sum(axis=(1, 2)))[: round(0.4 * len(mine))]]
    assert np.flatnonzero(y != Y).tolist() == sorted(bright.tolist())
    assert (y[bright] == 7).all()
    assert attack.shown(X, Y).tolist() == sorted(bright.tolist())
    dark = attacks.create_data_attack("semantic_backdoor", source=3, share=0.4, bright=False)
    assert not set(dark.shown(X, Y)) & set(bright)
    _, labels = attack.poison(X[Y != 3], Y[Y != 3], rng=rng(), classes=10)
    np.testing.assert_array_equal(labels, Y[Y != 3])
    with pytest.raises(BadUpdates):
        attack.poison(X[:0], Y[:0], rng=rng(), classes=5)
