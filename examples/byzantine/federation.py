"""One federation of ten nodes in this process, with Flower's FedAvg or with the drop-in."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from flwr.app import ArrayRecord, MetricRecord
from flwr.serverapp.strategy import FedAvg as FlowerFedAvg

from examples.byzantine import model
from examples.byzantine.attacks import Attack
from examples.byzantine.data import federated_digits
from examples.byzantine.nodes import app, plain_app
from strategies import FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from flwr.clientapp import ClientApp

    from bcfl_plugins import Session

POISONERS: Mapping[int, Attack] = {
    7: Attack.SIGN_FLIP,
    8: Attack.SCALED,
    9: Attack.LABEL_FLIP,
}
"""Which nodes poison, by partition. The server is never told."""


class Variant(Enum):
    """The three runs that the demo compares. All have the same nodes, data and first model."""

    CLEAN = "FedAvg, nobody poisons"
    POISONED = "FedAvg, three poison"
    DEFENDED = "FedAvg + bcfl, three poison"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run depends on; equal setups give equal runs.

    Without `own_defense` the plugin `outliers` has its defaults, not the demo's settings.
    """

    seed: int = 1
    rounds: int = 12
    nodes: int = 10
    alpha: float = 2.0
    min_examples: int = 40
    own_defense: bool = True


OnRound = Callable[[Variant, int, float], None]
"""Called with each accuracy on the central test set: before round 1 (as round 0) and after each."""


def run(
    setup: Setup, variant: Variant, on_round: OnRound, session: Session | None = None
) -> tuple[float, ...]:
    """Train one federation; the accuracy before round 1 and after each round.

    Parameters
    ----------
    session
        The open session of the defended run; the other two take none.
    """
    random.seed(setup.seed)  # Flower shuffles the nodes with it, and sums depend on the order
    federation = federated_digits(setup.seed, setup.nodes, setup.alpha, setup.min_examples)
    curve: list[float] = []

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        accuracy = model.accuracy(arrays.to_torch_state_dict(), federation.test)
        curve.append(accuracy)
        on_round(variant, server_round, accuracy)
        return MetricRecord({"accuracy": accuracy})

    poisoners = {} if variant is Variant.CLEAN else POISONERS
    node_configs = [
        {"attack": poisoners.get(node, Attack.NONE).value} for node in range(setup.nodes)
    ]
    run_config = {"seed": setup.seed, "alpha": setup.alpha, "min-examples": setup.min_examples}
    client: ClientApp = plain_app
    strategy = FlowerFedAvg(fraction_evaluate=0.0)
    if variant is Variant.DEFENDED:
        client, strategy = app, FedAvg(fraction_evaluate=0.0, bcfl=session)
    with InProcessGrid(client, node_configs=node_configs, run_config=run_config) as grid:
        strategy.start(
            grid,
            initial_arrays=ArrayRecord(model.initial_state(setup.seed)),
            num_rounds=setup.rounds,
            evaluate_fn=evaluate,
        )
    return tuple(curve)
