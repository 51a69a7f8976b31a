"""Print what ByzFL makes of a few small rounds, for ``tests/vectors/byzfl.json``.

    python -m scripts.kit.byzfl_vectors > tests/vectors/byzfl.json

Run it with an interpreter that has byzfl 0.0.11 and torch, which nothing else here needs. Only
ByzFL's rules are imported: its other parts want packages that clash with ours. Settings differ
where the definitions do: ByzFL's Krum(f) counts n - f - 1 neighbours, so its f is one more.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

N, D, F = 11, 8, 2
SEEDS = (0, 1, 2, 3)
RADIUS = 2.0


def load() -> tuple[ModuleType, ModuleType]:
    """Import ByzFL's aggregators and pre-aggregators and nothing else of it."""
    spec = importlib.util.find_spec("byzfl")
    if spec is None or spec.origin is None:
        raise SystemExit("install byzfl==0.0.11 in an environment of its own and run with that")
    package = ModuleType("byzfl")
    package.__path__ = [str(Path(spec.origin).parent)]
    sys.modules["byzfl"] = package
    return (
        importlib.import_module("byzfl.aggregators.aggregators"),
        importlib.import_module("byzfl.aggregators.preaggregators"),
    )


def updates(seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return N updates, the last F of them far off, with few digits."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(0.5, 1.0, (N, D))
    rows[-F:] = rng.normal(-3.0, 2.0, (F, D))
    return np.round(rows, 3)


def cases(rules: ModuleType, pre: ModuleType) -> dict[str, Callable[[Any], Any]]:
    """Name the calls; each gets a copy, since some write into what they are given."""
    nnm = pre.NNM(F)
    return {
        "mean": rules.Average(),
        "median": rules.Median(),
        "trimmed_mean": rules.TrMean(F),
        "meamed": rules.Meamed(F),
        "krum": rules.Krum(F + 1),
        "multikrum": rules.MultiKrum(F + 1),
        "geometric_median": rules.GeometricMedian(nu=1e-12, T=20_000),
        "centered_clipping_1": rules.CenteredClipping(L=1, tau=RADIUS),
        "centered_clipping_3": rules.CenteredClipping(L=3, tau=RADIUS),
        "mda": rules.MDA(F),
        "monna": rules.MoNNA(F),
        "nnm": lambda x: nnm(x).mean(axis=0),
        "nnm+trimmed_mean": lambda x: rules.TrMean(F)(nnm(x)),
        "nnm+median": lambda x: rules.Median()(nnm(x)),
        "arc": lambda x: pre.ARC(F)(x).mean(axis=0),
        "norm_clipping": lambda x: pre.Clipping(c=RADIUS)(x).mean(axis=0),
        "arc+trimmed_mean": lambda x: rules.TrMean(F)(pre.ARC(F)(x)),
    }


def main() -> None:
    """Print the vectors."""
    rules, pre = load()
    rounds = []
    for seed in SEEDS:
        rows = updates(seed)
        expected = {name: call(rows.copy()).tolist() for name, call in cases(rules, pre).items()}
        rounds.append({"seed": seed, "updates": rows.tolist(), "expected": expected})
    json.dump({"f": F, "radius": RADIUS, "rounds": rounds}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
