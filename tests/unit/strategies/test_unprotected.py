"""Runs that name plugins which cannot act, and runs that train nothing: none ends well in silence.

Each test stands for a kind of Flower app that ran without protection, or ended empty, and said so
nowhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp as FlowerClientApp
from flwr.server import LegacyContext, ServerAppComponents, ServerConfig
from flwr.server import strategy as legacy
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.serverapp import ServerApp as FlowerServerApp
from flwr.serverapp import strategy as flower

import strategies
from bcfl_plugins import ConfigError
from strategies import LegacyApi, NothingTrained, Unprotected, steps
from strategies.server.grid_view import GridProxy
from strategies.testing import InProcessGrid

NAMED = {"bcfl.plugins": "outliers", "num-server-rounds": 2}
NODES = 5

Main = "Callable[[Any, Any], None]"


def serve(toy: Any, main: Any, config: Any = NAMED, app: Any = None, base: Any = None) -> int:
    """Run an app on nodes that have its run config; return how often a node was asked to train."""
    asked = []

    def count(message: Message) -> None:
        asked.extend([1] if message.metadata.message_type == "train" else [])

    server = (base or strategies.ServerApp)()
    server.main()(main)
    with InProcessGrid(app or toy.app_of(), NODES, run_config=config, fail=count) as grid:
        try:
            grid.serve(server, config)
        finally:
            serve.asked = len(asked)  # type: ignore[attr-defined]
    return len(asked)


def refused(toy: Any, main: Any, **kwargs: Any) -> Unprotected:
    with pytest.raises(Unprotected) as error:
        serve(toy, main, **kwargs)
    assert "outliers" in str(error.value)
    assert "bcfl=context.run_config" in str(error.value)
    return error.value


def own_loop(toy: Any) -> Any:
    def main(grid: Any, context: Any) -> None:
        content = RecordDict({"arrays": toy.record(toy.model()), "config": toy.config_record()})
        grid.send_and_receive([Message(content, node, "train") for node in grid.get_node_ids()])

    return main


def test_a_strategy_that_is_given_the_config_is_let_through(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        strategy = strategies.FedAvg(bcfl=context.run_config)
        assert strategy.start(grid, toy.record(toy.model()), num_rounds=2).arrays

    assert serve(toy, main) == 2 * NODES


def test_a_loop_of_ones_own_sends_no_training_past_the_plugins(toy: Any) -> None:
    refused(toy, own_loop(toy))
    assert serve.asked == 0  # type: ignore[attr-defined]


def test_pushed_messages_are_looked_at_too(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        content = RecordDict({"arrays": toy.record(toy.model())})
        grid.push_messages([Message(content, node, "train.first") for node in grid.get_node_ids()])

    refused(toy, main)
    assert serve.asked == 0  # type: ignore[attr-defined]


def test_flowers_own_strategy_under_our_app_is_refused(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        flower.FedAvg().start(grid, toy.record(toy.model()), num_rounds=1)

    refused(toy, main)


@pytest.mark.parametrize("make", [strategies.FedMedian, lambda: strategies.guard(flower.FedAvg())])
def test_a_forgotten_bcfl_is_refused_before_anything_is_asked(toy: Any, make: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        make().start(grid, toy.record(toy.model()), num_rounds=1)

    assert "without the argument bcfl" in refused(toy, main).how
    assert serve.asked == 0  # type: ignore[attr-defined]


def test_a_forgotten_bcfl_is_seen_under_flowers_own_server_app(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the run's app is looked up where Flower installed it."""
    monkeypatch.setattr(steps, "run_config_of", lambda run: NAMED)

    def main(grid: Any, context: Any) -> None:
        strategies.FedAvg().start(grid, toy.record(toy.model()), num_rounds=1)

    assert "without the argument bcfl" in refused(toy, main, base=FlowerServerApp).how


def test_who_says_that_there_are_no_plugins_has_none(toy: Any) -> None:
    config = {**NAMED, "bcfl.plugins": " , "}

    def main(grid: Any, context: Any) -> None:
        strategies.FedAvg().start(grid, toy.record(toy.model()), num_rounds=1)
        own_loop(toy)(grid, context)

    assert serve(toy, main, config=config) == 2 * NODES


def test_a_query_app_that_names_plugins_is_told_at_its_end(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        content = RecordDict({"config": toy.config_record()})
        nodes = list(grid.get_node_ids())
        replies = list(grid.send_and_receive([Message(content, n, "query.mean") for n in nodes]))
        assert len(replies) == NODES

    app = toy.app_of()
    app.query("mean")(lambda message, context: Message(RecordDict(), reply_to=message))
    assert "without starting" in refused(toy, main, app=app).how


def test_an_evaluation_under_a_strategy_counts_as_its_use(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        strategy = strategies.FedAvg(fraction_train=0.0, bcfl=context.run_config)
        strategy.start(grid, toy.record(toy.model()), num_rounds=1)

    assert serve(toy, main) == 0


def test_a_grid_of_the_apps_own_around_ours_does_not_hide_that_plugins_act(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        strategy = strategies.FedAvg(bcfl=context.run_config)
        assert strategy.start(GridProxy(grid), toy.record(toy.model()), num_rounds=2).arrays

    assert serve(toy, main) == 2 * NODES


def test_a_grid_of_the_apps_own_hides_no_training_past_the_plugins(toy: Any) -> None:
    def main(grid: Any, context: Any) -> None:
        own_loop(toy)(GridProxy(grid), context)

    refused(toy, main)
    assert serve.asked == 0  # type: ignore[attr-defined]


def test_nodes_do_not_train_for_a_server_without_the_plugins(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nothing on the server is ours, nobody but the nodes can see it."""
    errors = []

    def main(grid: Any, context: Any) -> None:
        content = RecordDict({"arrays": toy.record(toy.model())})
        messages = [Message(content, node, "train") for node in grid.get_node_ids()]
        errors.extend(reply.error.reason for reply in grid.send_and_receive(messages))

    serve(toy, main, base=FlowerServerApp)
    assert len(errors) == NODES
    assert all("Unprotected" in one and "outliers" in one for one in errors)


def test_nodes_that_have_the_mod_refuse_too(toy: Any) -> None:
    app = toy.app_of(base=FlowerClientApp, mods=[strategies.bcfl_mod])
    replies = []

    def main(grid: Any, context: Any) -> None:
        content = RecordDict({"arrays": toy.record(toy.model())})
        replies.extend(grid.send_and_receive([Message(content, 100, "train")]))

    serve(toy, main, app=app, base=FlowerServerApp)
    assert [reply.has_error() for reply in replies] == [True]


def test_a_mistake_in_the_config_ends_the_app_before_it_runs(toy: Any) -> None:
    ran = []
    with pytest.raises(ConfigError, match="did you mean 'outliers'"):
        serve(toy, lambda *_: ran.append(1), config={"bcfl.plugins": "outlier"})
    assert not ran


class TestLegacy:
    """Flower's legacy API ended in AttributeErrors of its inner works, or ran unprotected."""

    def test_a_server_fn_is_refused_before_it_is_called(self, toy: Any) -> None:
        called = []

        def server_fn(context: Any) -> ServerAppComponents:
            called.append(1)
            return ServerAppComponents(strategy=legacy.FedAvg(), config=ServerConfig(num_rounds=1))

        app = strategies.ServerApp(server_fn=server_fn)
        with InProcessGrid(toy.app_of(), 2) as grid, pytest.raises(LegacyApi, match=r"app\.main"):
            grid.serve(app, NAMED)
        assert not called

    def test_guard_says_what_a_legacy_strategy_is(self) -> None:
        with pytest.raises(LegacyApi, match=r"guard\(FedMedian.*Message API"):
            strategies.guard(
                legacy.FedMedian(),
                bcfl=NAMED,  # type: ignore[arg-type]
            )

    def test_arguments_of_before_are_named_with_what_they_are_now(self) -> None:
        with pytest.raises(LegacyApi, match="fraction_fit -> fraction_train") as error:
            strategies.FedProx(proximal_mu=0.1, fraction_fit=0.5, min_fit_clients=2)
        assert error.value.names == ("fraction_fit", "min_fit_clients")

    def test_a_wrong_argument_that_was_never_legacy_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="fraction_trian"):
            strategies.FedAvg(fraction_trian=0.5)

    def test_a_strategy_of_ours_under_a_legacy_server_is_told(self, toy: Any) -> None:
        app = FlowerServerApp(
            server_fn=lambda context: ServerAppComponents(
                strategy=strategies.FedAvg(bcfl=NAMED), config=ServerConfig(num_rounds=1)
            )
        )
        with InProcessGrid(toy.app_of(), 2) as grid, pytest.raises(LegacyApi, match="FedAvg"):
            grid.serve(app, NAMED)

    def test_a_secagg_workflow_is_refused(self, toy: Any) -> None:
        def main(grid: Any, context: Any) -> None:
            workflow = DefaultWorkflow(
                fit_workflow=SecAggPlusWorkflow(num_shares=3, reconstruction_threshold=2)
            )
            strategy = legacy.FedAvg(
                initial_parameters=legacy_parameters(), min_available_clients=2
            )
            within = LegacyContext(context, config=ServerConfig(num_rounds=1), strategy=strategy)
            workflow(grid, within)

        refused(toy, main)
        assert serve.asked == 0  # type: ignore[attr-defined]

    def test_other_attributes_are_missing_as_ever(self) -> None:
        strategy = strategies.FedAvg()
        assert not hasattr(strategy, "aggregate_fit")
        with pytest.raises(AttributeError, match="no attribute 'anything'"):
            strategy.anything  # noqa: B018


def legacy_parameters() -> Any:
    from flwr.common import ndarrays_to_parameters  # noqa: PLC0415

    return ndarrays_to_parameters([np.zeros(3, np.float32)])


@pytest.mark.parametrize("what", [int, flower.FedAvg, "FedAvg"])
def test_guard_takes_nothing_but_a_strategy(what: Any) -> None:
    with pytest.raises(ConfigError, match="no strategy"):
        strategies.guard(what)


def quantised(content: RecordDict) -> RecordDict:
    """What a node sends that quantises: other names, with a scale for each array."""
    arrays = {}
    for name, array in content["arrays"].items():
        values = array.numpy()
        scale = float(np.abs(values).max() or 1.0) / 127
        arrays[f"{name}.q"] = np.round(values / scale).astype(np.int8)
        arrays[f"{name}.scale"] = np.array([scale], np.float32)
    from tests.unit.strategies.conftest import record  # noqa: PLC0415

    return RecordDict({"arrays": record(arrays), "metrics": content["metrics"]})


class Dequantising(flower.FedAvg):
    """Undoes on the server what the nodes did."""

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        listed = list(replies)
        for message in listed:
            sent = message.content["arrays"]
            names = [name.removesuffix(".q") for name in sent if name.endswith(".q")]
            message.content["arrays"] = ArrayRecord(
                [sent[f"{n}.q"].numpy() * sent[f"{n}.scale"].numpy() for n in names]
            )
        return super().aggregate_train(server_round, listed)


def test_nodes_that_quantise_end_the_run_with_the_word_that_helps(toy: Any) -> None:
    app = toy.app_of(dict.fromkeys(range(NODES), quantised))
    strategy = strategies.guard(Dequantising(), bcfl=NAMED)
    with pytest.raises(NothingTrained, match="quantise") as error:
        toy.run(strategy, app, NODES, rounds=3)
    assert (error.value.rounds, error.value.server_round) == (3, 3)
    assert "w.q" in error.value.reasons[102]
    assert "mod of the node" in str(error.value)


def test_nodes_that_quantise_work_without_the_screening(toy: Any) -> None:
    app = toy.app_of(dict.fromkeys(range(NODES), quantised))
    strategy = strategies.guard(Dequantising(), bcfl={"bcfl.screen": "off"})
    with InProcessGrid(app, NODES) as grid:
        assert strategy.start(grid, toy.record(toy.model()), num_rounds=1).arrays


def test_nodes_that_build_the_model_are_told_before_they_are_asked(toy: Any) -> None:
    with pytest.raises(strategies.UnsuitableModel, match="no arrays"):
        toy.run(strategies.FedAvg(bcfl=NAMED), toy.app_of(), 2, arrays=ArrayRecord())


def test_a_strategy_that_makes_no_model_of_good_updates_is_named(toy: Any) -> None:
    class Picky(flower.FedAvg):
        def aggregate_train(self, server_round: int, replies: Any) -> Any:
            return None, MetricRecord()

    with pytest.raises(NothingTrained, match="made no model of the 4 updates") as error:
        toy.run(strategies.guard(Picky()), toy.app_of(), 4)
    assert error.value.given == 4


def test_one_round_that_gave_a_model_is_enough(toy: Any) -> None:
    rounds = iter([None, *["no"] * 4])
    lost = lambda message: next(rounds) if message.metadata.message_type == "train" else None  # noqa: E731
    result = toy.run(
        strategies.FedAvg(min_train_nodes=1, min_available_nodes=1, fraction_evaluate=0.0),
        toy.app_of(), 1, rounds=5, fail=lost,
    )  # fmt: skip
    assert result.arrays


def test_a_strategy_within_another_is_told_of_guard_and_of_the_grid(toy: Any) -> None:
    strategy = strategies.FedAvg(bcfl=NAMED)
    with InProcessGrid(toy.app_of(), 3) as grid:
        arrays, config = toy.record(toy.model()), toy.config_record()
        with pytest.raises(ConfigError, match=r"guard\(\).*GuardedGrid"):
            strategy.configure_train(1, arrays, config, grid)
