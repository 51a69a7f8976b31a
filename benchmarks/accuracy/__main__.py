"""Test accuracy under attack: attack x rule x label skew on Fashion-MNIST.

``python -m benchmarks.accuracy --page --write docs/measurements/accuracy.md --plots
docs/measurements/img`` runs the grids of the committed page and writes it; without ``--page`` the
other options say what runs. Every run is kept in the cache folder, so that an interrupted grid goes
on where it stopped. Needs the Debian package dataset-fashion-mnist and the extra ``demo``.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.accuracy.adversaries import ADVERSARIES
from benchmarks.accuracy.contestants import CONTESTANTS, FLOWER, MORE, PREFIX
from benchmarks.accuracy.grid import read, results
from benchmarks.accuracy.page import (
    COMMAND,
    FEDAVG_ROUNDS,
    FEDAVG_STEPS,
    FIRST_SEED,
    MAIN,
    PARTS,
    SEEDS,
    options,
    page,
    part,
    repeat,
    section,
    split_name,
    title,
)
from benchmarks.accuracy.report import Grid, finished, plot
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.accuracy.grid import Job
    from benchmarks.accuracy.page import Part, Repeat
    from benchmarks.accuracy.simulate import Outcome

PLOT = "accuracy.svg"

QUICK = Grid(
    ("cluster_guard", "caf", "mean", "flower:fedmedian"),
    ("none", "sign_flip", "alie"),
    (0.5,),
    (FIRST_SEED,),
    rounds=60,
)


def main(arguments: Sequence[str]) -> int:
    """Run the grids, print or write their tables."""
    given = _parse(arguments)
    grids = grids_of(given)
    jobs = [job for grid in grids for job in grid.jobs()]
    done = results(
        [] if given.report_only else jobs,
        given.cache,
        given.jobs,
        lambda line: print(line, file=sys.stderr, flush=True),
        also=jobs,
    )
    whole = [finished(grid, done) for grid in grids]
    if lacking := [title(grid) for grid in whole if not grid.seeds]:
        print(
            f"No seed of {'; '.join(lacking)} is complete; run it again without --report-only.",
            file=sys.stderr,
        )
        return 1
    parts = [part(grid, done) for grid in whole]
    if given.json:
        _print_json(parts)
    elif given.write is None:
        print("\n".join(map(section, parts)))
    if given.write is not None:
        picture = None if given.plots is None else f"{given.plots.name}/{PLOT}"
        told = _repeated(given.repeat, grids, done)
        write_page(given.write, page(parts, command(given), picture, told))
    if given.plots is not None:
        plot(parts[0].tables, given.plots / PLOT)
    return 0


def grids_of(given: argparse.Namespace) -> tuple[Grid, ...]:
    """Return what the command line asks for."""
    if given.page:
        return PARTS
    if given.quick:
        return (QUICK,)
    steps, rounds = (
        (FEDAVG_STEPS, FEDAVG_ROUNDS) if given.fedavg else (MAIN.local_steps, MAIN.rounds)
    )
    one = Grid(
        tuple(given.defenses),
        tuple(given.attacks),
        _splits(given.alphas),
        tuple(range(FIRST_SEED, FIRST_SEED + given.seeds)),
        given.f,
        rounds if given.rounds is None else given.rounds,
        steps,
        tuple(given.more),
        _splits(given.more_alphas),
    )
    return (one,)


def command(given: argparse.Namespace) -> str:
    """Return the command that makes the page, with every option that decides what is on it."""
    words = [COMMAND]
    if given.page:
        words += ["--page"]
    elif given.quick:
        words += ["--quick"]
    else:
        words += options(grids_of(given)[0])
    for name in ("repeat", "write", "plots"):
        if (path := getattr(given, name)) is not None:
            words += [f"--{name}", shlex.quote(path.as_posix())]
    return " ".join(words)


def _repeated(
    folder: Path | None, grids: Sequence[Grid], done: Mapping[Job, Outcome]
) -> Repeat | None:
    return None if folder is None else repeat(grids, done, read(folder))


def _print_json(parts: Sequence[Part]) -> None:
    for one in parts:
        for alpha, rows in one.tables.items():
            about = {"part": title(one.grid), "alpha": alpha, "attacks": one.grid.attacks}
            for line in rows:
                print(json.dumps(about | asdict(line)))


def _splits(names: Sequence[str]) -> tuple[float | None, ...]:
    return tuple(None if alpha == "iid" else float(alpha) for alpha in names)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--page", action="store_true", help="all parts of docs/measurements/accuracy.md"
    )
    what.add_argument("--quick", action="store_true", help="one seed, few cells, 60 rounds")
    asked = [
        parser.add_argument("--seeds", type=int, help=f"how many, from {FIRST_SEED}"),
        parser.add_argument(
            "--defenses",
            nargs="+",
            help=f"rules by name, or {PREFIX} with one of {', '.join(FLOWER)}",
        ),
        parser.add_argument("--more", nargs="*", help="rules at the splits of --more-alphas only"),
        parser.add_argument("--more-alphas", nargs="*", help="splits"),
        parser.add_argument("--attacks", nargs="+", choices=[*ADVERSARIES]),
        parser.add_argument("--alphas", nargs="+", help="splits: Dirichlet parameters, or iid"),
        parser.add_argument("--f", type=int, help="attackers among 20"),
        parser.add_argument("--rounds", type=int),
        parser.add_argument(
            "--fedavg",
            action="store_true",
            default=None,
            help=f"{FEDAVG_STEPS} local steps a round, {FEDAVG_ROUNDS} rounds",
        ),
    ]
    parser.add_argument("--json", action="store_true", help="print a JSON line for each row")
    parser.add_argument("--cache", type=Path, default=Path("runs/accuracy"), help="finished runs")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--report-only", action="store_true", help="only what is in the cache")
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument(
        "--repeat", type=Path, help="a cache with some of the runs made again: tells the noise"
    )
    parser.add_argument("--plots", type=Path, help="folder for the plots")
    given = parser.parse_args(arguments)
    named = [one for one in asked if getattr(given, one.dest) is not None]
    if named and (given.page or given.quick):
        told = ", ".join(one.option_strings[0] for one in named)
        parser.error(f"--page and --quick say themselves what runs; leave out {told}")
    usual = {
        "seeds": len(SEEDS),
        "defenses": CONTESTANTS,
        "more": MORE,
        "more_alphas": [split_name(alpha) for alpha in MAIN.more_alphas],
        "attacks": MAIN.attacks,
        "alphas": [split_name(alpha) for alpha in MAIN.alphas],
        "f": MAIN.f,
        "fedavg": False,
    }
    for name, value in usual.items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
