"""Attacks that stay within what honest updates reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def craft(name: str, honest: Any, count: int = 4, **settings: Any) -> Any:
    return attacks.create_attack(name, **settings).craft(honest, count, rng=rng())


@pytest.mark.parametrize("direction", ["std", "sign", "unit"])
def test_min_max_goes_exactly_to_its_bound(honest: Any, direction: str) -> None:
    far = max(np.linalg.norm(a - b) for a in honest for b in honest)
    sent = craft("min_max", honest, direction=direction)
    assert max(np.linalg.norm(sent[0] - row) for row in honest) == pytest.approx(far)
    assert (sent == sent[0]).all()


@pytest.mark.parametrize("direction", ["std", "sign", "unit"])
def test_min_sum_goes_exactly_to_its_bound(honest: Any, direction: str) -> None:
    sums = [sum(np.sum((a - b) ** 2) for b in honest) for a in honest]
    sent = craft("min_sum", honest, direction=direction)
    assert sum(np.sum((sent[0] - row) ** 2) for row in honest) == pytest.approx(max(sums))


def cosine(a: Any, b: Any) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_noisy_min_max_keeps_both_bounds_with_different_sybils(honest: Any) -> None:
    sent = craft("noisy_min_max", honest)
    far = max(np.linalg.norm(a - b) for a in honest for b in honest)
    low = min(cosine(a, b) for a in honest for b in honest)
    assert max(np.linalg.norm(a - b) for a in sent for b in honest) <= far * (1 + 1e-9)
    assert min(cosine(a, b) for a in sent for b in honest) >= low - 1e-9
    spread = np.sqrt(np.square(honest - honest.mean(0)).sum(1).mean())
    gap = np.linalg.norm(sent[0] - sent[1])
    assert gap > 0.3 * spread
    moved = sent.mean(axis=0) - honest.mean(axis=0)
    assert moved @ -honest.std(axis=0) > 0.0
