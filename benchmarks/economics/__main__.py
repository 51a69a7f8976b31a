"""What it pays to be honest, and what it costs to attack: federations on the real runtime.

``python -m benchmarks.economics --runs build/economics.jsonl --write docs/measurements/economics.md
--plots docs/measurements/img`` runs what is missing in the file of runs, and writes the committed
page from all of it. A run takes some seconds, the page about an hour on one core. It may be made in
pieces (``--only``, ``--seeds``), by several processes on one file. Remove the file when the runtime
has changed. ``--quick`` runs one seed of two attackers. The plot needs the extra ``demo``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.economics.plots import plot
from benchmarks.economics.report import failures, page
from benchmarks.economics.runs import DEFAULTS, EXPERIMENTS, fill, read
from benchmarks.economics.stories import run_stories
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUICK = ("persistent", "colluding", "honest")


def main(arguments: Sequence[str]) -> int:
    """Run what is missing; print or write the page."""
    options = _options(arguments)
    with TemporaryDirectory() as folder:
        path = options.runs or Path(folder) / "runs.jsonl"
        names = _QUICK if options.quick else options.only or EXPERIMENTS
        for name, seed in fill(path, names, 1 if options.quick else options.seeds):
            print(f"{name}: seed {seed}", file=sys.stderr, flush=True)
        runs = read(path)
    if options.plots is not None:
        plot(runs, options.plots)
    if options.only and options.write is None:
        return 0
    text = page(
        runs, tuple(run_stories(DEFAULTS)), None if options.plots is None else options.plots.name
    )
    if options.write is None:
        print(text)
    else:
        write_page(options.write, text)
    for missed in failures(runs):
        print(missed, file=sys.stderr)
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, help="the file that runs are kept in")
    parser.add_argument("--seeds", type=int, help="at most so many of each experiment")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, help="run these and no others")
    parser.add_argument("--quick", action="store_true", help="one seed of few experiments")
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--plots", type=Path, help="folder for the plot")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
