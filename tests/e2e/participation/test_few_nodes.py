"""What the default does where few nodes train, and where fewer and fewer do, on a chain."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict
from flwr.app import Message as FlowerMessage

from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import Outcome
from strategies import ClientApp, FedAvg
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pallet_bridge.run.reports import RoundReport

STEP, LIE = 0.1, 10**6


def node_app() -> ClientApp:
    """Move every weight up; the first node moves it down, ten times as far, and claims the most."""
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        model = message.content["arrays"]["w"].numpy()
        node = int(context.node_config["partition-id"])
        noise = np.random.default_rng([node, abs(int(1e4 * model.sum()))]).normal(0, STEP / 5, 200)
        delta = -10 * STEP + noise if node == 0 else STEP + noise
        arrays = ArrayRecord({"w": Array((model + delta).astype(np.float32))})
        metrics = MetricRecord({"num-examples": LIE if node == 0 else 50})
        return FlowerMessage(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)

    return app


def train(
    folder: Path, counts: Sequence[int], **outliers: object
) -> tuple[float, list[RoundReport]]:
    """Let so many nodes answer in each round; return the model's mean, and the rounds' reports."""
    keys = {f"bcfl.outliers.{name}": value for name, value in outliers.items()}
    plugins = "staking, outliers, round_log, slashing"
    config = {"bcfl.plugins": plugins, "bcfl.run_dir": str(folder), **keys}

    def fail(message: Any) -> str | None:
        if message.metadata.message_type != "train":
            return None
        number = int(message.content["config"]["server-round"])
        return (
            "away" if message.metadata.dst_node_id - FIRST_NODE_ID >= counts[number - 1] else None
        )

    with InProcessGrid(node_app(), num_nodes=counts[0], run_config=config, fail=fail) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
        first = ArrayRecord({"w": Array(np.zeros(200, np.float32))})
        result = strategy.start(grid, first, num_rounds=len(counts))
    (run,) = folder.glob("*")
    assert audit_run(run, chain=None).ok
    store = ReportStore(run / "reports")
    reports = [store.get(line.report) for line in read_run(run).rounds if line.report is not None]
    return float(result.arrays["w"].numpy().mean()), reports


def rejected(report: RoundReport) -> list[int]:
    entries = (one for one in report.entries if one.outcome is not Outcome.ACCEPTED)
    return sorted(one.node_id - FIRST_NODE_ID for one in entries)


FALLING = (10, 7, 5, 4, 3, 3)


def test_the_default_judges_from_ten_nodes_down_to_three(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        mean, reports = train(tmp_path, FALLING)
    assert [len(report.entries) for report in reports] == [*FALLING]
    assert [rejected(report) for report in reports] == [[0]] * len(FALLING)
    assert mean == pytest.approx(STEP * len(FALLING), rel=0.05)
    assert "rejects nobody" not in caplog.text


def test_three_nodes_are_enough_from_the_first_round_on(tmp_path: Path) -> None:
    mean, reports = train(tmp_path, (3, 3, 3, 3))
    assert [rejected(report) for report in reports] == [[0]] * 4
    assert mean == pytest.approx(4 * STEP, rel=0.05)


def test_a_rule_with_an_f_of_the_whole_federation_is_never_without_a_judge(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        mean, reports = train(tmp_path, FALLING, method="multikrum", f=3)
    assert all(0 in rejected(report) for report in reports)
    assert mean == pytest.approx(STEP * len(FALLING), rel=0.05)
    notes = [report.parameters.get("outliers", "") for report in reports]
    assert "instead" not in notes[0]
    assert notes[1].startswith("f = 2 instead of 3")
    assert notes[2].startswith("f = 1 instead of 3")
    assert all(note.startswith("handed over to cluster_guard") for note in notes[3:])
    assert caplog.text.count("judges by another defense") == 1


@pytest.mark.parametrize("method", ["cluster_guard", "flame"])
def test_among_two_nodes_it_is_said_before_anybody_trains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        mean, reports = train(tmp_path, (2, 2), method=method)
    first, then = (line for line in caplog.messages if line.startswith("bcfl: round 1"))
    assert "the run begins with 2 training nodes" in first
    assert "2 updates have no majority" in then
    assert [rejected(report) for report in reports] == [[], []]
    assert all("abstained" in report.parameters["outliers"] for report in reports)
    assert abs(mean) < 2 * STEP  # nobody can know; but none counts for more by length or by claims
