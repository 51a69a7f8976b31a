"""What a level of ``bcfl.evidence.publish`` adds to whole rounds: messages, chain and files.

The same federation is run at two levels, in one process, on the embedded chain: nodes that add one
to a million parameters. ``python -m benchmarks.evidence_rounds`` prints the second table of
``docs/measurements/evidence-costs.md``.
"""

from __future__ import annotations

import argparse
import tempfile
from time import process_time
from typing import Any, Final

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict

from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

PARAMETERS: Final = 1_000_000
TRAINING_MS: Final = 1000
LEVELS: Final = ("decision", "sketch")


class TimedApp(ClientApp):
    """Counts the CPU time of its nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.spent = 0.0
        self.train()(_train)

    def __call__(self, message: Message, context: Context) -> Message:
        """Handle one message."""
        began = process_time()
        reply = super().__call__(message, context)
        self.spent += process_time() - began
        return reply


def _train(message: Message, context: Context) -> Message:
    arrays = message.content["arrays"]
    if not isinstance(arrays, ArrayRecord):
        raise TypeError("a round without arrays")
    rng = np.random.default_rng(int(context.node_config["partition-id"]))
    step = np.float32(0.01) * (1 + rng.standard_normal(PARAMETERS, np.float32))
    content: dict[str, Any] = {
        "arrays": ArrayRecord({"w": Array(arrays["w"].numpy() + step)}),
        "metrics": MetricRecord({"num-examples": 10}),
    }
    return Message(RecordDict(content), reply_to=message)


def spent(nodes: int, level: str, rounds: int) -> tuple[float, float]:
    """Return milliseconds of CPU of a run: of the server with its chain, and of all nodes."""
    app = TimedApp()
    with tempfile.TemporaryDirectory() as folder:
        config: dict[str, Any] = {
            "bcfl.plugins": "staking, outliers, round_log",
            "bcfl.run_dir": folder,
            "bcfl.evidence.publish": level,
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
            whole = process_time() - began
    return 1000 * (whole - app.spent), 1000 * app.spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    spent(3, "sketch", 1)  # what is made once in a process
    print("| nodes | level | server, ms a round | node, ms a round | added to 1 s |")
    print("| --: | -- | --: | --: | --: |")
    for nodes in asked.nodes:
        before: float | None = None
        for level in LEVELS:
            few, many = (spent(nodes, level, rounds) for rounds in (1, 1 + asked.rounds))
            server, all_nodes = (
                (more - less) / asked.rounds for more, less in zip(many, few, strict=True)
            )
            node = all_nodes / nodes
            added = (
                "" if before is None else f"{100 * (server + node - before) / TRAINING_MS:.1f} %"
            )
            before = server + node
            print(f"| {nodes} | {level} | {server:.0f} | {node:.1f} | {added} |", flush=True)


if __name__ == "__main__":
    main()
