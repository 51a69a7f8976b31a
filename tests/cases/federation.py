"""A federation in this process whose nodes do what a function of their number says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from strategies import ClientApp
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Arrays = dict[str, Any]
    Step = Callable[[int, Arrays, Message], Mapping[str, Any]]


def record(arrays: Mapping[str, Any]) -> ArrayRecord:
    """Return arrays as Flower carries them; what is an `Array` already stays as it is."""
    return ArrayRecord(
        {
            name: one if isinstance(one, Array) else Array(np.asarray(one))
            for name, one in arrays.items()
        }
    )


def run(
    strategy: Any,
    model: Mapping[str, Any],
    step: Step,
    *,
    nodes: int,
    rounds: int = 1,
    metrics: Callable[[int], Mapping[str, Any]] = lambda node: {},
    node_configs: Sequence[Mapping[str, Any]] | None = None,
    **options: Any,
) -> dict[str, Any] | None:
    """Train with a strategy, and return the arrays of the model at the end.

    `step` takes the number of a node, the arrays that came and the message, and returns those that
    the node sends; `metrics` are what it says beside its ten examples.
    """
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Any) -> Message:
        node = int(context.node_config["partition-id"])
        (sent,) = message.content.array_records.values()
        arrays = step(node, {name: array.numpy() for name, array in sent.items()}, message)
        said = MetricRecord({"num-examples": 10, **metrics(node)})
        content = RecordDict({"arrays": record(arrays), "metrics": said})
        return Message(content, reply_to=message)

    extra = {} if node_configs is None else {"node_configs": node_configs}
    with InProcessGrid(app, num_nodes=nodes, **extra) as grid:
        result = strategy.start(grid, record(model), num_rounds=rounds, **options)
    if not result.arrays:
        return None
    return {name: array.numpy() for name, array in result.arrays.items()}
