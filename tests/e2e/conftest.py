"""A federation of numpy on the embedded chain: ten nodes, three of which attack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict
from flwr.app import Message as FlowerMessage

from pallet_bridge.run.journal import RunRecord, read_run
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NODES = 10
ATTACKERS = frozenset({0, 1, 2})
STEP = 0.1


def node_app(attackers: frozenset[int] = ATTACKERS) -> ClientApp:
    """Honest nodes move every weight up by about STEP; attackers move it down, far."""
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        model = message.content["arrays"]["w"].numpy()
        node = int(context.node_config["partition-id"])
        noise = np.random.default_rng([node, abs(int(1e4 * model.sum()))]).normal(0, STEP / 5, 200)
        delta = STEP + noise if node not in attackers else -8 * STEP + noise
        arrays = ArrayRecord({"w": Array((model + delta).astype(np.float32))})
        metrics = MetricRecord({"num-examples": 50, "loss": 0.1})
        return FlowerMessage(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


def striking(plugins: str) -> dict[str, str]:
    """Return the setting with which a rejection strikes: few rounds are then enough for a slash."""
    return {"bcfl.outliers.evidence": "streak"} if "outliers" in plugins else {}


@dataclass(frozen=True)
class Run:
    means: list[float]
    folder: Path | None
    model: np.ndarray

    @property
    def record(self) -> RunRecord:
        assert self.folder is not None
        return read_run(self.folder)


@pytest.fixture
def federate(tmp_path: Path) -> Any:
    """Train a federation with a config; return the model's mean after each round and its folder.

    `after` has something to do when a round was evaluated, `start` is the model to start from.
    """

    def run(
        rounds: int = 6,
        node_configs: Sequence[Mapping[str, Any]] | None = None,
        after: Mapping[int, Callable[[], object]] | None = None,
        start: np.ndarray | None = None,
        **bcfl: object,
    ) -> Run:
        config: Mapping[str, Any] = {
            "bcfl.run_dir": str(tmp_path / "runs"),
            "bcfl.terms.dispute_blocks": 2,
            "bcfl.terms.strikes_to_slash": 3,
            **striking(str(bcfl.get("plugins", ""))),
            **{f"bcfl.{name}": value for name, value in bcfl.items()},
        }
        means = []

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            means.append(float(arrays["w"].numpy().mean()))
            if after is not None and server_round in after:
                after[server_round]()
            return MetricRecord({"mean": means[-1]})

        with InProcessGrid(
            node_app(), num_nodes=NODES, node_configs=node_configs, run_config=config
        ) as grid:
            strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
            model = np.zeros(200, np.float32) if start is None else start
            first = ArrayRecord({"w": Array(model)})
            result = strategy.start(grid, first, num_rounds=rounds, evaluate_fn=evaluate)
        folders = sorted((tmp_path / "runs").glob("*"))
        return Run(means, folders[-1] if folders else None, result.arrays["w"].numpy())

    return run
