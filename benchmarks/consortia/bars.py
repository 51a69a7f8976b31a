"""Eight attacks on four to ten sites: the default beside other rules. Resumes where it was stopped.

``OMP_NUM_THREADS=1 python -m benchmarks.consortia.bars --cache build/bars --write
docs/measurements/small-attacks.md`` takes six minutes on one core; ``--quick`` a minute and a half.
Each cell is kept on disk as soon as it is done. Remove the cache after a change of a rule.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from benchmarks.cells import Found, results
from benchmarks.consortia.__main__ import CLUSTER, DEFAULT, FEDAVG, SITES
from benchmarks.consortia.simulation import (
    UNEQUAL,
    Case,
    Federation,
    attackers,
)
from benchmarks.crafted import ATTACKS, BACKDOOR
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bcfl_plugins.defenses.base import Defense
    from bcfl_plugins.rounds.judges import Judge

    Maker = Callable[[Federation], Judge | Defense | None]

HELD_OUT = range(2000, 2002)
"""For the page alone; no setting is chosen on them."""
TUNING = range(2)
"""Seeds that settings may be chosen on."""
BAR_SPLITS = ("iid", "dirichlet", UNEQUAL, "scanner")
BAR_ATTACKS = (*ATTACKS[1:], BACKDOOR)
THREE = (3,)
"""The fewest that have a majority."""
POINT = 1.0
"""Percentage points that the default may lie below the best."""


def told(method: str) -> Maker:
    """Return what makes a rule that is told how many sites attack."""
    return lambda federation: create_rule(method, f=max(1, attackers(federation.case)))


WHO: Mapping[str, Maker] = {
    **dict((FEDAVG, DEFAULT, CLUSTER)),
    **{f"`{name}`": told(name) for name in ("median", "trimmed_mean", "geometric_median")},
    "`coordinate_clip+cluster_guard`": lambda _: create_rule("coordinate_clip+cluster_guard"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One federation under one rule.

    Parameters
    ----------
    who, attack, split : str
        Of `WHO`, `BAR_ATTACKS` or "none", and `BAR_SPLITS`.
    n, seed : int
        As in `Case`.
    """

    who: str
    attack: str
    split: str
    n: int
    seed: int

    @property
    def key(self) -> str:
        """Names the cell on disk."""
        return json.dumps([self.who, self.attack, self.split, self.n, self.seed])

    def run(self) -> tuple[float, float]:
        """Return the accuracy, and the success of the backdoor, in percent."""
        federation = Federation(Case(self.split, self.n, self.seed, self.attack))
        trace = federation.run(WHO[self.who](federation))
        return 100.0 * trace.accuracy, 100.0 * trace.backdoor


def cells(
    attacks: Sequence[str],
    splits: Sequence[str],
    seeds: range,
    who: Sequence[str],
    sites: Sequence[int] = SITES,
) -> list[Cell]:
    """Return all cells of a table."""
    return [
        Cell(name, attack, split, n, seed)
        for attack in attacks
        for split in splits
        for n in sites
        for seed in seeds
        for name in who
    ]


def mean(found: Found, some: Iterable[Cell], place: int = 0) -> float:
    """Return the mean of what cells gave."""
    return float(np.mean([found[cell.key][place] for cell in some]))


def by_attack(found: Found, seeds: range, sites: Sequence[int] = SITES) -> str:
    """Return the table over all splits, and what the bar says of each row."""
    lines = [
        f"| attack | {' | '.join(WHO)} | default under the best | above FedAvg |",
        "|" + " -- |" * (len(WHO) + 3),
    ]
    for attack in ("none", *BAR_ATTACKS):
        row = {who: mean(found, cells([attack], BAR_SPLITS, seeds, [who], sites)) for who in WHO}
        lines.append(_line(attack, row))
    return "\n".join(lines)


def by_split(found: Found, seeds: range) -> str:
    """Return the same table split by split."""
    lines = [
        f"| split | attack | {' | '.join(WHO)} | default under the best | above FedAvg |",
        "|" + " -- |" * (len(WHO) + 4),
    ]
    for split in BAR_SPLITS:
        for attack in ("none", *BAR_ATTACKS):
            row = {who: mean(found, cells([attack], [split], seeds, [who])) for who in WHO}
            lines.append(_line(f"{split} | {attack}", row))
    return "\n".join(lines)


def _line(head: str, row: Mapping[str, float]) -> str:
    default, average, best = row["default"], row["FedAvg"], max(row.values())
    shown = " | ".join(f"{value:.1f}" for value in row.values())
    return f"| {head} | {shown} | {best - default:.1f} | {default - average:+.1f} |"


def backdoors(found: Found, seeds: range) -> str:
    """Return how often the trigger works."""
    lines = [f"| split | {' | '.join(WHO)} |", "|" + " -- |" * (len(WHO) + 1)]
    for split in BAR_SPLITS:
        row = [mean(found, cells([BACKDOOR], [split], seeds, [who]), place=1) for who in WHO]
        lines.append(f"| {split} | {' | '.join(f'{value:.1f}' for value in row)} |")
    return "\n".join(lines)


def verdict(found: Found, seeds: range) -> str:
    """Say which rows meet the bar."""
    near, above = [], []
    for attack in BAR_ATTACKS:
        row = {who: mean(found, cells([attack], BAR_SPLITS, seeds, [who])) for who in WHO}
        near += [attack] if max(row.values()) - row["default"] <= POINT else []
        above += [attack] if row["default"] > row["FedAvg"] else []
    count = len(BAR_ATTACKS)
    return (
        f"The default is within {POINT:g} point of the best column in {len(near)} of {count} rows "
        f"({_listed(near)}), and better than FedAvg in {len(above)} ({_listed(above)})."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


PAGE = """# Attacks on small consortia

Made by `python -m benchmarks.consortia.bars`: 4, 5, 7 and 10 sites train as on
[small consortia](consortia.md), and a third of them attacks, one at least. Each number is the mean
accuracy in percent over these sizes, over the splits, and over seeds {first} to {last}. No setting
was chosen on these seeds. Gaps under a point are noise.

The splits: `iid`; `dirichlet` 0.5; `unequal`, in a geometric row from 1 to 100 in any order, with
as many steps as batches; `scanner`: from round 12 on the images of the first site are turned and
brighter. `scaled` is reversed and ten times as long; `backdoor` labels half of the attacker's
images by a trigger. `median`, `trimmed_mean` and `geometric_median` are told how many attack. The
default and `coordinate_clip+cluster_guard`, which is the default with each coordinate clipped, are
told nothing.

{verdict}

{attacks}

## Three sites

The same with one attacker among three.

{three}

## Split by split

{splits}

## How often the trigger works

Percent of the images of other classes that it turns into the target's.

{backdoors}
"""


def page(found: Found, seeds: range) -> str:
    """Return the page."""
    return PAGE.format(
        first=seeds[0],
        last=seeds[-1],
        verdict=verdict(found, seeds),
        attacks=by_attack(found, seeds),
        three=by_attack(found, seeds, THREE),
        splits=by_split(found, seeds),
        backdoors=backdoors(found, seeds),
    )


def tell(
    arguments: list[str],
    description: str | None,
    seeds: tuple[range, range],
    made: Callable[[range, Path | None], str],
) -> int:
    """Print, or write, a page that is made of cells.

    Parameters
    ----------
    arguments
        Of the command line.
    description
        Of the command.
    seeds
        Those to choose settings on, and those that were held out.
    made
        Makes the page from the seeds and the folder of finished cells.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cache", type=Path, help="folder that finished cells are kept in")
    parser.add_argument("--quick", action="store_true", help="one seed; the numbers mean little")
    parser.add_argument("--tuning", action="store_true", help="the seeds to choose settings on")
    parser.add_argument("--write", type=Path, help="write the page here")
    options = parser.parse_args(arguments)
    chosen = seeds[0] if options.tuning else seeds[1]
    text = made(chosen[:1] if options.quick else chosen, options.cache)
    if options.write:
        write_page(options.write, text)
    else:
        print(text)
    return 0


def main(arguments: list[str]) -> int:
    """Print, or write, the page."""

    def made(seeds: range, cache: Path | None) -> str:
        wanted = cells(("none", *BAR_ATTACKS), BAR_SPLITS, seeds, tuple(WHO), (*SITES, *THREE))
        return page(results(wanted, cache), seeds)

    return tell(arguments, __doc__, (TUNING, HELD_OUT), made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
