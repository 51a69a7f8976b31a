"""Ten nodes train, three of them poison, and a chain keeps the books: ``make demo``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console

from examples.byzantine.demo import run_demo
from examples.byzantine.federation import Setup
from examples.byzantine.plot import draw
from examples.byzantine.summary import print_summary


def main(arguments: list[str]) -> int:
    """Run the demo; 0 when it kept what it promises, 1 when it did not."""
    options = parser().parse_args(arguments)
    setup = Setup(seed=options.seed, rounds=options.rounds, own_defense=not options.default_defense)
    out = Console(stderr=options.json)
    if not out.is_terminal:
        out = Console(stderr=options.json, width=max(out.width, 140))
    live = out.is_terminal and not out.is_dumb_terminal and not options.plain and not options.json
    started = perf_counter()
    result = run_demo(setup, options.run_dir, out, live=live)
    picture = result.folder / "demo.png"
    draw(result, picture)
    facts = json.dumps(result.as_json(), indent=1)
    (result.folder / "demo.json").write_text(facts + "\n", encoding="utf-8")
    if options.json:
        sys.stdout.write(facts + "\n")
    else:
        print_summary(result, picture, out, seconds=perf_counter() - started)
    return 0 if all(result.checks.values()) else 1


def parser() -> argparse.ArgumentParser:
    setup = Setup()
    parser = argparse.ArgumentParser(prog="python -m examples.byzantine", description=__doc__)
    parser.add_argument("--seed", type=int, default=setup.seed, help="decides data and model")
    parser.add_argument("--rounds", type=int, default=setup.rounds)
    parser.add_argument("--run-dir", type=Path, default=Path("runs"), help="where runs go")
    parser.add_argument(
        "--default-defense", action="store_true", help="outliers with its defaults, not the demo's"
    )
    parser.add_argument("--plain", action="store_true", help="lines only, as without a terminal")
    parser.add_argument("--json", action="store_true", help="facts on stdout, progress on stderr")
    return parser


if __name__ == "__main__":
    # Flower tells every step of every round; here the screen does.
    logging.getLogger("flwr").setLevel(logging.ERROR)
    sys.exit(main(sys.argv[1:]))
