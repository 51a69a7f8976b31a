"""What no rule that inspects may be led to: values that are no numbers, or a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule

RULES = ("deepsight", "mesas", "snowball", "alignins", "lasa")
SHAPES = {"in": (5, 4), "in.b": (4,), "out": (4, 3), "out.b": (3,)}


def drawn(seed: int, n: int, dtype: Any) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [
        {name: rng.normal(0.3, 1.0, shape).astype(dtype) for name, shape in SHAPES.items()}
        for _ in range(n)
    ]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 1e152), (np.float32, 1e37)])
@pytest.mark.parametrize("many", [1, 11])
def test_huge_updates_leave_numbers(name: str, dtype: Any, size: float, many: int) -> None:
    rows = drawn(0, 11, dtype)
    for row in rows[:many]:
        for array in row.values():
            np.multiply(array, dtype(size), out=array)
    model = drawn(1, 1, dtype)[0]
    found = create_rule(name).aggregate(rows, Extras(reference=model, ids=range(11)))
    assert np.isfinite(found.decision.scores).all()
    assert found.decision.kept.any() or "suspicious" in found.decision.note
    for array in found.value.values():
        assert np.isfinite(array).all()
    if many == 1 and name in {"deepsight", "mesas"}:
        assert not found.decision.kept[0]


@pytest.mark.parametrize("name", RULES)
def test_an_array_that_nobody_moves_and_one_without_entries(name: str) -> None:
    rows = drawn(2, 9, np.float32)
    for row in rows:
        row["out"][:] = 0.0
        row["out.b"][:] = 0.0
        row["none"] = np.zeros((0, 3), np.float32)
    found = create_rule(name).aggregate(rows)
    assert np.isfinite(found.decision.scores).all()
    assert not found.value["out"].any()
    assert found.value["none"].shape == (0, 3)


@pytest.mark.parametrize("name", RULES)
def test_a_colluding_minority_of_copies_leaves_numbers(name: str) -> None:
    rows = drawn(3, 12, np.float64)
    rows[7:] = [rows[7]] * 5
    found = create_rule(name).aggregate(rows, Extras(ids=range(12)))
    assert np.isfinite(found.decision.scores).all()
    assert all(np.isfinite(array).all() for array in found.value.values())
