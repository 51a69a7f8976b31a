"""Every rule that a config can name, on the same few updates."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
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


def digests() -> dict[str, str]:
    """Return what every rule decides in three rounds, and makes of them, to the last bit."""
    found = {}
    for name in EVERY:
        rule, state, parts = rule_of(name), None, hashlib.sha256()
        for seed in range(3):
            rows = rows_of(d=30_000, seed=seed)
            made = rule.aggregate(rows, extras_of(rows, rows[:7].mean(0), state))
            state, told = made.state, made.decision
            for part in (made.value, told.kept, told.weights, told.scores):
                parts.update(np.asarray(part).tobytes())
            parts.update(repr(told.reasons).encode())
        found[name] = parts.hexdigest()
    return found


def printed(code: str, blas_threads: int) -> str:
    """Run code in a process of its own whose BLAS library has so many threads."""
    number = str(blas_threads)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OPENBLAS_NUM_THREADS": number, "OMP_NUM_THREADS": number},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
