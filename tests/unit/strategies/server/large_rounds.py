"""A server with little memory and nodes with large models, which answer when they are asked."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

import strategies
from bcfl_plugins import BcflConfig
from strategies._flower import delivered
from strategies.messages.arrays import to_array
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flwr.app import Context

NODES, ENTRIES, ROOM = 40, 2_000_000, 160 << 20

app = strategies.ClientApp()


@app.train()
def step(message: Message, context: Context) -> Message:
    """Move by what only this node knows."""
    rng = np.random.default_rng(int(context.node_config["partition-id"]))
    moved = rng.standard_normal(ENTRIES, np.float32) * np.float32(0.01) + np.float32(1.0)
    content = RecordDict(
        {
            "arrays": ArrayRecord({"w": to_array(moved)}),
            "metrics": MetricRecord({"num-examples": 10}),
        }
    )
    return Message(content, reply_to=message)


class Late(InProcessGrid):
    """Its nodes train when their reply is pulled, as if they were elsewhere until then."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pushed: dict[str, Message] = {}

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        named = {f"late-{len(self._pushed) + i}": one for i, one in enumerate(messages)}
        self._pushed |= named
        return list(named)

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        asked = [(name, self._pushed.pop(name)) for name in message_ids if name in self._pushed]
        found = [(name, self._deliver(delivered(one, name))) for name, one in asked]
        return [delivered(one, f"reply-{name}") for name, one in found if one is not None]


def train(folder: Path, over: int) -> str:
    """Train one round with so much memory more than at its start; say how many were accepted."""
    keys = {
        "bcfl.plugins": "outliers",
        "bcfl.chain": "none",
        "bcfl.run_dir": str(folder),
        "bcfl.spool.over_mib": over,
    }
    strategy = strategies.FedAvg(
        fraction_evaluate=0.0,
        min_train_nodes=1,
        min_available_nodes=1,
        bcfl=BcflConfig.from_run_config(keys),
    )
    model = ArrayRecord({"w": to_array(np.zeros(ENTRIES, np.float32))})
    taken = next(
        int(line.split()[1]) << 10
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmData")
    )
    resource.setrlimit(resource.RLIMIT_DATA, (taken + ROOM, taken + ROOM))
    with Late(app, num_nodes=NODES) as grid:
        result = strategy.start(grid, initial_arrays=model, num_rounds=1)
    mean = float(result.arrays["w"].numpy().mean())
    return f"{NODES} accepted" if abs(mean - 1.0) < 1e-3 else f"mean {mean}"
