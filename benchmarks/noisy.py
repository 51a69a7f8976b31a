"""A federation on the embedded chain whose nodes add noise to the model, for benchmarks."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - a signature names it
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict

from strategies import FedAvg


def noisy_training(message: Message, context: Context) -> Message:
    """Train a node: add about 0.01 to each weight, and noise of its own."""
    arrays = message.content["arrays"]
    if not isinstance(arrays, ArrayRecord):
        raise TypeError("a round without arrays")
    weights = arrays["w"].numpy()
    rng = np.random.default_rng(int(context.node_config["partition-id"]))
    step = np.float32(0.01) * (1 + rng.standard_normal(weights.size, np.float32))
    content: dict[str, Any] = {
        "arrays": ArrayRecord({"w": Array(weights + step)}),
        "metrics": MetricRecord({"num-examples": 10}),
    }
    return Message(RecordDict(content), reply_to=message)


def judged_federation(folder: Path, nodes: int, **more: object) -> dict[str, Any]:
    """Return the config of a run that stakes, judges and records."""
    return {
        "bcfl.plugins": "staking, outliers, round_log",
        "bcfl.run_dir": str(folder),
        "bcfl.terms.max_participants": 400,
        "bcfl.terms.quorum": nodes,
        **{f"bcfl.{name}": value for name, value in more.items()},
    }


def averaging(config: dict[str, Any], nodes: int) -> FedAvg:
    """Return a strategy that has all nodes train, and none evaluate."""
    return FedAvg(
        fraction_evaluate=0.0, min_available_nodes=nodes, min_train_nodes=nodes, bcfl=config
    )


def zeros(parameters: int) -> ArrayRecord:
    """Return the model that a run begins with."""
    return ArrayRecord({"w": Array(np.zeros(parameters, np.float32))})
