"""What every rule decides, as text that another process can print."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np

from tests.unit.bcfl_plugins.defenses.every_rule.rule_names import (
    EVERY,
    extras_of,
    rows_of,
    rule_of,
)


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
