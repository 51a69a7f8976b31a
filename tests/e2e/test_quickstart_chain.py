"""Strategies, plugins and the embedded chain together, on a federation small enough to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp

import strategies
from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.audit.run import audit_run
from pallet_bridge.encoding import update_digest
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import Outcome
from strategies.errors import NotEnoughNodes
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pallet_bridge.run.journal import RunRecord
    from pallet_bridge.run.reports import RoundReport

FLIPPED = 0
"""The partition whose node sends the opposite of what it learned, where a test says so."""


def node_app(change: Callable[[np.ndarray], np.ndarray] | None = None, base: Any = None) -> Any:
    """Return an app that learns towards ones, and passes its update through `change`."""
    app = (base or strategies.ClientApp)()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        sent = message.content["arrays"]["w"].numpy()
        pid = int(context.node_config["partition-id"])
        noise = np.random.default_rng(pid).normal(0, 0.02, sent.shape)
        step = (0.1 * (1 - sent) + noise).astype(np.float32)
        update = sent + (step if change is None else change(step))
        metrics = MetricRecord({"num-examples": 10, "train_loss": 1.0})
        content = RecordDict({"arrays": arrays(update), "metrics": metrics})
        return Message(content, reply_to=message)

    @app.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        del context
        metrics = MetricRecord({"num-examples": 10, "acc": 0.5})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    return app


def arrays(array: np.ndarray) -> ArrayRecord:
    return ArrayRecord({"w": Array(array.astype(np.float32))})


class Run:
    """One run with a fresh embedded chain, and what it left."""

    def __init__(self, folder: Path, plugins: str, apps: list[Any], **options: Any) -> None:
        rounds = options.pop("rounds", 2)
        keys = {"bcfl.plugins": plugins, "bcfl.run_dir": str(folder), "bcfl.wait_for_nodes_s": 0.0}
        strategy = strategies.FedAvg(bcfl={**keys, **options.pop("keys", {})})
        with InProcessGrid(apps, **options) as grid:
            start = arrays(np.zeros(64, np.float32))
            self.result = strategy.start(grid, start, num_rounds=rounds)
        self.folder = next(iter(folder.glob("*")), None)

    @property
    def record(self) -> RunRecord:
        assert self.folder is not None
        return read_run(self.folder)

    def reports(self) -> list[RoundReport]:
        assert self.folder is not None
        store = ReportStore(self.folder / "reports")
        return [store.get(line.report) for line in self.record.rounds if line.report is not None]

    def audit(self) -> tuple[Any, ...]:
        assert self.folder is not None
        return audit_run(self.folder).findings


def test_the_model_on_chain_is_the_model_of_the_run(tmp_path: Path) -> None:
    run = Run(tmp_path, "staking, round_log", [node_app() for _ in range(4)])
    last = run.record.rounds[-1]
    digest = update_digest({k: v.numpy() for k, v in run.result.arrays.items()})
    assert (last.round, last.outcome, last.model) == (1, "settled", digest)
    assert [report.base_model for report in run.reports()][1] == run.record.rounds[0].model
    assert len(last.rewards) == 4
    assert run.audit() == ()


def test_nodes_that_cannot_be_trusted_cost_nobody_else_anything(tmp_path: Path) -> None:
    def poisoned(step: np.ndarray) -> np.ndarray:
        return np.full_like(step, np.nan)

    def broken(step: np.ndarray) -> np.ndarray:
        raise MemoryError

    apps = [
        node_app(base=FlowerClientApp),  # 100: not one of ours, so it has no stake
        node_app(poisoned),
        node_app(broken),
        *(node_app() for _ in range(5)),
    ]
    run = Run(tmp_path, "staking, round_log", apps)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 2
    for report in run.reports():
        nodes = sorted(entry.node_id for entry in report.entries)
        assert nodes == [FIRST_NODE_ID + i for i in range(3, 8)]
        absent = {entry.node_id: entry.detail for entry in report.absent}
        assert list(absent) == [FIRST_NODE_ID + i for i in range(3)]
        assert "it has not proved that it owns an account" in absent[FIRST_NODE_ID]
    assert run.audit() == ()


def test_what_is_not_what_its_node_signed_is_not_averaged_and_struck(tmp_path: Path) -> None:
    """Else to sign one update and send another would be a free try."""

    def arrivals(replies: list[Message]) -> list[Message]:
        for reply in replies:
            if reply.metadata.src_node_id == FIRST_NODE_ID and "arrays" in reply.content:
                reply.content["arrays"] = arrays(np.ones(64, np.float32))
        return replies

    run = Run(tmp_path, "staking, round_log", [node_app() for _ in range(4)], arrivals=arrivals)
    for line, report in zip(run.record.rounds, run.reports(), strict=True):
        assert len(line.rewards) == 3
        (struck,) = [entry for entry in report.entries if entry.outcome is Outcome.REJECTED]
        assert [*line.strikes] == [struck.account]
        assert struck.node_id == FIRST_NODE_ID
        assert "other arrays than it sent" in struck.detail
        assert struck.revealed != struck.commitment
        assert report.absent == ()
    assert run.audit() == ()


def test_a_run_without_a_usable_update_is_aborted_round_by_round_and_fails(tmp_path: Path) -> None:
    apps = [node_app(lambda step: step * np.inf) for _ in range(3)]
    with pytest.raises(RecordIncomplete, match="no update of it was averaged") as raised:
        Run(tmp_path, "staking, round_log", apps)
    assert (raised.value.trained, raised.value.settled) == (0, 0)
    assert not raised.value.result.arrays  # type: ignore[attr-defined]
    (folder,) = tmp_path.iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["aborted"] * 2
    assert audit_run(folder).findings == ()


def test_an_attacker_is_rejected_struck_and_slashed(tmp_path: Path) -> None:
    apps = [node_app(lambda step: -5 * step), *(node_app() for _ in range(8))]
    plugins = "staking, outliers, slashing, round_log"
    keys = {"bcfl.terms.strikes_to_slash": 3, "bcfl.outliers.evidence": "streak"}
    run = Run(tmp_path, plugins, apps, rounds=4, keys=keys)
    attacker = {entry.account for report in run.reports() for entry in report.entries
                if entry.node_id == FIRST_NODE_ID}  # fmt: skip
    assert {account for line in run.record.rounds for account in line.strikes} == attacker
    assert {slash.account for slash in run.record.slashes} == attacker
    assert run.result.arrays["w"].numpy().mean() > 0.2
    assert run.audit() == ()


def test_without_staking_nobody_is_left_out_and_without_round_log_nothing_is_on_chain(
    tmp_path: Path,
) -> None:
    run = Run(tmp_path / "a", "staking", [node_app() for _ in range(3)])
    assert run.record.rounds == ()
    assert run.result.arrays
    outliers = Run(tmp_path / "b", "outliers", [node_app(base=FlowerClientApp) for _ in range(3)])
    assert outliers.folder is None
    assert outliers.result.arrays


def test_a_run_that_cannot_start_says_why(tmp_path: Path) -> None:
    apps = [node_app(base=FlowerClientApp) for _ in range(3)]
    with pytest.raises(NotEnoughNodes, match="has not proved that it owns an account"):
        Run(tmp_path, "staking, round_log", apps)
    (folder,) = tmp_path.glob("*")
    assert read_run(folder).end is not None
