"""What a round costs beside the first protocol: ``python -m benchmarks.protocol_costs CHECKOUT``.

`CHECKOUT` is a checkout of the last commit of the first protocol (`FIRST`). The same federation is
run under both in turns, each in a process of its own, on the embedded chain: nodes that add one to
100,000 parameters, and plugins that stake and record. So all time is that of the protocol. The page
``docs/measurements/protocol-costs.md`` is written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST: Final = "7cd4db8"
PAGE: Final = Path(__file__).resolve().parents[1] / "docs/measurements/protocol-costs.md"
SIZES: Final = (10, 50, 200)
FEW, MANY = 2, 20
"""Rounds of the two runs that are subtracted: what their ends cost is spread over the rest."""
PARAMETERS: Final = 100_000
TRAINING_MS: Final = 1000
KEYS: Final = ("server", "node", "bytes")

Row = dict[str, float]
Pair = tuple[Row, Row]
"""One run under the first protocol, and the one under the tree that came after it."""


def measure(nodes: int) -> Row:
    """Run the packages that this process finds, and return what one round costs.

    Returns
    -------
    dict
        ``server``: milliseconds of CPU a round outside of the nodes, the chain included.
        ``node``: milliseconds of CPU a round and node. ``bytes``: what the run's files grow by for
        each node and round.
    """
    _run(nodes, 1)  # what is made once in a process
    few, many = _run(nodes, FEW), _run(nodes, MANY)
    rounds = MANY - FEW
    return {
        "server": 1000 * (many["server"] - few["server"]) / rounds,
        "node": 1000 * (many["node"] - few["node"]) / rounds / nodes,
        "bytes": (many["bytes"] - few["bytes"]) / rounds / nodes,
    }


def _run(nodes: int, rounds: int) -> Row:
    import numpy as np  # noqa: PLC0415 - the process that compares needs none of these
    from flwr.app import (  # noqa: PLC0415
        Array,
        ArrayRecord,
        Context,
        Message,
        MetricRecord,
        RecordDict,
    )

    from strategies import ClientApp, FedAvg  # noqa: PLC0415 - of one protocol or the other
    from strategies.testing import InProcessGrid  # noqa: PLC0415

    class TimedApp(ClientApp):
        spent = 0.0

        def __call__(self, message: Message, context: Context) -> Message:
            began = process_time()
            reply = super().__call__(message, context)
            TimedApp.spent += process_time() - began
            return reply

    app = TimedApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        del context
        arrays = message.content["arrays"]
        if not isinstance(arrays, ArrayRecord):
            raise TypeError("a round without arrays")
        weights = (arrays["w"].numpy() + 1).astype(np.float32)
        content: dict[str, Any] = {
            "arrays": ArrayRecord({"w": Array(weights)}),
            "metrics": MetricRecord({"num-examples": 10}),
        }
        return Message(RecordDict(content), reply_to=message)

    with tempfile.TemporaryDirectory() as folder:
        config: dict[str, Any] = {
            "bcfl.plugins": "staking, round_log",
            "bcfl.run_dir": folder,
            "bcfl.terms.max_participants": 400,
            "bcfl.terms.quorum": nodes,
        }
        first = ArrayRecord({"w": Array(np.zeros(PARAMETERS, np.float32))})
        strategy = FedAvg(
            fraction_evaluate=0.0, min_available_nodes=nodes, min_train_nodes=nodes, bcfl=config
        )
        with InProcessGrid(app, nodes, run_config=config) as grid:
            began = process_time()
            strategy.start(grid, first, num_rounds=rounds)
            all_of_it = process_time() - began
        files = [path for path in Path(folder).rglob("*") if path.suffix in {".json", ".jsonl"}]
        size = sum(path.stat().st_size for path in files)
    return {"server": all_of_it - TimedApp.spent, "node": TimedApp.spent, "bytes": size}


def of(checkout: Path, nodes: int) -> Row:
    """Measure the packages of a checkout in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--measure", str(nodes)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "FLWR_TELEMETRY_ENABLED": "0"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def added(pair: Pair) -> float:
    """Return what the tree adds to a round that trains, in percent of `TRAINING_MS`."""
    old, new = pair
    return 100 * (new["server"] - old["server"] + new["node"] - old["node"]) / TRAINING_MS


def medians(rows: Sequence[Row]) -> Row:
    """Return the median of each number."""
    return {key: statistics.median(row[key] for row in rows) for key in KEYS}


def page(found: dict[int, list[Pair]], repeats: int) -> str:
    """Return the page with what was measured."""
    lines = [
        "| nodes | server, ms a round | node, ms a round | bytes a node and round | added to 1 s |",
        "| -- | -- | -- | -- | -- |",
    ]
    for nodes, pairs in found.items():
        old, new = (medians(rows) for rows in zip(*pairs, strict=True))
        told = (
            f"{old['server']:.0f} → {new['server']:.0f}",
            f"{old['node']:.1f} → {new['node']:.1f}",
            f"{old['bytes']:.0f} → {new['bytes']:.0f}",
        )
        parts = [added(pair) for pair in pairs]
        span = f"{statistics.median(parts):+.1f} % ({min(parts):+.1f} to {max(parts):+.1f})"
        lines.append(f"| {nodes} | {' | '.join(told)} | {span} |")
    table = "\n".join(lines)
    return f"""# What the second protocol costs

Statements that bind more, signed instructions, what nodes and coordinators remember, and
commitments that are relayed as they arrive: what all of this adds to a round. Left of each arrow is
the first protocol (commit `{FIRST}`), right of it the tree. `python -m benchmarks.protocol_costs
CHECKOUT` prints this page, with a checkout of that commit.

{table}

Nodes add one to {PARAMETERS:,} parameters, with the plugins `staking` and `round_log`, on the
embedded chain. So all of the time is the protocol's. It is the time of the CPU, of all threads:
medians of {repeats} runs of each, in turns, each of {MANY} rounds less one of {FEW}. The server's
part has the chain in it, which signs nothing but checks every signature. On a real chain the nodes
that validate do that.

The bytes are those of the files of the run, the chain's blocks among them. The last column adds
what the server and one node need more, and holds it against a round that trains one second: nodes
work side by side, and the server after them. Each run is held against the one before it, so that a
machine that becomes slower meanwhile counts for neither. The column has the median of these pairs,
and in brackets the least and the most of them: the noise of one pair.

Python {platform.python_version()}, {os.cpu_count()} cores.
"""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, nargs="?")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure)))
        return
    if arguments.checkout is None:
        parser.error(f"name a checkout of the commit {FIRST}, the last of the first protocol")
    here, there = Path(__file__).resolve().parents[1], arguments.checkout.resolve()
    found: dict[int, list[Pair]] = {}
    for nodes in SIZES:
        found[nodes] = []
        for _ in range(arguments.repeats):
            pair = of(there, nodes), of(here, nodes)
            print(nodes, *pair, f"{added(pair):+.1f} %", flush=True)
            found[nodes].append(pair)
    from benchmarks.pages import write_page  # noqa: PLC0415 - not on the path of a measurement

    write_page(PAGE, page(found, arguments.repeats))


if __name__ == "__main__":
    main()
