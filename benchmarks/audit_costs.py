"""What it costs to audit a run: ``python -m benchmarks.audit_costs`` prints its page.

Runs of several sizes are made on the embedded chain, by nodes that add noise to a few parameters:
what an audit does with models is the same for each round, and `benchmarks.evidence_costs` has it.
Then each is audited in a process of its own, as ``bcfl audit`` does, with and without ``--replay``.
A folder (``--runs``) keeps the runs, so that they need not be made again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from benchmarks.noisy import averaging, judged_federation, noisy_training, zeros
from strategies import ClientApp
from strategies.testing import InProcessGrid

PARAMETERS: Final = 1_000
SIZES: Final[tuple[tuple[int, int], ...]] = ((50, 100), (1000, 100))
"""Rounds and nodes."""


class Cost(NamedTuple):
    """What one audit took."""

    wall_s: float
    cpu_s: float
    memory_mib: float


def made(folder: Path, rounds: int, nodes: int) -> Path:
    """Return a run of this size, made now unless the folder has it."""
    kept = folder / f"{rounds}x{nodes}"
    if not kept.exists():
        app = ClientApp()
        app.train()(noisy_training)
        config = judged_federation(kept, nodes)
        with InProcessGrid(app, nodes, run_config=config) as grid:
            averaging(config, nodes).start(grid, zeros(PARAMETERS), num_rounds=rounds)
    (run,) = kept.iterdir()
    return run


def audited(run: Path, *options: str) -> Cost:
    """Audit a run by the command, in a process of its own; it has to hold."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "bcfl_plugins.cli", "audit", str(run), "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as auditing:
        assert auditing.stdout is not None  # noqa: S101 - it is a pipe
        said = auditing.stdout.read()
        _, status, used = os.wait4(auditing.pid, 0)
        auditing.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if auditing.returncode or json.loads(said)["findings"]:
        raise AssertionError(f"the audit of an honest run ended with {auditing.returncode}: {said}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def lines(folder: Path, sizes: tuple[tuple[int, int], ...]) -> list[str]:
    """Return the lines of the page's table."""
    found = [
        "| rounds | nodes | audit, s | CPU, s | MiB | with `--replay`, s | CPU, s | MiB |",
        "| -: | -: | -: | -: | -: | -: | -: | -: |",
    ]
    for rounds, nodes in sizes:
        run = made(folder, rounds, nodes)
        cells = [f"{rounds:,}", str(nodes)]
        for cost in (audited(run), audited(run, "--replay")):
            cells += [f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.memory_mib:.0f}"]
        found.append(f"| {' | '.join(cells)} |")
    return found


def page(table: list[str]) -> str:
    """Return the page."""
    return f"""# What an audit costs

`bcfl audit RUN` on a run of the embedded chain, whose blocks it executes again, with evidence at
the level `decision`. `--replay` decides every round again besides. The nodes' models have
{PARAMETERS:,} parameters: an audit at this level reads no updates, so larger ones cost it
little more. `python -m benchmarks.audit_costs` prints this page. The goal is 3 s for 50
rounds and a minute for 1,000: it is missed.

{chr(10).join(table)}

Each audit is a process of its own, with its start and imports. CPU is the time of all its threads,
MiB the most memory that it held. Python {platform.python_version()}, {os.cpu_count()} cores.
"""


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, help="the folder that runs are kept in")
    parser.add_argument("--size", action="append", help="ROUNDSxNODES, again for more of them")
    options = parser.parse_args()
    sizes = SIZES
    if options.size:
        sizes = tuple((int(r), int(n)) for r, _, n in (one.partition("x") for one in options.size))
    with TemporaryDirectory() as folder:
        print(page(lines(options.runs or Path(folder), sizes)))


if __name__ == "__main__":
    main()
