"""Attackers in a row, each near the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins import attacks


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def craft(name: str, honest: Any, count: int = 4, **settings: Any) -> Any:
    return attacks.create_attack(name, **settings).craft(honest, count, rng=rng())


def cosine(a: Any, b: Any) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def longest_link(rows: Any) -> float:
    gaps = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min(axis=1).max())


def test_the_euclidean_chain_has_links_as_long_as_the_honest_ones(honest: Any) -> None:
    sent = craft("chain", honest, metric="euclidean")
    push = -honest.mean(axis=0)
    edge = honest[(honest @ push).argmax()]
    steps = np.linalg.norm(np.diff(np.vstack([edge, sent]), axis=0), axis=1)
    np.testing.assert_allclose(steps, longest_link(honest))
    assert (np.diff(np.vstack([edge, sent]) @ push) > 0).all()


def test_the_cosine_chain_turns_away_in_links_as_long_as_the_honest_ones() -> None:
    rows = rng(8).normal(1.0, 0.3, (16, 40))
    sent = craft("chain", rows)
    rays = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    centre = rows.mean(axis=0)
    edge = rays[(rays @ centre).argmin()]
    mine = sent / np.linalg.norm(sent, axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(np.vstack([edge, mine]), axis=0), axis=1)
    np.testing.assert_allclose(steps, longest_link(rays), rtol=1e-9)
    assert (np.diff(np.vstack([edge, mine]) @ centre) < 0).all()
    np.testing.assert_allclose(
        np.linalg.norm(sent, axis=1), np.median(np.linalg.norm(rows, axis=1))
    )


def test_the_cosine_chain_stops_opposite_to_the_mean() -> None:
    rows = rng(8).normal(1.0, 0.3, (16, 40))
    sent = craft("chain", rows, 200)
    assert cosine(sent[-1], rows.mean(axis=0)) == pytest.approx(-1.0)
