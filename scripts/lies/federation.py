"""A small federation on an embedded chain, and what an audit reads of its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array as FlowerArray
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.replay.run import Replayer
from pallet_bridge.audit.audited import Replayed
from pallet_bridge.audit.run import audit_run
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from flwr.app import Context

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.types import Array
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.audit.run import AuditReport

    Arrivals = Callable[[Sequence[Message]], Sequence[Message]]

NODES, SIZE, STEP = 6, 40, 0.1
ATTACKERS = frozenset({5})
TARGET = 1.0


@dataclass(frozen=True, slots=True)
class HonestRun:
    """A run of which all is true.

    Parameters
    ----------
    folder : Path
        Its folder.
    audited : AuditedRun
        What an audit read of it.
    again : Replayed
        What came of deciding it again.
    """

    folder: Path
    audited: AuditedRun
    again: Replayed


def trained(model: Array, node: int, attackers: frozenset[int] = ATTACKERS) -> dict[str, Array]:
    """Return what a node makes of the weights of a model."""
    seed = [node, abs(int(1e4 * model.sum()))]
    noise = np.random.default_rng(seed).normal(0, STEP / 5, SIZE)
    delta = (-8 * STEP if node in attackers else STEP) + noise
    return {
        "w": (model + delta).astype(np.float32),
        "norm.running_mean": np.full(3, 0.1 * node, np.float32),
        "steps": np.array(7 + node),
    }


def node_app(attackers: frozenset[int]) -> ClientApp:
    """Honest nodes move every weight up; attackers move it down, far."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        node = int(context.node_config["partition-id"])
        made = trained(message.content["arrays"]["w"].numpy(), node, attackers)
        arrays = {name: FlowerArray(array) for name, array in made.items()}
        metrics = MetricRecord({"num-examples": 40 + 5 * node})
        content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": metrics})
        return Message(content, reply_to=message)

    return app


def losses(model: Mapping[str, Array]) -> Floats:
    """Return a server's own measure of a model."""
    found: Floats = np.square(model["w"][:30].astype(np.float64) - TARGET)
    return found


def run_federation(
    folder: Path,
    level: str,
    *,
    rounds: int = 3,
    method: str = "cluster_guard",
    measured: bool = False,
    strategy: Callable[..., Any] = FedAvg,
    arrivals: Arrivals | None = None,
    **settings: object,
) -> Path:
    """Run a federation and return the folder of its run.

    Parameters
    ----------
    folder
        Where runs are kept.
    level
        ``bcfl.evidence.publish``.
    rounds
        How many.
    method
        Which rule judges.
    measured
        Whether the server has data of its own.
    strategy
        Which strategy averages.
    arrivals
        As in `InProcessGrid`.
    **settings
        More keys under ``bcfl``, without the prefix.
    """
    config = {
        "bcfl.run_dir": str(folder),
        "bcfl.plugins": "staking, outliers, round_log",
        "bcfl.outliers.method": method,
        "bcfl.evidence.publish": level,
        "bcfl.terms.dispute_blocks": 2,
        **{f"bcfl.{name}": value for name, value in settings.items()},
    }
    first = ArrayRecord(
        {
            "w": FlowerArray(np.zeros(SIZE, np.float32)),
            "norm.running_mean": FlowerArray(np.zeros(3, np.float32)),
            "steps": FlowerArray(np.array(0)),
        }
    )
    more: dict[str, Any] = {"validation": losses} if measured else {}
    app = node_app(ATTACKERS)
    with InProcessGrid(app, num_nodes=NODES, run_config=config, arrivals=arrivals) as grid:
        made = strategy(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config, **more)
        made.start(grid, first, num_rounds=rounds)
    return max(folder.iterdir())


def audited(run: Path) -> tuple[AuditedRun, AuditReport]:
    """Audit a run without deciding it again; return what was read, and what was found."""
    read: list[AuditedRun] = []

    def look(folder: Path, found: AuditedRun) -> Replayed:
        del folder
        read.append(found)
        return Replayed({})

    report = audit_run(run, replay=look)
    return read[0], report


def honest_run(folder: Path, level: str, **settings: Any) -> HonestRun:  # noqa: ANN401
    """Run a federation, and read what it published.

    Raises
    ------
    AuditFailed
        When something of it does not hold.
    """
    run = run_federation(folder, level, **settings)
    read, report = audited(run)
    report.require()
    return HonestRun(run, read, Replayer()(run, read))
