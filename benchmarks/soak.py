"""Hundreds of rounds with random faults: ``python -m benchmarks.soak`` writes its page.

Nodes are silent, fail, or send what is no update. The process that serves the chain is killed again
and again, and started on the same folder. What the run's process holds is looked at every round.
The page ``docs/measurements/soak.md`` is written from it.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_connection, create_server
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from bcfl_plugins.config import TermsConfig, terms_of
from pallet_bridge import Signer, audit_run, calls, connect
from pallet_bridge.run import read_run
from pallet_bridge.testing.machine.invariants import check_ledger
from pallet_bridge.testing.machine.ledger import read_ledger
from pallet_bridge.types import UNIT, Planck
from strategies import ClientApp, FedAvg
from strategies.testing import DROP, InProcessGrid

if TYPE_CHECKING:
    from flwr.app import ArrayRecord, Context, Message, MetricRecord

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/measurements/soak.md"
PARAMETERS: Final = 1000
PLUGINS: Final = "staking, outliers, slashing, rewards, round_log"
STAKE: Final = Planck(100 * UNIT)
WARM: Final = 100
"""Rounds before what a process holds is compared."""

SILENT, FAILS, GARBAGE, BAD_METRIC = 0.10, 0.03, 0.02, 0.01
"""The part of the replies that never comes, is an error, is no update, or has a metric of NaN."""
PATIENCE_S: Final = 0.5
"""How long the server waits for replies. Nodes of this process have answered before."""
KILLED_EVERY: Final = 25
"""Rounds between two kills of the chain's process, on average."""


class ChainProcess:
    """An embedded chain in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, accounts: int) -> None:
        with create_server(("127.0.0.1", 0)) as one:
            self._port = one.getsockname()[1]
        self._command = [
            *(sys.executable, "-m", "bcfl_plugins.cli", "chain", "start"),
            *("--port", str(self._port), "--accounts", str(accounts), "--state", str(folder)),
        ]
        self.url = f"ws://127.0.0.1:{self._port}"
        self.kills = 0

    def __enter__(self) -> Self:
        self._start()
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)

    def kill_for(self, seconds: float) -> None:
        """Kill it now, and start it again after so many seconds."""
        self.kills += 1
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=60)
        threading.Timer(seconds, self._start).start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _wait(self) -> None:
        while True:
            with suppress(OSError), create_connection(("127.0.0.1", self._port)):
                return
            time.sleep(0.1)


@dataclass
class Seen:
    """What the run's process held, once a round."""

    run_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self) -> None:
        """Look at this process."""
        self.run_mb.append(memory_mb())
        self.files.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
        self.threads.append(threading.active_count())


def memory_mb() -> float:
    """Return what this process holds in memory, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def slope(values: list[float]) -> float:
    """Return by how much values grow in 100 rounds, by least squares after `WARM` rounds."""
    kept = values[min(WARM, len(values) // 2) :]
    return float(np.polyfit(np.arange(len(kept)), kept, 1)[0]) * 100


class Faults:
    """What goes wrong, drawn from a seed: for each node and round one draw."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - what goes wrong, not a secret
        self.counted: Counter[str] = Counter()
        self.next = ""

    def of_message(self, message: Message) -> str | None:
        """Draw what becomes of a message; what its app has to do wrong is kept for it."""
        self.next = ""
        if "arrays" not in message.content:
            return None
        at = self._draw.random()
        for what, part in (
            ("silent", SILENT), ("failed", FAILS), ("garbage", GARBAGE), ("metric", BAD_METRIC)
        ):  # fmt: skip
            if at < part:
                self.counted[what] += 1
                self.next = what
                return {"silent": DROP, "failed": "out of memory"}.get(what)
            at -= part
        return None

    def garbage(self, weights: np.ndarray) -> np.ndarray:
        """Return what is no update of these weights."""
        return self._draw.choice(
            [
                np.full_like(weights, np.nan),
                np.full_like(weights, np.inf),
                weights[:-1],
                weights.astype(np.int8),
                np.zeros((0,), np.float32),
                weights.astype(np.complex64),
            ]
        )


def node_app(faults: Faults) -> ClientApp:
    """Return an app whose nodes move a model to one, each with noise of its own."""
    from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict  # noqa: PLC0415

    app = ClientApp()
    noise = np.random.default_rng(0)

    @app.train()
    def train(message: Message, context: Context) -> Message:
        del context
        weights = message.content.array_records["arrays"]["w"].numpy()
        moved = weights + 0.1 * (1 - weights) + noise.normal(0, 0.01, weights.shape)
        moved = moved.astype(np.float32)
        arrays = faults.garbage(moved) if faults.next == "garbage" else moved
        examples: float = float("nan") if faults.next == "metric" else 100
        metrics = MetricRecord({"num-examples": 100, "loss": examples})
        record = ArrayRecord({"w": Array(arrays)})
        return Message(RecordDict({"arrays": record, "metrics": metrics}), reply_to=message)

    return app


def found(url: str, nodes: int) -> int:
    """Make a federation that all nodes have a stake in; return its number."""
    owner = Signer.from_uri("//Alice")
    terms = TermsConfig(
        admission="open",
        max_participants=nodes,
        quorum=nodes,
        commit_blocks=20,
        settle_blocks=100,
        unbonding_blocks=2000,
        notice_blocks=2000,
    )
    with connect(url) as chain:
        number = chain.next_federation()
        chain.execute(calls.create_federation(terms_of(terms), metadata=bytes(32)), owner)
        chain.execute(calls.fund(number, Planck(100_000 * UNIT)), owner)
        agreed = chain.terms_hash(number)
        signers = [Signer.from_uri(f"//bcfl//node-{one}") for one in range(nodes)]
        for joining in [chain.submit(calls.join(number, STAKE, agreed), one) for one in signers]:
            joining.wait(120)
    return number


@dataclass(frozen=True)
class Soaked:
    """What came of it."""

    rounds: int
    nodes: int
    ends: Counter[str]
    faults: Counter[str]
    kills: int
    findings: tuple[str, ...]
    struck: int
    seen: Seen
    took_s: float
    error: float


def soak(folder: Path, nodes: int, rounds: int, seed: int) -> Soaked:
    """Train so many rounds with everything that goes wrong, and audit them."""
    from flwr.app import Array, ArrayRecord, MetricRecord  # noqa: PLC0415

    faults, seen = Faults(seed), Seen()
    draw = random.Random(seed + 1)  # noqa: S311 - when to kill, not a secret
    with ChainProcess(folder / "chain", nodes) as chain:
        number = found(chain.url, nodes)
        run_config: dict[str, Any] = {
            "bcfl.plugins": PLUGINS,
            "bcfl.chain": chain.url,
            "bcfl.federation": number,
            "bcfl.coordinator": "//Alice",
            "bcfl.run_dir": str(folder / "runs"),
        }

        def after(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            seen.look()
            if server_round and draw.random() < 1 / KILLED_EVERY:
                chain.kill_for(draw.uniform(0.1, 3.0))
            return MetricRecord({"error": float(np.abs(arrays["w"].numpy() - 1).max())})

        keys = [{"bcfl-key-uri": f"//bcfl//node-{one}"} for one in range(nodes)]
        first = ArrayRecord({"w": Array(np.zeros(PARAMETERS, np.float32))})
        strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=nodes, bcfl=run_config)
        began = time.monotonic()
        with InProcessGrid(
            node_app(faults), node_configs=keys, run_config=run_config, fail=faults.of_message
        ) as grid:
            result = strategy.start(
                grid, first, num_rounds=rounds, timeout=PATIENCE_S, evaluate_fn=after
            )
        took = time.monotonic() - began
        (run,) = (folder / "runs").iterdir()
        ends = Counter(str(line.outcome) for line in read_run(run).rounds)
        report = audit_run(run, chain=chain.url)
        with connect(chain.url) as client:
            check_ledger(read_ledger(client, (), number))
            struck = sum(bool(one.strikes) for one in client.participants(number).values())
    return Soaked(
        *(rounds, nodes, ends, faults.counted, chain.kills),
        tuple(str(finding) for finding in report.findings),
        *(struck, seen, took),
        float(np.abs(result.arrays["w"].numpy() - 1).max()),
    )


def page(done: Soaked) -> str:
    """Return the page with what was seen."""
    seen = done.seen
    rows = [
        ("rounds", str(done.rounds)),
        ("nodes", str(done.nodes)),
        *((f"rounds {end}", str(count)) for end, count in sorted(done.ends.items())),
        ("kills of the chain's process", str(done.kills)),
        ("replies that never came", f"{done.faults['silent']:,}"),
        ("replies that were errors", f"{done.faults['failed']:,}"),
        ("replies that were no updates", f"{done.faults['garbage']:,}"),
        ("replies with a metric of NaN", f"{done.faults['metric']:,}"),
        ("nodes with a strike at the end", str(done.struck)),
        ("greatest error of the model's 1,000 entries", f"{done.error:.4f}"),
        ("findings of the audit", "; ".join(done.findings) or "none"),
        ("invariants of the pallet", "hold"),
        ("memory of the run, after 100 rounds and at the end",
         f"{seen.run_mb[min(WARM, len(seen.run_mb) - 1)]:.0f} and {seen.run_mb[-1]:.0f} MB"),
        ("its growth", f"{slope(seen.run_mb):+.2f} MB in 100 rounds"),
        ("open files of the run, most and at the end", f"{max(seen.files)}, {seen.files[-1]}"),
        ("threads of the run, most and at the end", f"{max(seen.threads)}, {seen.threads[-1]}"),
        ("time", f"{done.took_s / 60:.1f} min"),
    ]  # fmt: skip
    table = "\n".join(f"| {what} | {value} |" for what, value in rows)
    return f"""# A long run with faults

`python -m benchmarks.soak` prints this page. All plugins are on. {100 * SILENT:.0f} % of the
replies never come, {100 * FAILS:.0f} % are errors, {100 * GARBAGE:.0f} % are no updates (of
another shape, type or length, or not finite), {100 * BAD_METRIC:.0f} % have a metric of NaN. The
process that serves the chain is killed by SIGKILL every {KILLED_EVERY} rounds on average, and
started again on the same folder up to 3 s later. What is drawn follows from a seed.

| what | measured |
| -- | -- |
{table}

Growth is the slope of a straight line through the memory of each round after the first {WARM}.
Python {platform.python_version()},
{os.cpu_count()} cores.
"""


def main() -> int:
    """Soak, write the page, and return 0 when nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--nodes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--print", action="store_true", help="print the page, write nothing")
    options = parser.parse_args()
    logging.getLogger("flwr").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        done = soak(Path(folder), options.nodes, options.rounds, options.seed)
    from benchmarks.pages import write_page  # noqa: PLC0415 - needs an extra

    text = page(done)
    if options.print:
        print(text)
    else:
        write_page(PAGE, text)
    lost = done.ends.total() != done.rounds or done.findings
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
