"""Backdoors of every kind against the default and other rules. Resumes where it was stopped.

``OMP_NUM_THREADS=1 python -m benchmarks.consortia.backdoors --cache build/backdoors --write
docs/measurements/backdoors.md`` takes four minutes on one core; ``--quick`` one.
Each cell is kept on disk as soon as it is done. Remove the cache after a change of a rule.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from benchmarks.cells import results
from benchmarks.consortia.__main__ import DEFAULT
from benchmarks.consortia.bars import tell
from benchmarks.consortia.poisoned import (
    BOOST,
    FIRST_STEPS,
    KINDS,
    STEPS,
    F,
    N,
    Named,
    Oracle,
    Poisoned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.cells import Found

HELD_OUT = range(3000, 3004)
"""For the page alone; no setting is chosen on them."""
TUNING = range(2)
"""Seeds that settings may be chosen on."""
ROUNDS = 40
MOST, POINT = 15.0, 1.0
"""The bar: it works in so many percent at most, within so many points of clean accuracy."""
CLIP = 2.0

RULES: Mapping[str, Mapping[str, object]] = {
    "alignins": {},
    "lasa": {},
    "freqfed": {},
    "deepsight": {},
    "mesas": {},
    "snowball": {"elected": 0.5},
}
FITTED = ("a3fl", "iba")
ALONE = "nobody attacks: "
"""Before the name of a kind whose trigger is fitted to a model that nobody attacked."""
ORACLE = "oracle"
"""FedAvg of the honest sites alone: not in the table, but what the bar can be held against."""
FEDAVG, OURS, CLIPPED = "FedAvg", "default", f"default, `clip` {CLIP:g}"
WHO = (FEDAVG, OURS, CLIPPED, *RULES)


@dataclass(frozen=True, slots=True)
class Cell:
    """One federation under one rule.

    Parameters
    ----------
    who, kind : str
        Of `WHO` or `ORACLE`, and of `KINDS` or "none"; or `ALONE` and one of `FITTED`.
    seed : int
        As in `Case`.
    """

    who: str
    kind: str
    seed: int

    @property
    def key(self) -> str:
        """Names the cell on disk."""
        return json.dumps([self.who, self.kind, self.seed])

    def run(self) -> tuple[float, float]:
        """Return accuracy, and success of the backdoor, in percent."""
        alone = self.kind.removeprefix(ALONE) if self.kind.startswith(ALONE) else None
        one = Poisoned("none" if alone else self.kind, self.seed, ROUNDS)
        judge: Any = None
        if self.who in RULES:
            judge = Named(create_rule(self.who, **RULES[self.who]), one)
        elif self.who == ORACLE:
            judge = Oracle()
        elif self.who != FEDAVG:
            judge = DEFAULT[1](one)
        trace = one.run(judge, CLIP if self.who == CLIPPED else None)
        if alone:
            one.fit(alone, trace.model, FIRST_STEPS + STEPS * (ROUNDS - 1))
        return 100.0 * trace.accuracy, one.success(trace.model)


def cells(seeds: range) -> list[Cell]:
    """Return all cells, whole tables of one seed first, so that a part is worth reading."""
    made = [Cell(who, kind, seed) for seed in seeds for who in WHO for kind in ("none", *KINDS)]
    made += [Cell(ORACLE, "pixel", seed) for seed in seeds]
    return made + [Cell(FEDAVG, f"{ALONE}{kind}", seed) for seed in seeds for kind in FITTED]


def mean(found: Found, who: str, kind: str, seeds: Sequence[int]) -> tuple[float, float]:
    """Return the mean accuracy and success of a cell."""
    made = np.mean([found[Cell(who, kind, seed).key] for seed in seeds], axis=0)
    return float(made[0]), float(made[1])


def meets(accuracy: float, success: float, clean: float) -> bool:
    """Say whether the bar is met, to the tenth that is shown."""
    return round(success, 1) <= MOST and round(accuracy, 1) >= round(clean, 1) - POINT


def table(found: Found, seeds: Sequence[int]) -> str:
    """Return the table: accuracy / success; bold where the bar is met."""
    clean, _ = mean(found, FEDAVG, "none", seeds)
    lines = [f"| backdoor | {' | '.join(WHO)} |", "|" + " -- |" * (len(WHO) + 1)]
    for kind in ("none", *KINDS):
        row = []
        for who in WHO:
            accuracy, success = mean(found, who, kind, seeds)
            shown = f"{accuracy:.1f} / {success:.0f}"
            good = kind != "none" and meets(accuracy, success, clean)
            row.append(f"**{shown}**" if good else shown)
        lines.append(f"| {kind} | {' | '.join(row)} |")
    return "\n".join(lines)


def verdict(found: Found, seeds: Sequence[int]) -> str:
    """Say of each column for which kinds the bar is missed, and by which of its halves."""
    clean, _ = mean(found, FEDAVG, "none", seeds)
    lines = []
    for who in WHO:
        rows = {kind: mean(found, who, kind, seeds) for kind in KINDS}
        missed = [kind for kind, cell in rows.items() if not meets(*cell, clean)]
        works = [kind for kind in missed if round(rows[kind][1], 1) > MOST]
        told = f"met for {len(KINDS) - len(missed)} of {len(KINDS)} kinds"
        if works:
            told += f"; over {MOST:g} % work: {', '.join(works)}"
        if costly := [kind for kind in missed if kind not in works]:
            told += f"; over {POINT:g} point of accuracy lost: {', '.join(costly)}"
        lines.append(f"- {who}: {told}.")
    return "\n".join(lines)


PAGE = """# Backdoors

Made by `python -m benchmarks.consortia.backdoors`: {n} sites with unequal labels (Dirichlet 0.5)
train a network of 64-32-10 on scikit-learn's digits for {rounds} rounds of 10 steps, and {f} of
them plant a backdoor for class 0. Seeds {first} to {last}; no setting was chosen on them. A cell is
the accuracy, and the share of test images that the backdoor turns into the target's, in percent. In
the row `none` the share is what a model without a backdoor gives for a pixel trigger. The
network and the test set are tiny: gaps under a point of accuracy and ten of success are noise.

The kinds: `pixel`, four white pixels; `distributed`, nine, of which each attacker has a part;
`edge_case`, the rarest fifth of class 1; `semantic`, its brightest fifth; `neurotoxin` and
`projected` send the update of `pixel` with that name's bounds; `on_off` plants in three rounds of
ten, and sends {boost:g} times as much; `adapted` sends as many times the update as the default
would keep in a first round; `a3fl` and `iba` fit their triggers to the model of each round. The
attackers of each kind train on half poisoned images; for `edge_case` and `semantic` they collect
those of all sites.

`clip` is `bcfl.outliers.clip`. `snowball` elects half, since a tenth are two sites.

{table}

## The bar

At most {most:g} % success within {point:g} point of the clean accuracy of FedAvg ({clean:.1f}). Who
knew the attackers, and averaged the other sites alone, would reach {oracle:.1f}: a fifth of the
sites is then not heard.

{verdict}

`a3fl` and `iba` search their triggers on the model, and need not have planted anything: fitted to
models that nobody attacked, with as many steps as in a run, they work in {alone} %. No rule that
looks at updates can stop that part.
"""


def page(found: Found, seeds: Sequence[int]) -> str:
    """Return the page."""
    return PAGE.format(
        n=N,
        f=F,
        rounds=ROUNDS,
        first=seeds[0],
        last=seeds[-1],
        boost=BOOST,
        most=MOST,
        point=POINT,
        clean=mean(found, FEDAVG, "none", seeds)[0],
        table=table(found, seeds),
        oracle=mean(found, ORACLE, "pixel", seeds)[0],
        alone=" and ".join(
            f"{mean(found, FEDAVG, f'{ALONE}{kind}', seeds)[1]:.0f}" for kind in FITTED
        ),
        verdict=verdict(found, seeds),
    )


def main(arguments: list[str]) -> int:
    """Print, or write, the page."""

    def made(seeds: range, cache: Path | None) -> str:
        return page(results(cells(seeds), cache), seeds)

    return tell(arguments, __doc__, (TUNING, HELD_OUT), made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
