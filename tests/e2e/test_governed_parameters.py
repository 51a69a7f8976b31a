"""Governed training parameters on their way: a config, the chain, the round, a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

GOVERNED = {"batch-size": 16, "lr": 0.25, "momentum": 1, "warm-up": -2, "clip": 3.0}
OWN: dict[str, Any] = {"batch-size": 8, "lr": 0.5, "momentum": 0.9, "name": "run"}


def test_nodes_train_with_the_types_that_their_app_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, seen = ClientApp(), list[dict[str, Any]]()

    @app.train()
    def train(message: Message, context: Any) -> Message:
        config = message.content.config_records["config"]
        seen.append({key: config[key] for key in {*GOVERNED, *OWN}})
        arrays = message.content["arrays"]
        for _ in range(config["batch-size"] // 8):
            arrays = ArrayRecord({"w": Array(arrays["w"].numpy() + np.float32(config["lr"]))})
        metrics = MetricRecord({"num-examples": 10})
        return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    bcfl = {
        "bcfl.plugins": "staking, round_log",
        **{f"bcfl.training.{key}": value for key, value in GOVERNED.items()},
    }
    with InProcessGrid(app, num_nodes=3) as grid:
        result = FedAvg(fraction_evaluate=0.0, bcfl=bcfl).start(
            grid,
            ArrayRecord({"w": Array(np.zeros(2, np.float32))}),
            num_rounds=2,
            train_config=ConfigRecord(OWN),
        )
    expected = {
        "batch-size": 16, "lr": 0.25, "momentum": 1.0, "name": "run", "warm-up": -2, "clip": 3,
    }  # fmt: skip
    assert len(seen) == 6
    for found in seen:
        assert found == expected
        assert {key: type(value) for key, value in found.items()} == {
            key: type(value) for key, value in expected.items()
        }
    np.testing.assert_allclose(result.arrays["w"].numpy(), 1.0)
