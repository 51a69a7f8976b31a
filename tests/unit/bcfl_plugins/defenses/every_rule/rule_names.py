"""Every rule that a config can name, on the same few updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule, rule_names

N, F = 11, 2
EVERY = (*rule_names(), "nnm+cwtm")


def rule_of(name: str) -> Any:
    return create_rule(name, f=min(F, create_rule(name).max_byzantine(N)))


def rows_of(
    dtype: Any = np.float32, d: int = 60, n: int = N, scale: float = 1.0, seed: int = 4
) -> Any:
    rng = np.random.default_rng(seed)
    return (scale * (0.5 + rng.standard_normal((n, d), dtype=np.float32))).astype(dtype)


def extras_of(rows: Any, trusted: Any, state: object = None) -> Extras:
    return Extras(ids=range(len(rows)), trusted=trusted, state=state)


def judged(name: str, rows: Any) -> Any:
    return rule_of(name).aggregate(rows, extras_of(rows, rows[:7].mean(0)))
