"""Run the demo with ten seeds and write what came out into ``docs/measurements/demo.md``.

Run with ``python -m benchmarks.demo_seeds``. Each seed is a process of its own; every number is
read from the facts that the demo read from its chain. Ends with 1 when a seed broke a promise.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.pages import write_page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "measurements" / "demo.md"
BEGIN, END = "<!-- demo_seeds: begin -->", "<!-- demo_seeds: end -->"
HEADINGS = (
    "seed", "nobody poisons", "plain FedAvg", "FedAvg + bcfl", "difference",
    "poisoners slashed", "honest slashed", "honest rejections", "audit", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """One seed: the demo's facts, whether the audit found every statement true, and its time."""

    seed: int
    facts: dict[str, Any]
    audit: bool
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the demo kept all that it promises."""
        return self.audit and all(self.facts["checks"].values())


def main(arguments: list[str]) -> int:
    """Run the seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument(
        "--default-defense", action="store_true", help="outliers with its defaults; implies --dry"
    )
    parser.add_argument("--dry", action="store_true", help="print the table, write no file")
    options = parser.parse_args(arguments)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first, options.first + options.seeds):
            outcomes.append(run_seed(seed, Path(folder), default_defense=options.default_defense))
            print(row(outcomes[-1]), flush=True)
    text = section(outcomes)
    if options.dry or options.default_defense:
        print(text)
    else:
        page = PAGE.read_text(encoding="utf-8")
        write_page(PAGE, between_markers(page, text))
    return 0 if all(outcome.kept for outcome in outcomes) else 1


def run_seed(seed: int, folder: Path, *, default_defense: bool) -> Outcome:
    """Run the demo once and audit its run.

    Raises
    ------
    RuntimeError
        When the demo did not run to its end; carries what it wrote.
    """
    started = perf_counter()
    command = [sys.executable, "-m", "examples.byzantine", "--json"]
    command += ["--default-defense"] if default_defense else []
    demo = subprocess.run(
        [*command, "--seed", str(seed), "--run-dir", str(folder)],
        capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    seconds = perf_counter() - started
    if demo.returncode not in (0, 1):
        msg = f"the demo with seed {seed} ended with {demo.returncode}:\n{demo.stderr}"
        raise RuntimeError(msg)
    facts = json.loads(demo.stdout)
    command = [sys.executable, "-m", "bcfl_plugins.cli", "audit", facts["run"]]
    audit = subprocess.run(command, capture_output=True, check=False)
    return Outcome(seed, facts, audit.returncode == 0, seconds)


def row(outcome: Outcome) -> str:
    """Make one line of the table."""
    final = {name: curve[-1] for name, curve in outcome.facts["accuracy"].items()}
    nodes = outcome.facts["nodes"]
    poisoners = [node for node in nodes if node["attack"]]
    honest = [node for node in nodes if not node["attack"]]
    rejections = sum(node["rejected"] for node in honest)
    verdicts = rejections + sum(node["accepted"] for node in honest)
    cells = (
        str(outcome.seed),
        f"{100 * final['clean']:.1f} %",
        f"{100 * final['poisoned']:.1f} %",
        f"{100 * final['defended']:.1f} %",
        f"{100 * (final['defended'] - final['clean']):+.1f}",
        f"{sum(node['slashed_planck'] > 0 for node in poisoners)} of {len(poisoners)}",
        f"{sum(node['slashed_planck'] > 0 for node in honest)} of {len(honest)}",
        f"{rejections} of {verdicts}",
        "holds" if outcome.audit else "FAILS",
        f"{outcome.seconds:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def section(outcomes: list[Outcome]) -> str:
    """Make the table, and say on what machine and how often all promises were kept."""
    kept = sum(outcome.kept for outcome in outcomes)
    lines = [
        f"| {' | '.join(HEADINGS)} |",
        f"|{' -: |' * len(HEADINGS)}",
        *(row(outcome) for outcome in outcomes),
        "",
        (
            f"All promises kept with {kept} of {len(outcomes)} seeds. Written on "
            f"{datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.demo_seeds` on {machine()}."
        ),
    ]
    return "\n".join(lines)


def machine() -> str:
    """Return processor, cores and Python; no host name."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0].split(":", 1)[1].strip() if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, Python {platform.python_version()}"


def between_markers(page: str, text: str) -> str:
    """Put the text between the page's markers; `ValueError` when the page has none."""
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        msg = f"{PAGE} has no lines {BEGIN} and {END}"
        raise ValueError(msg)
    return f"{head}{BEGIN}\n{text}\n{END}{tail}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
