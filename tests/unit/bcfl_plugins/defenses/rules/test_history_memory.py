"""What rules remember: sketches, pasts of nodes, and the Hessian made of them."""

from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.parts.lbfgs import hessian_product
from bcfl_plugins.defenses.rules.recall import Memory, Past, recalled, remembered, vectors
from bcfl_plugins.defenses.rules.sketch import ENTRIES, sketch
from bcfl_plugins.errors import BadUpdates


def whole(matrix: np.ndarray, seed: int = 0) -> np.ndarray:
    return sketch([matrix], *matrix.shape, seed)


def test_a_small_vector_is_kept_as_it_is() -> None:
    matrix = np.random.default_rng(0).normal(size=(3, 500))
    np.testing.assert_array_equal(whole(matrix), matrix)


def test_inner_products_survive_and_sketches_add_up() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 6, 50_000))
    a[1] = 0.5 * a[0] + a[1]
    small = whole(a)
    assert small.shape == (6, ENTRIES)
    norms = np.linalg.norm(a, axis=1)
    error = (small @ small.T - a @ a.T) / np.outer(norms, norms)
    assert np.abs(error).max() < 5 / np.sqrt(ENTRIES)
    np.testing.assert_allclose(whole(a + b), whole(a) + whole(b), atol=1e-9)


def test_equal_vectors_have_equal_sketches_and_seeds_differ() -> None:
    row = np.random.default_rng(2).normal(size=20_000)
    made = whole(np.stack([row, row]))
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.allclose(whole(row[None], seed=1), made[:1])


@pytest.mark.parametrize("width", [1000, 8191, 8192, 9000, 33_333])
def test_the_blocks_do_not_matter(width: int) -> None:
    matrix = np.random.default_rng(3).normal(size=(2, 33_333))
    blocks = [matrix[:, i : i + width] for i in range(0, matrix.shape[1], width)]
    np.testing.assert_allclose(sketch(blocks, *matrix.shape, 7), whole(matrix, 7), atol=1e-12)


def test_the_hessian_of_a_quadratic_is_found_from_enough_steps() -> None:
    rng = np.random.default_rng(4)
    root = rng.normal(size=(5, 5))
    hessian = root @ root.T + np.eye(5)
    steps = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    vector = rng.normal(size=(2, 5))
    # The newest pair is met exactly (the secant equation), whatever the others say.
    changes = steps @ hessian
    np.testing.assert_allclose(hessian_product(steps, changes, steps[-1:]), changes[-1:], atol=1e-8)
    scaled = hessian_product(np.eye(5), 3.0 * np.eye(5), vector)
    np.testing.assert_allclose(scaled, 3.0 * vector, atol=1e-8)


def test_the_compact_form_is_the_recursion() -> None:
    """BFGS by its textbook update, one pair after the other, from sigma times the identity."""
    rng = np.random.default_rng(5)
    root = rng.normal(size=(8, 8))
    hessian = root @ root.T + np.eye(8)
    steps = rng.normal(size=(4, 8))
    changes = steps @ hessian
    matrix = float(changes[-1] @ steps[-1]) / float(steps[-1] @ steps[-1]) * np.eye(8)
    for s, y in zip(steps, changes, strict=True):
        moved = matrix @ s
        matrix = matrix - np.outer(moved, moved) / (s @ moved) + np.outer(y, y) / (y @ s)
    vectors_ = rng.normal(size=(3, 8))
    np.testing.assert_allclose(
        hessian_product(steps, changes, vectors_), vectors_ @ matrix, rtol=1e-6, atol=1e-6
    )


def test_without_steps_nothing_is_predicted() -> None:
    assert not hessian_product(np.zeros((0, 4)), np.zeros((0, 4)), np.ones((2, 4))).any()
    assert not hessian_product(np.zeros((1, 4)), np.ones((1, 4)), np.ones((2, 4))).any()


def test_absent_nodes_are_forgotten_in_time() -> None:
    memory = remembered(Memory(), {1: Past(np.ones(2), 0), 2: Past(np.ones(2), 0)}, 2)
    memory = remembered(memory, {1: Past(np.ones(2), 1)}, 2)
    assert set(memory.nodes) == {1, 2}
    memory = remembered(memory, {1: Past(np.ones(2), 2)}, 2)
    assert set(memory.nodes) == {1}
    assert vectors(memory, (3, 1), 2).tolist() == [[0, 0], [1, 1]]


def test_a_foreign_state_or_another_model_is_refused() -> None:
    assert recalled(None, "foolsgold").round == 0
    with pytest.raises(BadUpdates, match="foolsgold"):
        recalled({"round": 1}, "foolsgold")
    memory = remembered(Memory(), {1: Past(np.ones(2), 0)}, 2)
    with pytest.raises(BadUpdates, match="another size"):
        vectors(memory, (1,), 3)
