"""A federation of three hospitals on a chain behind a URL, and apps that train in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KEYS = [f"//clinic-{number}" for number in range(3)]
OWNER = Signer.from_uri("//Alice")


def found(url: str, **terms: Any) -> None:
    """Make federation 0, with three members."""
    written = TermsConfig(**{"admission": "open", "coordinator_bond": Planck(0), **terms})
    signers = [Signer.from_uri(uri) for uri in KEYS]
    with connect(url) as client:
        client.execute(calls.create_federation(terms_of(written), bytes(32)), OWNER)
        gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
        client.execute(calls.batch([calls.fund(0, Planck(300 * UNIT)), *gifts]), OWNER)
        for signer in signers:
            client.execute(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), signer)


def node_app() -> ClientApp:
    """Return an app that adds one to the model."""
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        del context
        moved = message.content["arrays"]["w"].numpy() + np.float32(1)
        arrays = ArrayRecord({"w": Array(moved)})
        metrics = MetricRecord({"num-examples": 10})
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


@dataclass
class Server:
    """An app's server beside a chain, which may be started several times."""

    url: str
    runs: Path

    def train(
        self,
        rounds: int = 2,
        start: float = 0.0,
        after: Mapping[int, Callable[[], object]] | None = None,
        network: type[InProcessGrid] = InProcessGrid,
        **more: object,
    ) -> float:
        """Train; return the model's first number. `after` is done once a round was measured."""
        config: dict[str, Any] = {
            "bcfl.plugins": "staking, round_log",
            "bcfl.chain": self.url,
            "bcfl.run_dir": str(self.runs),
            **{f"bcfl.{name}": value for name, value in more.items()},
        }

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
            (after or {}).get(server_round, lambda: None)()
            return MetricRecord({"model": float(arrays["w"].numpy()[0])})

        keys = [{"bcfl-key-uri": uri} for uri in KEYS]
        with network(node_app(), node_configs=keys, run_config=config) as grid:
            first = ArrayRecord({"w": Array(np.full(4, start, np.float32))})
            result = FedAvg(fraction_evaluate=0.0, bcfl=config).start(
                grid, first, num_rounds=rounds, evaluate_fn=evaluate
            )
        return float(result.arrays["w"].numpy()[0])

    @property
    def folders(self) -> list[Path]:
        return sorted(self.runs.iterdir())
