"""No rule stacks its updates: what it needs beside them is a small part of them."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Defense, Extras
from bcfl_plugins.defenses.rules.coordinate import Mean
from tests.unit.bcfl_plugins.defenses.every_rule.robust_rules import ROBUST, label

N, D = 20, 200_000


RULES = {"median", "meamed", "multikrum", "bulyan", "geometric_median", "nnm+trimmed_mean", "caf"}
MORE = [pytest.param(r, id=label(r), marks=pytest.mark.slow) for r in ROBUST if r.name in RULES]


@pytest.mark.parametrize("rule", [pytest.param(Mean(), id="mean"), *MORE])
@pytest.mark.parametrize("form", ["models", "half"])
def test_extra_memory_is_at_most_a_quarter_of_the_updates(rule: Defense, form: str) -> None:
    kind = np.float16 if form == "half" else np.float32
    d = D * 4 // np.dtype(kind).itemsize
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, d), dtype=np.float32).astype(kind)
    rows = [{"a": row[:1000], "b": row[1000:].reshape(-1, 100)} for row in x]
    model = {"a": x[0][:1000], "b": x[0][1000:].reshape(-1, 100)}
    extras = Extras(reference=model) if form == "models" else Extras()
    rule.aggregate([{"a": row[:10]} for row in x])
    tracemalloc.start()
    rule.aggregate(rows, extras)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= x.nbytes / 4
