"""A loop of one's own over a `GuardedGrid`: the same plugins around the same rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

import strategies
from bcfl_plugins import ConfigError, hookimpl
from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.audit.run import audit_run
from pallet_bridge.run.journal import read_run
from strategies import GuardedGrid, NothingTrained, Unprotected
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NODES = 4


def average(replies: Iterable[Message]) -> ArrayRecord:
    listed = [message.content["arrays"].to_numpy_ndarrays() for message in replies]
    names = ("w", "b", "scale")
    means = [np.mean(arrays, axis=0, dtype=np.float32) for arrays in zip(*listed, strict=True)]
    from tests.unit.strategies.conftest import record  # noqa: PLC0415

    return record(dict(zip(names, means, strict=True)))


def messages_to(nodes: Iterable[int], model: ArrayRecord, kind: str = "train") -> list[Message]:
    content = RecordDict({"arrays": model, "config": ConfigRecord({"lr": 0.1})})
    return [Message(content, node, kind) for node in nodes]


def loop(grid: Any, bcfl: Any, models: list[Any], settled: list[Any]) -> None:
    """Send each model in a round of its own, and settle as many rounds as there are models to."""
    left = iter(settled)
    with GuardedGrid(grid, bcfl) as guarded:
        for model in models:
            guarded.send_and_receive(messages_to(guarded.get_node_ids(), model))
            for made in [next(left)] if len(settled) else []:
                guarded.settle(made)


class Watch:
    """Leaves the first node out, and writes down what settles."""

    def __init__(self, *, bars: bool = True) -> None:
        self.results: list[Any] = []
        self.bars = bars

    @hookimpl
    def bcfl_eligible_nodes(self, nodes: Any) -> Any:
        return {FIRST_NODE_ID: "no stake"} if self.bars else {}

    @hookimpl
    def bcfl_round_settling(self, result: Any) -> None:
        self.results.append(result)


def test_a_loop_sees_eligible_nodes_and_replies_that_may_be_averaged(toy: Any) -> None:
    watch = Watch()
    app = toy.app_of({2: toy.malformed["NaN values"]})
    model = toy.record(toy.model())
    session = toy.session(("watch", watch))
    with InProcessGrid(app, NODES) as grid, GuardedGrid(grid, session) as guarded:
        for _ in range(2):
            nodes = guarded.get_node_ids()
            assert nodes == [101, 102, 103]
            replies = list(guarded.send_and_receive(messages_to(nodes, model)))
            assert [reply.metadata.src_node_id for reply in replies] == [101, 103]
            model = average(replies)
            guarded.settle(model)
    assert [result.ctx.server_round for result in watch.results] == [1, 2]
    assert [one.node_id for one in watch.results[1].unusable] == [102]
    np.testing.assert_array_equal(watch.results[1].model["w"], model["w"].numpy())
    assert {node.node_id for node in watch.results[0].ctx.left_out} == {FIRST_NODE_ID}


@pytest.mark.slow
def test_each_round_of_a_loop_is_settled_on_chain(toy: Any, tmp_path: Path) -> None:
    config = {"bcfl.plugins": "staking, outliers, round_log", "bcfl.run_dir": str(tmp_path)}
    model = toy.record(toy.model())

    def main(grid: Any, context: Any) -> None:
        nonlocal model
        with GuardedGrid(grid, context.run_config, num_rounds=3) as guarded:
            for _ in range(3):
                sent = messages_to(guarded.get_node_ids(), model)
                model = average(guarded.send_and_receive(sent))
                guarded.settle(model)

    app = strategies.ServerApp()
    app.main()(main)
    with InProcessGrid(toy.app_of(), NODES, run_config=config) as grid:
        grid.serve(app, config)
    (run,) = tmp_path.iterdir()
    lines = read_run(run).rounds
    assert [line.outcome for line in lines] == ["settled"] * 3
    assert [len(line.rewards) for line in lines] == [NODES] * 3
    assert audit_run(run).findings == ()


@pytest.mark.slow
def test_a_loop_that_averages_nothing_has_no_record_and_says_so(toy: Any, tmp_path: Path) -> None:
    config = {"bcfl.plugins": "staking, round_log", "bcfl.run_dir": str(tmp_path)}
    model = toy.record(toy.model())
    grid = InProcessGrid(toy.app_of(), NODES, run_config=config)
    with grid, pytest.raises(RecordIncomplete):
        loop(grid, config, [model], settled=[None])


def test_a_loop_without_any_model_ends_as_one_that_trained_nothing(toy: Any) -> None:
    app = toy.app_of(dict.fromkeys(range(NODES), toy.malformed["wrong shape"]))
    with InProcessGrid(app, NODES) as grid, pytest.raises(NothingTrained, match="shape"):
        loop(grid, {"bcfl.plugins": "outliers"}, [toy.record(toy.model())], settled=[None])


class TestMisuse:
    @pytest.fixture
    def model(self, toy: Any) -> ArrayRecord:
        made: ArrayRecord = toy.record(toy.model())
        return made

    @pytest.fixture
    def grid(self, toy: Any) -> Any:
        with InProcessGrid(toy.app_of(), NODES) as grid:
            yield grid

    def test_a_round_that_is_not_settled_ends_the_loop(
        self, toy: Any, grid: Any, model: Any
    ) -> None:
        watch = Watch(bars=False)
        session = toy.session(("watch", watch))
        with pytest.raises(ConfigError, match="never settled"):
            loop(grid, session, [model], settled=[])
        assert watch.results == []

    def test_a_round_begins_when_the_one_before_is_settled(
        self, toy: Any, grid: Any, model: Any
    ) -> None:
        session = toy.session(("watch", Watch(bars=False)))
        with pytest.raises(ConfigError, match="not settled"):
            loop(grid, session, [model, model], settled=[])

    def test_nodes_that_may_not_take_part_are_not_asked(
        self, toy: Any, grid: Any, model: Any
    ) -> None:
        with GuardedGrid(grid, toy.session(("watch", Watch()))) as guarded:
            everybody = messages_to([100, 101], model)
            with pytest.raises(ConfigError, match="node 100 may not take part"):
                guarded.send_and_receive(everybody)

    def test_pushed_training_messages_are_refused_and_others_pass(
        self, toy: Any, grid: Any, model: Any
    ) -> None:
        with GuardedGrid(grid, toy.session(("watch", Watch()))) as guarded:
            assert list(guarded.push_messages(messages_to([101], model, "evaluate")))
            with pytest.raises(ConfigError, match="send_and_receive"):
                guarded.push_messages(messages_to([101], model))
            with pytest.raises(ConfigError, match="no round"):
                guarded.settle(model)

    def test_all_messages_of_a_round_carry_one_model(self, toy: Any, grid: Any, model: Any) -> None:
        other = toy.record({**toy.model(), "b": np.ones(3, np.float32)})
        with GuardedGrid(grid, toy.session(("watch", Watch()))) as guarded:
            mixed = messages_to([101], model) + messages_to([102], other)
            with pytest.raises(ConfigError, match="different models"):
                guarded.send_and_receive(mixed)
            none = [Message(RecordDict(), 101, "train")]
            with pytest.raises(ConfigError, match="0 ArrayRecords"):
                guarded.send_and_receive(none)
            kinds = messages_to([101], model) + messages_to([102], model, "evaluate")
            with pytest.raises(ConfigError, match="send them apart"):
                guarded.send_and_receive(kinds)

    def test_it_works_within_its_with_statement(self, toy: Any, grid: Any) -> None:
        guarded = GuardedGrid(grid, toy.session(("watch", Watch())))
        with pytest.raises(ConfigError, match="`with`"):
            guarded.get_node_ids()

    def test_a_forgotten_config_is_seen(self, toy: Any, model: Any) -> None:
        def main(grid: Any, context: Any) -> None:
            with GuardedGrid(grid, None):
                pass

        app = strategies.ServerApp()
        app.main()(main)
        with InProcessGrid(toy.app_of(), 2) as grid, pytest.raises(Unprotected, match="without"):
            grid.serve(app, {"bcfl.plugins": "outliers"})
