"""Who pays for being different: honest minorities under every rule, and under the evidence.

Six tables. (A) The share of one honest node at N(3, 1) among N(0, 1). (B) Rejections without any
attacker on scikit-learn's digits, and which of them the evidence counts. (C) Strikes against
honest nodes over 1,000 rounds. (D) Rounds until attackers have a strike. (E) Strikes against
honest nodes in the first rounds of a thousand federations. (F) The same beside attackers.

``OMP_NUM_THREADS=1 python -m benchmarks.fairness --write docs/measurements/fairness.md`` takes 45
minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.fairness.tables import (
    FIRST_SEED,
    QUICK,
    Plan,
    besides,
    early_runs,
    rejections,
    shares,
    slashes,
    speeds,
)
from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TABLES: Mapping[str, tuple[Callable[[Plan], Iterator[Any]], str]] = {
    "A": (shares, "Share kept by one honest node at N(3, 1) among N(0, 1), percent"),
    "B": (rejections, "Rejections of honest nodes without an attacker, percent"),
    "C": (slashes, "Strikes against honest nodes"),
    "D": (speeds, "Rounds until attackers have a strike"),
    "E": (early_runs, "Strikes against honest nodes, many federations"),
    "F": (besides, "Strikes against honest nodes beside attackers that are kept"),
}


def machine() -> str:
    """Name the processor, the cores, and the versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [one for one in cpuinfo.read_text().splitlines() if one.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    python = platform.python_version()
    return f"{os.cpu_count()} cores {model}, Python {python}, numpy {np.__version__}"


def markdown(letter: str, rows: list[Any]) -> str:
    """Return one table with its heading and what its columns mean."""
    columns = [field.name for field in fields(rows[0])]
    lines = [
        f"## {letter}. {TABLES[letter][1]}",
        "",
        " ".join((type(rows[0]).__doc__ or "").split()),
        "",
        "| " + " | ".join(name.replace("_", " ") for name in columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(_cell(value) for value in asdict(row).values()) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def main(arguments: list[str]) -> int:
    """Print, or write, the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--quick", action="store_true", help="a minute; the numbers mean little")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    parser.add_argument("--write", type=Path, help="write the tables into this file")
    parser.add_argument("--only", choices=sorted(TABLES), help="one table")
    options = parser.parse_args(arguments)
    plan = QUICK if options.quick else Plan()
    texts = []
    for letter in [options.only] if options.only else sorted(TABLES):
        rows = []
        for row in TABLES[letter][0](plan):
            rows.append(row)
            if options.json:
                print(json.dumps({"table": letter, **asdict(row)}), flush=True)
        texts.append(markdown(letter, rows))
        if not options.json and not options.write:
            print(texts[-1], flush=True)
    if options.write:
        told = "quick" if options.quick else "full"
        seeds = ", ".join(f"{first:,} ({table})" for table, first in FIRST_SEED.items())
        head = (
            f"# Fairness\n\nMade by `python -m benchmarks.fairness` ({told}) on {machine()}.\n"
            f"Seeds begin at {seeds}; the rule of harm was chosen on others.\n"
        )
        write_page(options.write, head + "\n" + "\n".join(texts))
    return 0


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Keep the lines of the module's text."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
