"""Our rules give what their authors' code gives on small rounds.

The vectors were made by running, in float64 and on a CPU, what the authors publish: LASA
(JiiahaoXU/LASA, algorithms/defense/lasa.py, at 7499ead), AlignIns (``agg_alignins`` of
src/aggregation.py) and Snowball (``snowball_minus``, with four farthest updates). Their code is not
in this project.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.inspection import Snowball
from bcfl_plugins.defenses.rules.aligned import AlignIns
from bcfl_plugins.defenses.rules.layers import LASA

VECTORS = json.loads((Path(__file__).parent / "authors.json").read_text())
ROUNDS = VECTORS["rounds"]


def arrays(flat: Any) -> dict[str, np.ndarray]:
    found, start, values = {}, 0, np.array(flat)
    for name, shape in VECTORS["shapes"].items():
        size = int(np.prod(shape))
        found[name] = values[start : start + size].reshape(shape)
        start += size
    assert start == len(values)
    return found


def flattened(value: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in value.values()])


@pytest.mark.parametrize("one", ROUNDS, ids=lambda one: one["seed"])
def test_lasa(one: dict[str, Any]) -> None:
    found = LASA().aggregate([arrays(row) for row in one["updates"]])
    np.testing.assert_allclose(flattened(found.value), one["lasa"], atol=1e-12)


@pytest.mark.parametrize("one", ROUNDS, ids=lambda one: one["seed"])
def test_alignins(one: dict[str, Any]) -> None:
    model = np.array(one["model"])
    found = AlignIns().aggregate(np.array(one["updates"]) + model, Extras(reference=model))
    assert np.flatnonzero(found.decision.kept).tolist() == one["alignins_kept"]
    np.testing.assert_allclose(found.value - model, one["alignins"], atol=1e-12)


@pytest.mark.parametrize("one", ROUNDS, ids=lambda one: one["seed"])
def test_snowball(one: dict[str, Any]) -> None:
    votes = np.array(one["snowball_votes"])
    found = Snowball(far=4).aggregate([arrays(row) for row in one["updates"]])
    np.testing.assert_allclose(found.decision.scores, votes.max() - votes, atol=1e-9)
    assert np.flatnonzero(found.decision.kept).tolist() == sorted(one["snowball_first"])
