"""Throw many random calls at the pallet in its real runtime, and say what was reached.

``python -m scripts.runtime.fuzz --steps 100000`` prints how often each call succeeded and failed
with each error, and which of the pallet's errors were never reached. It stops at the first broken
invariant, with the shortest history that shows it. From 100,000 steps on, an error that was not
reached is a failure as well.

With ``--log FILE`` each part of the run is a line of that file, and one that is there already is
not run again: a run that was stopped goes on, and several runs over other seeds add up. A seed
counts once.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from pallet_bridge.errors.by_name import pallet_errors
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.testing.chain_machine import ChainMachine

if TYPE_CHECKING:
    from collections.abc import Iterable

HISTORY = 50
"""Rules in one history; a rule makes one call, or runs a script of several."""
HISTORIES = 40
"""Histories of one part of the run, each from the genesis on."""
ENOUGH = 100_000
"""Steps that must reach every error."""
UNREACHABLE = {"Defensive"}
"""Errors for states that the pallet excludes."""


@dataclass(frozen=True, slots=True)
class Part:
    """What came of the histories of one seed: (call, outcome) and how often."""

    seed: int
    blob: str
    seconds: float
    tally: Counter[tuple[str, str]]
    directed: Counter[tuple[str, str]]

    def line(self) -> str:
        """Return this as a line of JSON."""
        return json.dumps({
            "seed": self.seed,
            "blob": self.blob,
            "seconds": round(self.seconds, 1),
            "tally": [[*key, n] for key, n in sorted(self.tally.items())],
            "directed": [[*key, n] for key, n in sorted(self.directed.items())],
        })  # fmt: skip

    @classmethod
    def read(cls, line: str) -> Part:
        """Read what `line` made."""
        found = json.loads(line)
        tallies = [
            Counter({(call, outcome): n for call, outcome, n in found[name]})
            for name in ("tally", "directed")
        ]
        return cls(found["seed"], found["blob"], found["seconds"], *tallies)


def run(number: int) -> Part:
    """Run the histories of one seed."""
    ChainMachine.tally.clear()
    ChainMachine.directed.clear()
    began = time.perf_counter()
    run_state_machine_as_test(
        seed(number)(ChainMachine),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=HISTORY,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    seconds = time.perf_counter() - began
    tallies = Counter(ChainMachine.tally), Counter(ChainMachine.directed)
    return Part(number, str(MANIFEST["blob_blake2_256"]), seconds, *tallies)


def _sum(tallies: Iterable[Counter[tuple[str, str]]]) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for tally in tallies:
        total.update(tally)
    return total


def unreached(tally: Counter[tuple[str, str]]) -> list[str]:
    """Return the errors of the pallet that no call met."""
    return sorted(set(pallet_errors) - {outcome for _, outcome in tally} - UNREACHABLE)


def report(parts: list[Part]) -> str:
    """Return the tables as Markdown."""
    tally, directed = (_sum(getattr(part, name) for part in parts) for name in Part.__slots__[3:])
    at_random = Counter(tally)
    at_random.subtract(directed)
    blobs = ", ".join(sorted({part.blob[:16] for part in parts}))
    summary = (
        f"{tally.total():,} calls, {directed.total():,} of them in scripts, from {len(parts)} "
        f"seeds of {HISTORIES} histories; no invariant broken. Runtime {blobs}."
    )
    lines = [summary, "", "| call | succeeded | failed with |", "| -- | -- | -- |"]
    for name in sorted({call for call, _ in tally}):
        failed = {error: n for (call, error), n in tally.items() if call == name and error != "ok"}
        shown = ", ".join(f"{error} {n:,}" for error, n in sorted(failed.items()))
        lines.append(f"| {name} | {tally[name, 'ok']:,} | {shown} |")
    errors = set(pallet_errors) - UNREACHABLE
    missing = unreached(tally)
    lines += ["", f"Errors reached: {len(errors) - len(missing)} of {len(errors)}."]
    if missing:
        lines.append(f"Errors not reached: {', '.join(missing)}.")
    only = sorted(set(unreached(+at_random)) - set(missing))
    if only:
        lines.append(f"Reached by scripts alone: {', '.join(only)}.")
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments, run what is missing, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=ENOUGH, help="calls, at least")
    parser.add_argument("--seed", type=int, default=0, help="of the first part")
    parser.add_argument("--log", type=Path, help="where parts are kept")
    options = parser.parse_args()
    log: Path | None = options.log
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    lines = log.read_text().splitlines() if log is not None and log.exists() else []
    parts = list({part.seed: part for part in map(Part.read, lines)}.values())
    number = options.seed
    while sum(part.tally.total() for part in parts) < options.steps:
        if number not in {part.seed for part in parts}:
            parts.append(run(number))
            if log is not None:
                with log.open("a") as file:
                    file.write(parts[-1].line() + "\n")
        number += 1
    print(report(parts))
    if options.steps >= ENOUGH and unreached(_sum(part.tally for part in parts)):
        sys.exit(1)


if __name__ == "__main__":
    main()
