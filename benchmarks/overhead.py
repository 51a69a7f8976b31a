"""What `CheckedStrategy` adds to a run: ``python -m benchmarks.overhead``.

The same federation with and without the checks, in turns, in one process; the ratio of the times is
printed. The nodes train a softmax regression on scikit-learn's digits, so that a round has the work
that a small real one has.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
from time import perf_counter
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import FedAvg
from sklearn.datasets import load_digits

from strategies.testing import CheckedStrategy, InProcessGrid

NODES = 10
CLASSES = 10


def node_app(steps: int) -> ClientApp:
    """Return an app whose nodes make this many full-batch steps on their part of the digits."""
    images, labels = load_digits(return_X_y=True)
    images = images.astype(np.float32) / 16
    wanted = np.eye(CLASSES, dtype=np.float32)[labels]
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Any) -> Message:  # noqa: ANN401 - Flower's context
        part = slice(context.node_config["partition-id"], None, NODES)
        x, y = images[part], wanted[part]
        weight = message.content["arrays"]["w"].numpy().copy()
        for _ in range(steps):
            logits = x @ weight
            odds = np.exp(logits - logits.max(axis=1, keepdims=True))
            weight -= 0.5 * x.T @ (odds / odds.sum(axis=1, keepdims=True) - y) / len(x)
        content = {
            "arrays": ArrayRecord({"w": Array(weight)}),
            "metrics": MetricRecord({"num-examples": len(x)}),
        }
        return Message(RecordDict(content), reply_to=message)

    return app


def seconds(app: ClientApp, rounds: int, *, checked: bool) -> float:
    """Return how long a run takes."""
    strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=NODES)
    first = ArrayRecord({"w": Array(np.zeros((64, CLASSES), np.float32))})
    with InProcessGrid(app, NODES) as grid:
        began = perf_counter()
        made = CheckedStrategy(strategy) if checked else strategy
        made.start(grid, first, num_rounds=rounds)
        return perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="pairs of runs")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=50, help="local steps of each node")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logging.getLogger("flwr").setLevel(logging.ERROR)
    app = node_app(arguments.steps)
    seconds(app, 1, checked=True)
    pairs = [
        (
            seconds(app, arguments.rounds, checked=False),
            seconds(app, arguments.rounds, checked=True),
        )
        for _ in range(arguments.runs)
    ]
    ratio = statistics.median(checked / plain for plain, checked in pairs)
    plain = statistics.median(plain for plain, _ in pairs)
    if arguments.json:
        print(json.dumps({"ratio": ratio, "plain_s": plain}))
    else:
        print(f"{NODES} nodes, {arguments.rounds} rounds: {plain:.3f} s; checked {ratio:.3f} times")


if __name__ == "__main__":
    main()
