"""The Hessian that is made of remembered steps."""

from __future__ import annotations

import numpy as np

from bcfl_plugins.defenses.parts.lbfgs import hessian_product


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
