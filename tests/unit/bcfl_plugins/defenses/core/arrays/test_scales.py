"""A large array hides nothing, and what no array hides is measured as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import NO_EXTRAS, Aggregate, Extras
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.arrays.scales import APART, even

N, BAD = 9, [2, 7]


def model(seed: int, embedding: float, head: float, stray: float = 1.0) -> list[dict[str, Any]]:
    """Return updates of which some have `stray` times the head that they should have."""
    rng = np.random.default_rng(seed)
    way = np.random.default_rng(77).standard_normal((3, 400))
    rows = []
    for node in range(N):
        table, body, last = way + 0.5 * rng.standard_normal((3, 400))
        factor = stray if node in BAD else 1.0
        rows.append(
            {"table": embedding * table, "body": factor * body, "head": factor * last * head}
        )
    return rows


def after(embedding: float, stray: float, rounds: int = 5) -> Aggregate:
    state = None
    for number in range(rounds):
        rows = model(number, embedding, 1.0, stray)
        made = ClusterGuard().aggregate(rows, Extras(ids=range(N), state=state))
        state = made.state
    return made


@pytest.mark.parametrize("embedding", [1.0, 400.0, 1e5])
def test_a_reversed_body_is_found_beside_any_embedding(embedding: float) -> None:
    made = after(embedding, -4.0)
    assert np.flatnonzero(~made.decision.kept).tolist() == BAD


def test_the_result_is_in_the_size_of_the_updates() -> None:
    made = after(400.0, 1.0)
    assert made.decision.kept.all()
    mean = np.mean([row["table"] for row in model(4, 400.0, 1.0)], axis=0)
    assert np.linalg.norm(made.value["table"] - mean) < 0.3 * np.linalg.norm(mean)


def scales(rows: list[dict[str, Any]]) -> list[float]:
    return [layer.scale for layer in even(parse(rows, NO_EXTRAS)).layers]


def test_arrays_of_usual_sizes_are_measured_as_they_are() -> None:
    assert scales(model(0, 0.9 * APART, 0.05)) == [1.0, 1.0, 1.0]


def test_a_minority_cannot_make_an_array_large() -> None:
    rows = model(0, 1.0, 1.0)
    for node in range(4):
        rows[node]["body"] = rows[node]["body"] * 1e6
    assert scales(rows) == [1.0, 1.0, 1.0]
    rows[0]["head"] = np.full(400, np.nan)
    assert scales(rows)[:2] == [1.0, 1.0]


def test_what_is_frozen_says_nothing_of_what_is_usual() -> None:
    assert scales(model(0, 300.0, 0.0))[0] == pytest.approx(1 / 300, rel=0.2)
    assert scales(model(0, 0.0, 0.0)) == [1.0, 1.0, 1.0]
