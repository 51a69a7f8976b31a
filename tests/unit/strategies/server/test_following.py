"""A server that waits as long as the round is open on chain: real strategy, real pallet."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import strategies
from bcfl_plugins import BcflConfig, Gathering, Services, Session, hookimpl
from bcfl_plugins.hooks.manager import PluginManager
from bcfl_plugins.reasons import Reason
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from strategies.server.nodes.eligibility import Clock
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.unit.strategies.conftest import app_of, model, numpy_of, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from flwr.app import Message

NODES = 5


class Trickling(InProcessGrid):
    """Replies come in by waves, in ascending order of nodes: so many at each look, then none."""

    def __init__(self, waves: Iterable[int], **kwargs: Any) -> None:
        super().__init__(app_of(), num_nodes=NODES, **kwargs)
        self._waves = iter(waves)
        self._sent_to: dict[str, int] = {}
        self.looks = 0

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        listed = list(messages)
        ids = super().push_messages(listed)
        self._sent_to |= {i: m.metadata.dst_node_id for i, m in zip(ids, listed, strict=True)}
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        self.looks += 1
        some = itertools.islice(
            sorted(message_ids, key=self._sent_to.__getitem__), next(self._waves, 0)
        )
        return super().pull_messages(list(some))

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Identity queries and evaluations do not trickle."""
        del timeout
        ids = self.push_messages(messages)
        return super().pull_messages(ids)


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def train(
    grid: InProcessGrid, bcfl: Any, rounds: int = 1, timeout: float = 60
) -> tuple[dict[str, np.ndarray], Time]:
    strategy = strategies.FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=bcfl)
    time = Time()
    strategy._bcfl.clock = time.clock()
    result = strategy.start(grid, record(model()), num_rounds=rounds, timeout=timeout)
    return numpy_of(result.arrays), time


def moved(nodes: Sequence[int]) -> float:
    """How far the average of these nodes' updates moves a weight: see `conftest.honest`."""
    weights = [10 + node for node in nodes]
    return float(np.average([0.01 * (node + 1) for node in nodes], weights=weights))


@pytest.mark.slow
def test_the_quorum_ends_the_wait_and_who_came_later_is_named(tmp_path: Path) -> None:
    bcfl = {
        "bcfl.plugins": "staking, round_log",
        "bcfl.on_chain_error": "fail",
        "bcfl.round_log.follow": "seal",
        "bcfl.run_dir": str(tmp_path),
        "bcfl.terms.quorum": 3,
    }
    with Trickling([1, 0, 2, 2], run_config=bcfl) as grid:
        arrays, time = train(grid, bcfl)
        assert grid.looks == 3, "the third look sealed the round"
    assert time.now == 2.0
    delta = arrays["b"] - model()["b"]
    assert delta == pytest.approx(np.full(3, moved([0, 1, 2])), rel=1e-3)
    (run,) = tmp_path.iterdir()
    (line,) = read_run(run).rounds
    assert (line.outcome, len(line.rewards)) == ("settled", 3)
    (report,) = (ReportStore(run / REPORTS).get(d) for d in ReportStore(run / REPORTS).digests())
    assert [(one.node_id, one.reason) for one in report.absent] == [
        (FIRST_NODE_ID + 3, Reason.LATE),
        (FIRST_NODE_ID + 4, Reason.LATE),
    ]
    assert "before the round was sealed" in report.absent[0].detail
    found = audit_run(run)
    assert found.ok, found.findings


class Scripted:
    """Seals after so many updates, and names who is late."""

    def __init__(self, seal_at: int, late: Sequence[int] = ()) -> None:
        self.seal_at = seal_at
        self.late = {FIRST_NODE_ID + number: "after the seal" for number in late}
        self.came: list[list[int]] = []
        self.judged: list[int] = []

    @hookimpl
    def bcfl_updates_arriving(self, updates: Any, last: bool) -> Gathering:
        self.came.append([u.node.node_id - FIRST_NODE_ID for u in updates])
        return Gathering(sum(map(len, self.came)) >= self.seal_at, self.late if last else {})

    @hookimpl
    def bcfl_judge_updates(self, updates: Any) -> None:
        self.judged += [u.node.node_id - FIRST_NODE_ID for u in updates]


def session_of(plugin: Scripted) -> Session:
    config = BcflConfig(chain="none")
    return Session(config, Services(config), PluginManager([("scripted", plugin)]))


def test_a_late_update_is_neither_judged_nor_averaged(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Scripted(seal_at=4, late=[1])
    with Trickling([2, 0, 3]) as grid:
        arrays, _ = train(grid, session_of(plugin))
    assert plugin.came == [[0, 1], [], [2, 3, 4], []]
    assert plugin.judged == [0, 2, 3, 4]
    delta = arrays["b"] - model()["b"]
    assert delta == pytest.approx(np.full(3, moved([0, 2, 3, 4])), rel=1e-3)
    assert f"node {FIRST_NODE_ID + 1} is left out: after the seal" in caplog.text


def test_all_replies_end_the_wait_before_the_seal() -> None:
    plugin = Scripted(seal_at=99)
    with Trickling([5]) as grid:
        _, time = train(grid, session_of(plugin))
    assert (time.now, plugin.judged) == (0.0, [0, 1, 2, 3, 4])


def test_the_time_of_the_caller_ends_the_wait(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Scripted(seal_at=99)
    with Trickling([1]) as grid:
        _, time = train(grid, session_of(plugin), timeout=7)
    assert (time.now, plugin.judged) == (7.0, [0])
    assert f"node {FIRST_NODE_ID + 4} is left out: it did not answer" in caplog.text
    assert "sealed" not in caplog.text


def test_each_round_is_gathered_anew() -> None:
    plugin = Scripted(seal_at=1)
    with Trickling([1, 1, 1]) as grid:
        train(grid, session_of(plugin), rounds=3)
    assert plugin.judged == [0, 0, 0]
