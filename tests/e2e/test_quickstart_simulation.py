"""The same app in Flower's own simulation engine, which needs ray (flwr[simulation])."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.serverapp import Grid, ServerApp

import strategies
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run

if TYPE_CHECKING:
    from collections.abc import Callable

NODES = 3
ROUNDS = 2


@pytest.fixture
def run_simulation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    pytest.importorskip("ray", reason="Flower's simulation engine needs ray: flwr[simulation]")
    monkeypatch.setenv("FLWR_HOME", str(tmp_path / "flwr"))
    monkeypatch.setenv("FLWR_TELEMETRY_ENABLED", "0")
    monkeypatch.setenv("FLWR_DISABLE_UPDATE_CHECK", "1")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Ray's workers import the app by name.
    monkeypatch.setenv("PYTHONPATH", str(Path(strategies.__file__).parents[1]))
    found: Callable[..., None] = importlib.import_module("flwr.simulation").run_simulation
    return found


def client_app() -> strategies.ClientApp:
    app = strategies.ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        del context
        moved = [array + 1 for array in message.content["arrays"].to_numpy_ndarrays()]
        metrics = MetricRecord({"num-examples": 10})
        content = RecordDict({"arrays": ArrayRecord(moved), "metrics": metrics})
        return Message(content, reply_to=message)

    return app


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # ray and its workers warn about themselves
def test_rounds_are_settled_on_chain_in_the_simulation_engine(
    run_simulation: Callable[..., None], tmp_path: Path
) -> None:
    results: list[Any] = []
    server_app = ServerApp()

    @server_app.main()
    def main(grid: Grid, context: Context) -> None:
        del context  # run_simulation has no run config
        keys = {"bcfl.plugins": "staking, round_log", "bcfl.run_dir": str(tmp_path / "runs")}
        strategy = strategies.FedAvg(fraction_evaluate=0.0, min_available_nodes=NODES, bcfl=keys)
        start = ArrayRecord([np.zeros(8, np.float32)])
        results.append(strategy.start(grid, start, num_rounds=ROUNDS))

    run_simulation(
        server_app=server_app,
        client_app=client_app(),
        num_supernodes=NODES,
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}},
    )
    (result,) = results
    assert result.arrays["0"].numpy().tolist() == [float(ROUNDS)] * 8
    (run,) = (tmp_path / "runs").iterdir()
    rounds = read_run(run).rounds
    assert [(line.round, line.outcome) for line in rounds] == [(0, "settled"), (1, "settled")]
    assert [len(line.rewards) for line in rounds] == [NODES] * ROUNDS
    assert audit_run(run).findings == ()
