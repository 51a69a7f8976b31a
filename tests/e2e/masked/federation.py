"""A federation whose updates are masked: nodes, and what each really trained, in integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp

from bcfl_plugins.secure.sizes import MaskScale, bits_for
from pallet_bridge.run.journal import RunRecord, read_run
from strategies import (
    ClientApp,
    FedAvg,
    bcfl_identity,
    bcfl_keys,
    bcfl_mod,
    bcfl_shares,
    bcfl_sketch,
    bcfl_unmask,
)
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SHAPES = {"w": (40, 60), "b": (1600,)}
SIZE = 40 * 60 + 1600
STEP = 0.1
SKETCH = {"secure.tables": 1, "secure.width": 128}
JUDGED = "staking, secure_aggregation, outliers, rewards, round_log"
SUMMED = "staking, secure_aggregation, rewards, round_log"


GROUPED = {"secure.mode": "groups", "secure.group": 3}


class Stopped(Exception):
    """The app fails in the middle of its run."""


@dataclass
class Trained:
    """What came of a run."""

    models: list[dict[str, np.ndarray]]
    updates: list[dict[int, np.ndarray]]
    folder: Path
    grid: InProcessGrid = field(repr=False)

    @property
    def record(self) -> RunRecord:
        return read_run(self.folder)

    def sum_is_of(self, server_round: int, nodes: Sequence[int], roster: int) -> bool:
        """Say whether a model is the one before, moved by the exact mean of these updates."""
        scale = MaskScale(1.0, bits_for(roster, 1.0))
        before, after = self.models[server_round - 1], self.models[server_round]
        total = np.zeros(SIZE, np.uint32)
        for node in nodes:
            total += self.updates[server_round - 1][node]
        place = 0
        for name, start in before.items():
            wanted = scale.mean(total, len(nodes), start, place)
            if not np.array_equal(wanted, after[name]):
                return False
            place += start.size
        return True


def first_model() -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}


def train_with(
    attackers: frozenset[int],
    seen: dict[tuple[int, bytes], np.ndarray],
    roster: int,
    size: float,
) -> Callable[[Message, Any], Message]:
    """Return how nodes train; what they would send without masks is noted in `seen`."""
    scale = MaskScale(1.0, bits_for(roster, 1.0))

    def train(message: Message, context: Any) -> Message:
        (record,) = message.content.array_records.values()
        model = {name: array.numpy() for name, array in record.items()}
        node = int(context.node_config["partition-id"])
        digest = b"".join(one.tobytes() for one in model.values())
        rng = np.random.default_rng([node, abs(int(1e4 * float(model["w"].sum())))])
        step = size * STEP if node in attackers else STEP
        trained = {
            name: (one + step + rng.normal(0, STEP / 5, one.shape)).astype(np.float32)
            for name, one in model.items()
        }
        vector = np.zeros(SIZE, np.uint32)
        scale.write([(model[n], trained[n]) for n in model], vector)
        seen[node, digest] = vector
        arrays = ArrayRecord({name: Array(one) for name, one in trained.items()})
        metrics = MetricRecord({"num-examples": 10 + node, "loss": 0.1 * node})
        return Message(RecordDict({"arrays": arrays, "m": metrics}), reply_to=message)

    return train


def flowers_own(train: Callable[[Message, Any], Message]) -> FlowerClientApp:
    """Return Flower's ClientApp, set up as the page ``mask-updates`` says."""
    app = FlowerClientApp(mods=[bcfl_mod])
    app.train()(train)
    for answer in (bcfl_identity, bcfl_keys, bcfl_shares, bcfl_sketch, bcfl_unmask):
        app.query(answer.__name__)(answer)
    return app


class Node(ClientApp):
    """Honest nodes move every weight up by about STEP; attackers move it down.

    `twist` changes what a node answers: it gets the node's number, the question and the answer.
    """

    def __init__(
        self,
        train: Callable[[Message, Any], Message],
        twist: Callable[[int, Message, Message], Message] | None = None,
    ) -> None:
        super().__init__()
        self._twist = twist
        self.train()(train)

    def __call__(self, message: Message, context: Any) -> Message:
        reply = super().__call__(message, context)
        if self._twist is None:
            return reply
        return self._twist(message.metadata.dst_node_id - FIRST_NODE_ID, message, reply)


def federate(
    folder: Path,
    *,
    rounds: int = 1,
    nodes: int = 6,
    attackers: frozenset[int] = frozenset(),
    plugins: str = JUDGED,
    fail: Callable[[Message], str | None] | None = None,
    twist: Callable[[int, Message, Message], Message] | None = None,
    strategy: Callable[..., Any] = FedAvg,
    node_configs: Sequence[Mapping[str, Any]] | None = None,
    grid: type[InProcessGrid] = InProcessGrid,
    size: float = -2.0,
    is_flowers_own: bool = False,
    stop: int = -1,
    **bcfl: object,
) -> Trained:
    """Train a masked federation, and return the models after each round, the first before all.

    At the end of round `stop` the app fails.
    """
    config: Mapping[str, Any] = {
        "bcfl.run_dir": str(folder / "runs"),
        "bcfl.plugins": plugins,
        **({"bcfl.outliers.shares": "off"} if "outliers" in plugins else {}),
        **({} if "secure.mode" in bcfl else {f"bcfl.{n}": one for n, one in SKETCH.items()}),
        **{f"bcfl.{name}": value for name, value in bcfl.items()},
    }
    seen: dict[tuple[int, bytes], np.ndarray] = {}
    models = [first_model()]

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        if server_round == stop:
            raise Stopped
        if server_round:
            models.append({name: one.numpy() for name, one in arrays.items()})
        return MetricRecord({"mean": float(arrays["w"].numpy().mean())})

    train = train_with(attackers, seen, nodes, size)
    app = flowers_own(train) if is_flowers_own else Node(train, twist)
    with grid(
        app, num_nodes=nodes, run_config=config, fail=fail, node_configs=node_configs
    ) as made:
        made_strategy = strategy(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
        start = ArrayRecord({name: Array(one) for name, one in first_model().items()})
        made_strategy.start(made, start, num_rounds=rounds, evaluate_fn=evaluate)
    updates = []
    for model in models:
        digest = b"".join(one.tobytes() for one in model.values())
        updates.append({n: one for (n, before), one in seen.items() if before == digest})
    return Trained(models, updates, max((folder / "runs").glob("*")), made)
