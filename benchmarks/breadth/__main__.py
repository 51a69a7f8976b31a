"""Many kinds of federations: the default beside Flower's strategies and byzfl's rules.

``OMP_NUM_THREADS=1 python -m benchmarks.breadth --cache build/breadth --page
docs/measurements/breadth.md`` runs for hours; each federation is kept on disk as soon as it is
done, so that it may be killed, and goes on where it was. ``--minutes 30`` stops by itself, and
``--report-only`` runs nothing. The most telling come first. ``--quick`` takes some seconds. Remove
the cache after a change of a rule.

byzfl's columns need ``pip install --no-deps byzfl``: only its rules are imported.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.breadth.cases import HELD_OUT, TRYING, Cell, ordered, quick
from benchmarks.breadth.contestants import everybody
from benchmarks.breadth.report import page
from benchmarks.cells import results
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Callable


def main(arguments: list[str]) -> int:
    """Run what is not on disk, and print or write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, help="folder that finished federations are kept in")
    parser.add_argument("--quick", action="store_true", help="few and short; they mean little")
    parser.add_argument("--seeds", type=int, default=3, help="how many of the held-out ones")
    parser.add_argument("--minutes", type=float, help="start nothing more after so long")
    parser.add_argument("--report-only", action="store_true", help="only what is in the cache")
    parser.add_argument("--page", type=Path, help="write the page here")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    who = tuple(everybody())
    cases = quick(TRYING[0]) if given.quick else ordered(HELD_OUT[: given.seeds])
    cells = [(table, Cell(case, who)) for table, case in cases]
    limit = 0.0 if given.report_only else given.minutes
    found = results((cell for _, cell in cells), given.cache, _until(limit))
    text = page(cells, found)
    if given.page:
        write_page(given.page, text)
    else:
        print(text)
    return 0


def _until(minutes: float | None) -> Callable[[], bool]:
    """Return what says no after so long."""
    end = None if minutes is None else time.monotonic() + 60.0 * minutes
    return lambda: end is None or time.monotonic() < end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
