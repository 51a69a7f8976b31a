"""Attackers that copy a node, or each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.errors import BadUpdates


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def craft(name: str, honest: Any, count: int = 4, **settings: Any) -> Any:
    return attacks.create_attack(name, **settings).craft(honest, count, rng=rng())


def test_mimic_copies_the_most_extreme_honest_node() -> None:
    rows = rng(5).normal(size=(9, 6))
    rows[4, 2] += 30.0
    np.testing.assert_array_equal(craft("mimic", rows)[1], rows[4])
    np.testing.assert_array_equal(craft("mimic", rows, target=7)[0], rows[7])
    with pytest.raises(BadUpdates):
        craft("mimic", rows, target=9)


@pytest.mark.parametrize("count", [1, 4, 5])
def test_sybils_are_copies_or_differ_by_noise_that_cancels(honest: Any, count: int) -> None:
    copies = craft("sybil", honest, count, base="min_max")
    np.testing.assert_array_equal(copies, np.tile(copies[0], (count, 1)))
    noisy = craft("sybil", honest, count, base="min_max", noise=0.5)
    assert len(np.unique(noisy, axis=0)) == count
    even = count // 2 * 2
    if even:
        np.testing.assert_allclose(noisy[:even].mean(axis=0), copies[0])
    spread = np.sqrt(np.square(honest - honest.mean(0)).sum(1).mean())
    np.testing.assert_allclose(np.linalg.norm(noisy - copies, axis=1), 0.5 * spread)
