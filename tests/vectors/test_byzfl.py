"""Our rules give what ByzFL 0.0.11 gives, where its rules are deterministic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.defenses.rules.clipping import ARC, CenteredClipping, NormClipping
from bcfl_plugins.defenses.rules.coordinate import Meamed, Mean, Median, TrimmedMean
from bcfl_plugins.defenses.rules.geometric import GeometricMedian
from bcfl_plugins.defenses.rules.krum import Krum, MultiKrum
from bcfl_plugins.defenses.rules.pre import NNM
from bcfl_plugins.defenses.rules.subsets import MDA

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Defense

VECTORS = json.loads((Path(__file__).parent / "byzfl.json").read_text())
F, RADIUS = VECTORS["f"], VECTORS["radius"]

# ByzFL's Krum(f) counts n - f - 1 neighbours and its MultiKrum(f) keeps n - f: the vectors were
# made with f + 1, which is our f with one update less to keep.
RULES: dict[str, Defense] = {
    "mean": Mean(),
    "median": Median(),
    "trimmed_mean": TrimmedMean(f=F),
    "meamed": Meamed(f=F),
    "krum": Krum(f=F),
    "multikrum": MultiKrum(f=F, keep=len(VECTORS["rounds"][0]["updates"]) - F - 1),
    "geometric_median": GeometricMedian(),
    "centered_clipping_1": CenteredClipping(radius=RADIUS, iterations=1),
    "centered_clipping_3": CenteredClipping(radius=RADIUS, iterations=3),
    "mda": MDA(f=F),
    "nnm": NNM(f=F),
    "nnm+trimmed_mean": NNM(f=F) + TrimmedMean(),
    "nnm+median": NNM(f=F) + Median(),
    "arc": ARC(f=F),
    "norm_clipping": NormClipping(radius=RADIUS),
    "arc+trimmed_mean": ARC(f=F) + TrimmedMean(),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_agrees_to_a_millionth(name: str, dtype: type) -> None:
    for one in VECTORS["rounds"]:
        updates = np.array(one["updates"], dtype=dtype)
        expected = np.array(one["expected"][name])
        result = RULES[name](updates)
        assert result.dtype == dtype
        error = np.linalg.norm(result - expected) / np.linalg.norm(expected)
        assert error < 1e-6, f"seed {one['seed']}"
