"""Throw many random calls at the pallet in its real runtime, and say what was reached.

``python -m scripts.chain_machine --steps 100000`` prints how often each call succeeded and failed
with each error, and which of the pallet's errors were never reached. It stops at the first broken
invariant, with the shortest history that shows it.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bcfl_plugins.testing.machines import ChainMachine
from pallet_bridge.errors import pallet_errors

if TYPE_CHECKING:
    from collections import Counter

STEPS = 50
UNREACHABLE = {"Defensive"}
"""Errors for states that the pallet excludes."""


def run(steps: int) -> float:
    """Run so many steps; returns the seconds they took."""
    began = time.perf_counter()
    run_state_machine_as_test(
        ChainMachine,
        settings=settings(
            max_examples=max(1, steps // STEPS),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return time.perf_counter() - began


def report(tally: Counter[tuple[str, str]], seconds: float) -> str:
    """Return the tables as Markdown."""
    total = sum(tally.values())
    lines = [f"{total:,} calls in {seconds:.0f} s, no invariant broken.", ""]
    lines += ["| call | succeeded | failed with |", "|---|---|---|"]
    for name in sorted({call for call, _ in tally}):
        failed = {error: n for (call, error), n in tally.items() if call == name and error != "ok"}
        shown = ", ".join(f"{error} {n}" for error, n in sorted(failed.items()))
        lines.append(f"| {name} | {tally[name, 'ok']} | {shown} |")
    reached = {error for _, error in tally}
    missing = sorted(set(pallet_errors) - reached - UNREACHABLE)
    lines += ["", f"Errors reached: {len(set(pallet_errors) & reached)} of {len(pallet_errors)}."]
    if missing:
        lines.append(f"Never reached here: {', '.join(missing)}.")
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    steps = parser.parse_args().steps
    print(report(ChainMachine.tally, run(steps)))


if __name__ == "__main__":
    main()
