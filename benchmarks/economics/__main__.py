"""What it pays to be honest, and what it costs to attack: Monte Carlo over the real runtime.

``python -m benchmarks.economics --write docs/measurements/economics.md --plots
docs/measurements/img`` runs the money path of every verdict on the embedded chain, draws runs over
it, and writes the committed page. It takes some minutes on one core; ``--quick`` takes one. The
plots need the extra ``demo``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.economics.experiments import FULL, QUICK
from benchmarks.economics.plots import plot
from benchmarks.economics.report import cells, page
from benchmarks.economics.study import run
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUICK_TERMS = ("recommended", "`strikes_to_slash` 1")


def main(arguments: Sequence[str]) -> int:
    """Run the study; print or write it."""
    options = _options(arguments)
    study = run(
        QUICK if options.quick else FULL,
        lambda line: print(line, file=sys.stderr, flush=True),
        names=_QUICK_TERMS if options.quick else None,
    )
    linked = None
    if options.plots is not None:
        plot(study, options.plots)
        linked = options.plots.name
    if options.json:
        for cell in cells(study):
            print(json.dumps(cell))
    elif options.write is None:
        print(page(study, linked))
    if options.write is not None:
        write_page(options.write, page(study, linked))
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few terms, coarse grids, 20 runs")
    parser.add_argument("--json", action="store_true", help="print a JSON line for each cell")
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--plots", type=Path, help="folder for the plots")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
