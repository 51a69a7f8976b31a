"""What the default does to a small consortium: unequal sites, and some against the others.

``OMP_NUM_THREADS=1 python -m benchmarks.consortia --write docs/measurements/consortia.md`` takes
four minutes on one core; ``--quick`` two.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.evidence import EvidenceSettings
from bcfl_plugins.rounds.judges import EvidenceJudge, RuleJudge
from benchmarks.consortia.simulation import SPLITS, Case, Federation, Trace, attackers
from benchmarks.crafted import ATTACKS
from benchmarks.pages import write_page

SITES = (4, 5, 7, 10)
FIRST_SEED = 1000
"""No setting was chosen on these seeds; they were on 0 and 1."""
SEEDS = 2
MANY = 13
"""Times as many seeds for the row that says how often an honest site is struck: 104 runs."""
MEMBERS = 256
IN_A_ROW = 3
"""Rejections in a row that are an offence under the default terms, with ``evidence = "streak"``."""

Maker = Callable[[Federation], EvidenceJudge | RuleJudge | None]


def plugin(method: str, *, measured: bool = False, **settings: object) -> Maker:
    """Return what makes the judge that the plugin `outliers` has by default."""

    def make(federation: Federation) -> EvidenceJudge | RuleJudge:
        rule = RuleJudge(create_rule(method, **settings), "examples")
        measure = federation.measure if measured else None
        return EvidenceJudge(rule, EvidenceSettings(MEMBERS), measure, by_claims=True)

    return make


FEDAVG: tuple[str, Maker] = ("FedAvg", lambda federation: None)  # noqa: ARG005 - a maker of none
DEFAULT = ("default", plugin("cluster_guard"))
MEASURED = ("default, with validation", plugin("cluster_guard", measured=True))
CLUSTER = ("`cluster`", plugin("cluster"))


@dataclass(frozen=True, slots=True)
class Row:
    """Percent over all runs; the last two are numbers of runs.

    Parameters
    ----------
    accuracy, own : float
        On everybody's data, and on what only the first site can teach.
    honest, attackers : float
        Rejected updates.
    struck, streaks : int
        Runs in which an honest site got a strike, and in which it was rejected three times running,
        which is an offence with ``evidence = "streak"``.
    runs : int
        How many there were.
    """

    accuracy: float
    own: float
    honest: float
    attackers: float
    struck: int
    streaks: int
    runs: int


def row(split: str, attack: str, maker: Maker, seeds: range, *, lie: bool = False) -> Row:
    """Run a case for all numbers of sites and all seeds."""
    cases = [Case(split, n, seed, attack, lie=lie) for n in SITES for seed in seeds]
    federations = [Federation(case) for case in cases]
    traces = [one.run(maker(one)) for one in federations]
    good = [case.n - attackers(case) for case in cases]
    pairs = list(zip(traces, good, strict=True))
    bad = [trace.rejected[:, n:].mean() for trace, n in pairs if n < trace.rejected.shape[1]]
    return Row(
        accuracy=_percent([trace.accuracy for trace in traces]),
        own=_percent([trace.own for trace in traces]),
        honest=_percent([trace.rejected[:, :n].mean() for trace, n in pairs]),
        attackers=_percent(bad) if bad else float("nan"),
        struck=sum(bool(trace.struck[:, :n].any()) for trace, n in pairs),
        streaks=sum(_streak(trace, n) for trace, n in pairs),
        runs=len(traces),
    )


def _percent(values: list[float]) -> float:
    return 100.0 * float(np.mean(values))


def _streak(trace: Trace, honest: int) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(trace.rejected[:, :honest], IN_A_ROW, axis=0)
    return bool(windows.all(axis=2).any())


HEAD = (
    "accuracy | on the first site's own | honest rejected | attackers rejected | "
    "runs with a strike on an honest site | with an offence under `streak`"
)


def _line(names: list[str], found: Row) -> str:
    bad = "-" if np.isnan(found.attackers) else f"{found.attackers:.1f}"
    return (
        f"| {' | '.join(names)} | {found.accuracy:.1f} | {found.own:.1f} | {found.honest:.1f} "
        f"| {bad} | {found.struck} of {found.runs} | {found.streaks} of {found.runs} |"
    )


def unequal(seeds: int) -> str:
    """Return the table of what happens when nobody attacks."""
    lines = [f"| split | who averages | {HEAD} |", "|" + " -- |" * 8]
    for split in SPLITS:
        for name, maker in (FEDAVG, DEFAULT, MEASURED, CLUSTER):
            count = seeds * (MANY if split == "lone" and name == DEFAULT[0] else 1)
            found = row(split, "none", maker, range(FIRST_SEED, FIRST_SEED + count))
            lines.append(_line([split, name], found))
    return "\n".join(lines)


def attacked(seeds: int) -> str:
    """Return the table of what attackers do to sites with unequal labels."""
    lines = [f"| attack | who averages | {HEAD} |", "|" + " -- |" * 8]
    for attack in ATTACKS[1:]:
        for name, maker in (FEDAVG, DEFAULT, MEASURED, CLUSTER):
            found = row("dirichlet", attack, maker, range(FIRST_SEED, FIRST_SEED + seeds))
            lines.append(_line([attack, name], found))
    for attack in ("label_flip", "sign_flip"):
        for name, maker in (FEDAVG, DEFAULT):
            found = row("dirichlet", attack, maker, range(FIRST_SEED, FIRST_SEED + seeds), lie=True)
            lines.append(_line([f"{attack}, claims a million times its examples", name], found))
    return "\n".join(lines)


def frontier(seeds: int) -> str:
    """Return the table of hearing the only holder of a class, and hearing an attacker."""
    lines = [
        "| `room` | `tolerance` | lone holder: its classes | under sign flip | under scaling |",
        "|" + " -- |" * 5,
    ]
    span = range(FIRST_SEED, FIRST_SEED + seeds)
    for room, tolerance in ((1.0, 3.5), (1.0, 1e6), (2.0, 1e6), (4.0, 3.5), (4.0, 1e6)):
        maker = plugin("cluster_guard", room=room, tolerance=tolerance)
        own = row("lone", "none", maker, span).own
        flip, scaled = (row("dirichlet", a, maker, span).accuracy for a in ("sign_flip", "scaled"))
        lines.append(f"| {room:g} | {tolerance:g} | {own:.1f} | {flip:.1f} | {scaled:.1f} |")
    return "\n".join(lines)


PAGE = """# Small consortia

Made by `python -m benchmarks.consortia`: 4, 5, 7 and 10 sites train a network of 64-32-10 on
scikit-learn's digits for 40 rounds of 10 steps. Seeds begin at {first}, {seeds} for each number of
sites; settings were chosen on others. The default on `lone` has {many}, to count strikes. All
numbers but the last two columns are percent, means over all runs. Gaps under a point are noise.

The splits: `iid`; `dirichlet` 0.5; `sizes`, in a geometric row from 1 to 100, with as many steps as
batches; `lone`: the first site alone holds two of the ten classes, and nothing else; `scanner`:
from round 12 on the images of the first site are turned and brighter. *On the first site's own* is
the accuracy on what only it can teach.

## Nobody attacks

{unequal}

With validation data that hold the two classes the lone holder is heard, because its updates make
the model better. Without any, nothing tells it from an attacker: its updates are rejected, and it
loses the round's reward. It never gets a strike. With `evidence = "streak"` it does.

## A third of the sites attacks

Labels are unequal (`dirichlet`). FedAvg weighs by the claimed numbers of examples.

{attacked}

## The frontier without validation data

What `room` and `tolerance` of `cluster_guard` do: to hear whoever is long and points elsewhere is
to hear attackers that are. The first line is the default.

{frontier}
"""


def main(arguments: list[str]) -> int:
    """Print, or write, the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed; the numbers mean little")
    parser.add_argument("--write", type=Path, help="write the page here")
    options = parser.parse_args(arguments)
    seeds = 1 if options.quick else SEEDS
    text = PAGE.format(
        first=FIRST_SEED,
        seeds=seeds,
        many=MANY * seeds,
        unequal=unequal(seeds),
        attacked=attacked(seeds),
        frontier=frontier(seeds),
    )
    if options.write:
        write_page(options.write, text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
