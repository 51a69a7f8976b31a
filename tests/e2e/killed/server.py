"""A server of a small federation in a process of its own, which ends at one of its numbered points.

A point is each moment after which the world is different: a file is on disk, or a call is with the
chain's pool. ``python server.py '{"url": ..., "point": ["after sending settle",
2]}'`` kills itself there, the second time, as ``kill -9`` does.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

import strategies
from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.client.node import NodeClient
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.run.store import STORE
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 30


class Points:
    """Counts the points of a run by their names, and ends the process at one of them."""

    def __init__(self, name: str, time: int, told: Path) -> None:
        self._last = name, time
        self._told = told
        self.passed: list[str] = []

    def passing(self, name: str) -> None:
        self.passed.append(name)
        if (name, self.passed.count(name)) == self._last:
            self._told.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            what = name(*args)
            self.passing(f"before {what}")
            answer = function(*args, **options)
            self.passing(f"after {what}")
            return answer

        return called


def file_name(handle: int) -> str:
    """Say which file is brought to the disk; one that is written whole has a name of its own."""
    path = Path(f"/proc/self/fd/{handle}").readlink()
    if path.is_dir():
        return f"naming a file in {folder_of(path)}"
    draft = re.fullmatch(r"\.(.+)\.\w{8}", path.name)
    name = re.sub(r"^[0-9a-f]{64}|^[0-9]+", "N", path.name if draft is None else draft[1])
    return f"writing {name}" if draft is None else f"writing {folder_of(path.parent)}{name}"


def folder_of(path: Path) -> str:
    """Return which folder of a run it is."""
    if path.parent.name == STORE:  # it has a folder for each two digits of an address
        return f"{STORE}/"
    return "RUN/" if (path / "run.json").exists() or path.parent.name == "runs" else f"{path.name}/"


def app() -> strategies.ClientApp:
    """Each node moves each weight by a little of its own."""
    made = strategies.ClientApp()

    @made.train()
    def train(message: Any, context: Any) -> Any:
        model = message.content["arrays"]["w"].numpy()
        node = int(context.node_config["partition-id"])
        noise = np.random.default_rng([node, abs(int(1e4 * model.sum()))]).normal(0, 0.02, WIDTH)
        arrays = ArrayRecord({"w": Array((model + 0.1 + noise).astype(np.float32))})
        metrics = MetricRecord({"num-examples": 50, "loss": float(model.mean())})
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    @made.evaluate()
    def evaluate(message: Any, context: Any) -> Any:
        del context
        mean = float(message.content["arrays"]["w"].numpy().mean())
        metrics = MetricRecord({"num-examples": 5, "mean": mean})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    return made


def states_of(runs: Path) -> dict[str, str]:
    """Return what the plugins remember after the last round, by its report."""
    run = max(runs.iterdir())
    last = next(line for line in reversed(read_run(run).rounds) if line.report)
    assert last.report is not None
    return dict(ReportStore(run / "reports").get(last.report).states)


def main(asked: dict[str, Any]) -> dict[str, Any]:
    points = Points(*asked["point"], Path(asked["told"]))
    os.fsync = points.around(os.fsync, file_name)
    os.fdatasync = points.around(os.fdatasync, lambda _: "keeping a block")
    NodeClient.send = points.around(  # type: ignore[method-assign]
        NodeClient.send, lambda _, signed: f"sending {signed.call.function}"
    )
    config = {
        "bcfl.plugins": asked.get("plugins", "staking, outliers, slashing, round_log"),
        "bcfl.chain": asked["url"],
        "bcfl.run_dir": asked["runs"],
        **{f"bcfl.{name}": value for name, value in asked.get("config", {}).items()},
    }
    measured = []

    def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        measured.append(server_round)
        if server_round == asked.get("away_after"):  # the chain's node dies, and stays away
            os.kill(asked["pid"], signal.SIGKILL)
        if server_round == asked.get("fail_after"):
            raise RuntimeError("the app fails")
        return MetricRecord({"mean": float(arrays["w"].numpy().mean())})

    nodes = [{"bcfl-key-uri": uri} for uri in asked["keys"]]
    strategy = getattr(strategies, asked.get("strategy", "FedAvg"))(
        fraction_evaluate=1.0, min_train_nodes=1, bcfl=config
    )
    with InProcessGrid(app(), node_configs=nodes, run_config=config) as grid:
        first = ArrayRecord({"w": Array(np.zeros(WIDTH, np.float32))})
        result = strategy.start(grid, first, num_rounds=asked["rounds"], evaluate_fn=evaluate)
    return {
        "points": points.passed,
        "measured": measured,
        "states": states_of(Path(asked["runs"])),
        "model": result.arrays["w"].numpy().tolist(),
        "train": {r: dict(m) for r, m in result.train_metrics_clientapp.items()},
        "nodes": {r: dict(m) for r, m in result.evaluate_metrics_clientapp.items()},
        "server": {r: dict(m) for r, m in result.evaluate_metrics_serverapp.items()},
    }


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    try:
        answer = main(request)
    except BaseException as error:  # noqa: BLE001 - told to the test
        traceback.print_exc()
        answer: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"}
        if isinstance(error, RecordIncomplete):
            model: Any = error.result
            answer |= {"trained": error.trained, "model": model.arrays["w"].numpy().tolist()}
    Path(request["answer"]).write_text(json.dumps(answer))
