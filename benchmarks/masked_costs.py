"""What masks cost, and what their sketches tell: ``python -m benchmarks.masked_costs``.

The same federation is run with plain updates, and in each mode of masks, each in a process of its
own, on the embedded chain. Nodes add noise to their parameters, so all
time is that of the protocol. ``docs/measurements/masked-costs.md`` is written from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/measurements/masked-costs.md"
NODES: Final = 20
PARAMETERS: Final = 1_000_000
FEW, MANY = 1, 3
NEIGHBOURS: Final = (19, 99)
MODES: Final = {
    "plain": "staking, outliers, round_log",
    "sum": "staking, secure_aggregation, round_log",
    "sketch": "staking, secure_aggregation, outliers, round_log",
    "groups": "staking, secure_aggregation, outliers, round_log",
    "two_servers": "staking, secure_aggregation, outliers, round_log",
}
TWO_SERVERS: Final = "two_servers"
TIMES: Final = 3
"""Measurements of a mode, of which the one in the middle counts."""
LEAK_PARAMETERS, LEAK_WIDTH = 1280, 64
LEAK_ROUNDS: Final = (1, 2, 5, 10, 20)

Row = dict[str, float]


def measure(mode: str) -> Row:
    """Return what one round costs in a mode: seconds of CPU, and bytes that a node sends."""
    _run(mode, FEW)  # what is made once in a process
    few, many = _run(mode, FEW), _run(mode, MANY)
    rounds = MANY - FEW
    return {
        "server": (many["server"] - few["server"]) / rounds,
        "node": (many["node"] - few["node"]) / rounds / NODES,
        "second": (many["second"] - few["second"]) / rounds,
        "bytes": (many["bytes"] - few["bytes"]) / rounds / NODES,
    }


def _run(mode: str, rounds: int) -> Row:
    import numpy as np  # noqa: PLC0415 - the process that compares needs none of these
    from flwr.app import (  # noqa: PLC0415
        Array,
        ArrayRecord,
        Context,
        Message,
        MetricRecord,
        RecordDict,
    )

    from benchmarks.second_server import second_server  # noqa: PLC0415
    from strategies import ClientApp, FedAvg  # noqa: PLC0415
    from strategies.testing import InProcessGrid  # noqa: PLC0415

    class TimedApp(ClientApp):
        spent = 0.0
        sent = 0

        def __call__(self, message: Message, context: Context) -> Message:
            began = process_time()
            reply = super().__call__(message, context)
            TimedApp.spent += process_time() - began
            TimedApp.sent += sum(record.count_bytes() for record in reply.content.values())
            return reply

    app = TimedApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        (record,) = message.content.array_records.values()
        rng = np.random.default_rng(int(context.node_config["partition-id"]))
        step = rng.standard_normal(PARAMETERS, np.float32)
        weights = record["w"].numpy() + np.float32(0.001) * (step + 1)
        content: dict[str, Any] = {
            "arrays": ArrayRecord({"w": Array(weights)}),
            "metrics": MetricRecord({"num-examples": 10}),
        }
        return Message(RecordDict(content), reply_to=message)

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        beside = None
        config: dict[str, Any] = {"bcfl.plugins": MODES[mode], "bcfl.run_dir": folder}
        if mode != "plain":
            config["bcfl.secure.mode"] = mode
        if mode != "sum":
            config["bcfl.outliers.shares"] = "off"
        if mode == TWO_SERVERS:
            beside = stack.enter_context(second_server(Path(folder) / "second", NODES))
            config |= beside.config
        first = ArrayRecord({"w": Array(np.zeros(PARAMETERS, np.float32))})
        strategy = FedAvg(
            fraction_evaluate=0.0, min_available_nodes=NODES, min_train_nodes=NODES, bcfl=config
        )
        said = None if beside is None else beside.nodes
        with InProcessGrid(app, NODES, run_config=config, node_configs=said) as grid:
            before = 0.0 if beside is None else beside.spent()
            began = process_time()
            strategy.start(grid, first, num_rounds=rounds)
            whole = process_time() - began
            second = 0.0 if beside is None else beside.spent() - before
    sent = TimedApp.sent + (4 * PARAMETERS * NODES * rounds if beside is not None else 0)
    spent = TimedApp.spent
    return {"server": whole - spent, "node": spent, "second": second, "bytes": sent}


def masking(neighbours: int) -> float:
    """Return the milliseconds of CPU that the masks of so many neighbours take."""
    import numpy as np  # noqa: PLC0415

    from bcfl_plugins.secure.streams import add_streams  # noqa: PLC0415

    vector = np.zeros(PARAMETERS, np.uint32)
    seeds = [sha256(bytes([n])).digest() for n in range(neighbours + 1)]
    best = float("inf")
    for _ in range(5):
        began = process_time()
        add_streams(vector, seeds)
        best = min(best, process_time() - began)
    return 1000 * best


def reconstructed(rounds: int) -> float:
    """Return the cosine of the best guess at an update that is the same in so many rounds."""
    import numpy as np  # noqa: PLC0415

    from bcfl_plugins.secure.sketches import Sketching, SketchSize  # noqa: PLC0415

    rows, seen = [], []
    update = np.random.default_rng(1).normal(0, 1, LEAK_PARAMETERS)
    for number in range(rounds):
        sketching = Sketching(SketchSize(1, LEAK_WIDTH), sha256(bytes([number])).digest())
        unit = np.zeros(LEAK_PARAMETERS, np.uint32)
        columns = []
        for place in range(LEAK_PARAMETERS):
            unit[place] = 1
            columns.append(sketching.of_vector(unit)[0].view(np.int32))
            unit[place] = 0
        matrix = np.array(columns, np.float64).T
        rows.append(matrix)
        seen.append(matrix @ update)
    guess = np.linalg.lstsq(np.vstack(rows), np.concatenate(seen), rcond=None)[0]
    return float(guess @ update / np.linalg.norm(guess) / np.linalg.norm(update))


def of(mode: str) -> Row:
    """Measure a mode some times, in processes of their own, and return the one in the middle."""
    found = [_once(mode) for _ in range(TIMES)]
    return {name: median(one[name] for one in found) for name in found[0]}


def _once(mode: str) -> Row:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.masked_costs", "--measure", mode],
        env={**os.environ, "FLWR_TELEMETRY_ENABLED": "0"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def page(rows: dict[str, Row], masks: dict[int, float], leak: dict[int, float]) -> str:
    """Return the page with what was measured."""
    plain = rows["plain"]
    lines = [
        "| updates | node, s | server, s | second server, s | all, s | as plain | bytes a weight |",
        "| -- | -- | -- | -- | -- | -- | -- |",
    ]

    def whole(row: Row) -> float:
        return row["server"] + row["second"] + NODES * row["node"]

    for mode, row in rows.items():
        lines.append(
            f"| {mode} | {row['node']:.3f} | {row['server']:.2f} "
            f"| {format(row['second'], '.2f') if row['second'] else ''} | {whole(row):.2f} "
            f"| {whole(row) / whole(plain):.1f} | {row['bytes'] / PARAMETERS:.2f} |"
        )
    streams = ", ".join(f"{ms:.0f} ms for {n} neighbours" for n, ms in masks.items())
    told = "\n".join(f"| {n} | {cosine:.2f} |" for n, cosine in leak.items())
    table = "\n".join(lines)
    return f"""# What masks cost, and what sketches tell

`python -m benchmarks.masked_costs` prints this page.

## Cost

{NODES} nodes with {PARAMETERS:,} parameters each, on the embedded chain, with the default sizes of
sketches. Nodes add noise to their parameters, so nearly all of the time is the protocol's.

{table}

It is the time of the CPU, rounds {FEW + 1} to {MANY}, the middle one of {TIMES} measurements;
other programs ran on the machine. Nodes, server and chain are one process, and the server's part
has the chain in it. The second server is a process of its own. In `plain` the server judges
updates, in `sketch` and `two_servers` their sketches, in `groups` the means of groups of five, and
in `sum` nothing. With two servers a node's bytes are the half that goes to the second one, and the
seed that goes to the first. The masks alone of {PARAMETERS:,} parameters take a node {streams}.

Each question about masks is one more exchange of messages: one more in a run (`bcfl_keys`), and two
(`sum`, `groups`) or three (`sketch`) more in a round. With two servers it is one more in a round
(`bcfl_sketch`). In this process they take no time; in a deployment each
takes as long as a node needs to look for messages and to start its app.

## What a sketch tells

A sketch has at most one number for 20 parameters. This is how well the best linear guess at an
update fits it (cosine, 1 is the update itself), where a node sends the **same** update in so many
rounds. The model has {LEAK_PARAMETERS:,} parameters and sketches of {LEAK_WIDTH} numbers.

| rounds | cosine of the guess |
| -- | -- |
{told}

Updates differ from round to round. What is the same in all of them adds up, and after as many
rounds as there are parameters for one number of a sketch it is known. Take the mode `sum`, or
sketches of fewer numbers, where that is too much.

Python {platform.python_version()}, {os.cpu_count()} cores.
"""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", choices=[*MODES], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure)))
        return
    rows = {}
    for mode in MODES:
        rows[mode] = of(mode)
        print(mode, rows[mode], flush=True)
    masks = {count: masking(count) for count in NEIGHBOURS}
    leak = {rounds: reconstructed(rounds) for rounds in LEAK_ROUNDS}
    from benchmarks.pages import write_page  # noqa: PLC0415 - not on the path of a measurement

    write_page(PAGE, page(rows, masks, leak))


if __name__ == "__main__":
    main()
