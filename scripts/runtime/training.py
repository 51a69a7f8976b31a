"""A small federation that trains while something goes wrong, and what became of its rounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge import audit_run
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.run import read_run
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flwr.app import Context

    from examples.deployment.chain import Founded

NODES, ROUNDS, BAD_ROUND = 4, 4, 2
GOOD: Final = f"{ROUNDS} settled; nothing wrong"


def node_app() -> ClientApp:
    """Return an app whose nodes add one, each with its number besides."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        number = int(context.node_config["partition-id"])
        weights = message.content.array_records["arrays"]["w"].numpy() + 1 + 0.01 * number
        arrays = ArrayRecord({"w": Array(weights.astype(np.float32))})
        metrics = MetricRecord({"num-examples": 10})
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


@dataclass(frozen=True)
class Training:
    """A run of some rounds on the chain behind a URL.

    Parameters
    ----------
    url : str
        What the run is told.
    founded : Founded
        The federation.
    folder : Path
        Holds this run alone.
    """

    url: str
    founded: Founded
    folder: Path

    @property
    def _config(self) -> dict[str, Any]:
        return {
            "bcfl.plugins": "staking, outliers, slashing, rewards, round_log",
            "bcfl.chain": self.url,
            "bcfl.federation": self.founded.federation,
            "bcfl.coordinator": f"file:{self.founded.coordinator_key}",
            "bcfl.run_dir": str(self.folder),
        }

    def is_refused(self) -> bool:
        """Start a run whose chain is not there; say whether it says so."""
        try:
            self._start(None)
        except ChainUnavailable:
            return True
        return False

    def run(self, begin: Callable[[], None] | None) -> str:
        """Train, and let something begin in the middle; return what the run complains of."""
        try:
            self._start(begin)
        except RecordIncomplete as error:
            return f"; the run says: {error}"
        return ""

    def told(self, url: str) -> str:
        """Return how the rounds ended, and what the audit finds at another chain's URL."""
        (run,) = self.folder.iterdir()
        ends = Counter(str(line.outcome) for line in read_run(run).rounds)
        report = audit_run(run, chain=url)
        wrong = "; ".join(str(one) for one in report.findings) or "nothing wrong"
        return ", ".join(f"{count} {end}" for end, count in ends.items()) + f"; {wrong}"

    def _start(self, begin: Callable[[], None] | None) -> None:
        def after(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            if server_round == BAD_ROUND and begin is not None:
                begin()
            return MetricRecord({"mean": float(arrays["w"].numpy().mean())})

        config = self._config
        keys = [{"bcfl-key-uri": f"file:{path}"} for path in self.founded.node_keys]
        first = ArrayRecord({"w": Array(np.zeros(50, np.float32))})
        strategy = FedAvg(fraction_evaluate=0.0, min_available_nodes=NODES, bcfl=config)
        with InProcessGrid(node_app(), node_configs=keys, run_config=config) as grid:
            strategy.start(grid, first, num_rounds=ROUNDS, evaluate_fn=after)
