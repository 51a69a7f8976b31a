from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, MetricRecord
from flwr.serverapp import strategy as flower

import strategies
from bcfl_plugins import BcflConfig, ConfigError, Rejection, Verdict, hookimpl, open_session
from bcfl_plugins.reasons import Reason
from pallet_bridge.run.journal import CHAIN
from strategies.errors import NotEnoughNodes
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path


def test_every_strategy_of_flower_is_here() -> None:
    assert set(flower.__all__) <= set(strategies.__all__)
    for name in set(flower.__all__) - {"Result", "Strategy"}:
        ours, theirs = getattr(strategies, name), getattr(flower, name)
        assert issubclass(ours, theirs)
        assert ours.__name__ == name
        own = inspect.signature(ours).parameters
        added = {"bcfl", "validation"}
        assert {own[name].kind for name in added} == {inspect.Parameter.KEYWORD_ONLY}
        assert [p for p in own if p not in added] == list(inspect.signature(theirs).parameters)


def test_without_plugins_the_wrapper_is_transparent(toy: Any, array_strategy: str) -> None:
    alone = toy.run(toy.build(array_strategy), toy.app_of(), rounds=3, arrivals=toy.in_order)
    wrapped = toy.run(toy.build(array_strategy, strategies), toy.app_of(), rounds=3)
    guarded = toy.run(strategies.guard(toy.build(array_strategy)), toy.app_of(), rounds=3)
    assert wrapped.arrays.object_id == alone.arrays.object_id
    assert guarded.arrays.object_id == alone.arrays.object_id
    for metrics in ("train_metrics_clientapp", "evaluate_metrics_clientapp"):
        assert getattr(wrapped, metrics) == getattr(alone, metrics)


@pytest.mark.parametrize("name", ["FedAvg", "FedMedian", "MultiKrum", "FedAdam"])
def test_the_order_of_arrival_changes_nothing(toy: Any, name: str) -> None:
    backwards = lambda replies: toy.in_order(replies)[::-1]  # noqa: E731
    ids = {
        toy.run(
            toy.build(name, strategies), toy.app_of(), rounds=2, arrivals=order
        ).arrays.object_id
        for order in (toy.in_order, backwards, lambda replies: replies[3:] + replies[:3])
    }
    assert len(ids) == 1


class Recorder:
    """Writes down every hook, and answers those that it was given an answer for."""

    def __init__(self, **answers: Any) -> None:
        self.calls = []
        self.answers = answers

    def _called(self, hook: Any, **arguments: Any) -> Any:
        self.calls.append((hook, arguments))
        answer = self.answers.get(hook)
        return answer(**arguments) if callable(answer) else answer

    def of(self, hook: Any) -> Any:
        return [arguments for name, arguments in self.calls if name == hook]

    @hookimpl
    def bcfl_run_started(self, run: Any) -> Any:
        self._called("started", run=run)

    @hookimpl
    def bcfl_eligible_nodes(self, run: Any, server_round: Any, nodes: Any) -> Any:
        return self._called("eligible", server_round=server_round, nodes=nodes)

    @hookimpl
    def bcfl_round_opening(self, run: Any, server_round: Any, reference: Any) -> Any:
        return self._called("opening", server_round=server_round, reference=reference)

    @hookimpl
    def bcfl_updates_received(self, ctx: Any, updates: Any) -> Any:
        self._called("received", ctx=ctx, updates=updates)

    @hookimpl
    def bcfl_judge_updates(self, ctx: Any, updates: Any) -> Any:
        return self._called("judge", ctx=ctx, updates=updates)

    @hookimpl
    def bcfl_round_settling(self, result: Any) -> Any:
        self._called("settling", result=result)

    @hookimpl
    def bcfl_round_evaluated(self, result: Any, metrics: Any) -> Any:
        self._called("evaluated", result=result, metrics=metrics)

    @hookimpl
    def bcfl_run_finished(self, run: Any, error: Any) -> Any:
        self._called("finished", run=run, error=error)


def hooked(toy: Any, recorder: Any, name: str = "FedAvg", **keys: Any) -> Any:
    session = toy.session(("recorder", recorder), **keys)
    return toy.build(name, strategies, bcfl=session)


ROUND = ["eligible", "opening", "received", "judge", "settling", "evaluated"]


@pytest.mark.parametrize("on_server", [True, False])
def test_hooks_are_called_in_order(toy: Any, on_server: bool) -> None:
    recorder = Recorder()
    evaluate_fn = lambda server_round, arrays: MetricRecord({"acc": 0.5, "all": [1.0]})  # noqa: E731
    with InProcessGrid(toy.app_of(), 4) as grid:
        hooked(toy, recorder).start(
            grid, toy.record(toy.model()), 2, evaluate_fn=evaluate_fn if on_server else None
        )
    assert [hook for hook, _ in recorder.calls] == ["started", *ROUND, *ROUND, "finished"]
    assert [call["metrics"]["acc"] for call in recorder.of("evaluated")] == pytest.approx(
        [0.5 if on_server else 0.1 * (6 * 1 + 7 * 2 + 8 * 3) / 26] * 2
    )
    assert recorder.of("finished")[0]["error"] is None


def test_the_log_names_the_chain_that_was_chosen(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "flwr.bcfl"), InProcessGrid(toy.app_of(), 4) as grid:
        guarded = toy.build("FedAvg", strategies, bcfl={"bcfl.plugins": "outliers"})
        guarded.start(grid, toy.record(toy.model()), 1)
    assert "bcfl: plugins outliers; chain none" in caplog.messages


def test_plugins_see_the_model_and_the_updates(toy: Any) -> None:
    recorder = Recorder()
    with InProcessGrid(toy.app_of({1: toy.malformed["garbage bytes"]}), 4) as grid:
        hooked(toy, recorder).start(grid, toy.record(toy.model()), 1)
    (received,) = recorder.of("received")
    assert {k: v.tolist() for k, v in received["ctx"].reference.items()} == {
        k: v.tolist() for k, v in toy.model().items()
    }
    nodes = [update.node.node_id for update in received["updates"]]
    assert nodes == [FIRST_NODE_ID, FIRST_NODE_ID + 2, FIRST_NODE_ID + 3]
    update = received["updates"][2]
    assert (update.num_examples, update.metrics["train_loss"]) == (13, 0.53)
    np.testing.assert_array_equal(update.arrays["w"], toy.model()["w"] + np.float32(0.04))
    for arrays in (received["ctx"].reference, update.arrays):
        with pytest.raises(ValueError, match="read-only"):
            arrays["w"][0] = 1
    (settled,) = recorder.of("settling")
    assert [r.node_id for r in settled["result"].unusable] == [FIRST_NODE_ID + 1]
    assert settled["result"].unusable[0].reason == Reason.MALFORMED
    assert list(settled["result"].model) == list(toy.model())


def test_what_a_plugin_rejects_is_not_averaged(
    toy: Any, array_strategy: str, caplog: pytest.LogCaptureFixture
) -> None:
    def judge(ctx: Any, updates: Any) -> Verdict:
        return Verdict(
            "recorder",
            tuple(Rejection(u.node.node_id, 200, "too new", 7) for u in updates[:2]),
            note="a threshold",
        )

    recorder = Recorder(judge=judge)
    with caplog.at_level(logging.WARNING):
        judged = toy.run(hooked(toy, recorder, array_strategy), toy.app_of())
    plain = hooked(toy, Recorder(), array_strategy)
    silent = toy.run(plain, toy.app_of(), fail=toy.silent(0, 1))
    assert judged.arrays.object_id == silent.arrays.object_id
    result = recorder.of("settling")[0]["result"]
    assert [u.accepted for u in result.judged] == [False] * 2 + [True] * 8
    assert (result.judged[0].reason, result.judged[0].score) == (200, 7)
    assert dict(result.notes) == {"recorder": "a threshold"}
    assert any("is rejected: too new" in line for line in caplog.messages)


def test_rejecting_everybody_keeps_the_model(toy: Any) -> None:
    judge = lambda ctx, updates: Verdict(  # noqa: E731
        "recorder", tuple(Rejection(u.node.node_id, 200, "no") for u in updates)
    )
    recorder = Recorder(judge=judge)
    result = toy.run_in_vain(hooked(toy, recorder), toy.app_of(), rounds=2)
    assert not result.arrays
    assert [call["result"].model for call in recorder.of("settling")] == [None, None]
    assert len(recorder.of("evaluated")) == 2


def test_left_out_nodes_get_no_message_of_the_app(toy: Any) -> None:
    seen = []
    bad = FIRST_NODE_ID + 1
    recorder = Recorder(eligible=lambda server_round, nodes: {bad: "no stake"})
    toy.run(hooked(toy, recorder), toy.app_of(), 4,
            fail=lambda message: seen.append(message.metadata.dst_node_id))  # fmt: skip
    assert set(seen) == {FIRST_NODE_ID, FIRST_NODE_ID + 2, FIRST_NODE_ID + 3}
    assert [u.node.node_id for u in recorder.of("received")[0]["updates"]] == sorted(set(seen))


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_too_few_eligible_nodes_end_the_wait_with_the_reasons(toy: Any) -> None:
    left_out = {FIRST_NODE_ID: "no stake", FIRST_NODE_ID + 2: "suspended"}
    recorder = Recorder(eligible=lambda server_round, nodes: left_out)
    strategy = hooked(toy, recorder, wait_for_nodes_s=3.5)
    strategy._bcfl.clock = clock = FakeClock()
    with pytest.raises(NotEnoughNodes, match="needs 2 eligible nodes and has 1") as error:
        toy.run(strategy, toy.app_of(), 3)
    assert "node 100: no stake; node 102: suspended" in str(error.value)
    assert clock.time == 3.5
    assert recorder.of("finished")[0]["error"] is error.value


def test_the_wait_ends_when_there_are_enough(toy: Any) -> None:
    answers = iter([{FIRST_NODE_ID: "not yet"}, {FIRST_NODE_ID: "not yet"}, {}])
    recorder = Recorder(eligible=lambda server_round, nodes: next(answers))
    strategy = hooked(toy, recorder, min_nodes=3)
    strategy._bcfl.clock = FakeClock()
    toy.run(strategy, toy.app_of(), 3)
    assert len(recorder.of("received")[0]["updates"]) == 3


def test_an_error_of_a_plugin_ends_the_run_and_reaches_the_last_hook(toy: Any) -> None:
    def judge(ctx: Any, updates: Any) -> Any:
        raise LookupError("broken")

    recorder = Recorder(judge=judge)
    with pytest.raises(LookupError, match="broken") as error:
        toy.run(hooked(toy, recorder), toy.app_of(), rounds=3)
    assert [hook for hook, _ in recorder.calls][-2:] == ["judge", "finished"]
    assert recorder.of("finished")[0]["error"] is error.value


class OutOfMemory(flower.FedAvg):
    """Ends a run before its first round."""

    def start(self, *_args: Any, **_kwargs: Any) -> Any:
        raise MemoryError("no room for the model")


def on_chain(folder: Path) -> Any:
    return {"bcfl.plugins": "round_log", "bcfl.chain": "embedded", "bcfl.run_dir": str(folder)}


@pytest.mark.slow
def test_a_run_that_fails_closes_the_session_that_it_opened(toy: Any, tmp_path: Path) -> None:
    guarded = strategies.guard(OutOfMemory(), bcfl=on_chain(tmp_path))
    with InProcessGrid(toy.app_of(), 4) as grid, pytest.raises(MemoryError, match="no room"):
        guarded.start(grid, toy.record(toy.model()), 1)
    (run,) = tmp_path.iterdir()
    assert (run / CHAIN).exists()  # written when the session is closed


@pytest.mark.slow
def test_a_session_that_was_handed_in_stays_open_after_a_run(toy: Any, tmp_path: Path) -> None:
    with open_session(BcflConfig.from_run_config(on_chain(tmp_path))) as session:
        guarded = strategies.guard(OutOfMemory(), bcfl=session)
        with InProcessGrid(toy.app_of(), 4) as grid, pytest.raises(MemoryError, match="no room"):
            guarded.start(grid, toy.record(toy.model()), 1)
        assert session.services.need_chain("round_log").client.head().number >= 1
        (run,) = tmp_path.iterdir()
        assert not (run / CHAIN).exists()


def test_with_plugins_the_model_keeps_its_dtypes(toy: Any) -> None:
    def train(message: Any, context: Any) -> Any:
        sent = message.content["arrays"]
        content = toy.honest(message, context)
        content["arrays"]["steps"] = sent["steps"]
        return content

    start = toy.record({**toy.model(), "steps": np.array(7, np.int64)})
    promoted = toy.run(hooked(toy, Recorder(), "FedAdam"), toy.app_of(), rounds=2)
    assert {array.dtype for array in promoted.arrays.values()} == {"float32"}
    for name in ("FedAvg", "FedMedian"):
        result = toy.run(
            hooked(toy, Recorder(), name), toy.app_of(train=train), rounds=3,
            arrays=ArrayRecord(dict(start)),
        )  # fmt: skip
        assert {k: a.dtype for k, a in result.arrays.items()} == {
            "w": "float32", "b": "float32", "scale": "float32", "steps": "int64",
        }  # fmt: skip
        assert result.arrays["steps"].numpy() == 7


def test_without_plugins_an_averaged_counter_does_not_stop_the_next_round(toy: Any) -> None:
    def train(message: Any, context: Any) -> Any:
        content = toy.honest(message, context)
        content["arrays"]["steps"] = toy.record({"s": np.array(7, np.int64)})["s"]
        return content

    start = toy.record({**toy.model(), "steps": np.array(7, np.int64)})
    result = toy.run(strategies.FedAvg(), toy.app_of(train=train), rounds=3, arrays=start)
    assert set(result.train_metrics_clientapp) == {1, 2, 3}


def test_an_aggregate_that_is_not_finite_is_not_taken(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(flower.FedAvg):
        def aggregate_train(self, server_round: Any, replies: Any) -> Any:
            _, metrics = super().aggregate_train(server_round, replies)
            return toy.record({"w": np.array([np.nan])}), metrics

    with caplog.at_level(logging.WARNING):
        result = toy.run_in_vain(strategies.guard(Broken()), toy.app_of())
    assert not result.arrays
    assert any("not finite" in line for line in caplog.messages)


def test_guard_shares_attributes_and_type() -> None:
    inner = flower.FedProx(proximal_mu=0.5)
    outer = strategies.guard(inner)
    assert isinstance(outer, flower.FedProx)
    outer.proximal_mu = 0.25
    assert inner.proximal_mu == 0.25
    with pytest.raises(ConfigError, match="wrapped already"):
        strategies.guard(outer)


def test_own_strategies_and_own_loops_work(toy: Any) -> None:
    class Mine(flower.FedAvg):
        """Starts twice, and never evaluates."""

        def start(
            self, grid: Any, initial_arrays: Any, num_rounds: Any = 3, *args: Any, **kwargs: Any
        ) -> Any:
            arrays = initial_arrays
            for server_round in (1, 2):
                messages = self.configure_train(server_round, arrays, toy.config_record(), grid)
                arrays, _ = self.aggregate_train(server_round, grid.send_and_receive(messages))
            return arrays

    recorder = Recorder()
    session = toy.session(("recorder", recorder))
    toy.run(strategies.guard(Mine(), bcfl=session), toy.app_of({0: toy.malformed["NaN values"]}))
    assert [len(call["updates"]) for call in recorder.of("received")] == [9, 9]
    assert len(recorder.of("evaluated")) == 2


def test_subclasses_keep_their_own_signature() -> None:
    class Mine(strategies.FedAvg):
        def __init__(self, extra: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    assert list(inspect.signature(Mine).parameters) == ["extra", "kwargs"]


@pytest.mark.parametrize("fraction", ["fraction_train", "fraction_evaluate"])
def test_phases_that_are_switched_off_stay_off(toy: Any, fraction: Any) -> None:
    recorder = Recorder()
    session = toy.session(("recorder", recorder))
    result = toy.run(strategies.FedAvg(**{fraction: 0.0}, bcfl=session), toy.app_of())
    trained = fraction == "fraction_evaluate"
    assert bool(result.arrays) is trained
    assert len(recorder.of("settling")) == trained
    assert len(recorder.of("evaluated")) == trained


def test_settings_are_checked_when_the_strategy_is_made() -> None:
    with pytest.raises(ConfigError, match="plugin"):
        strategies.FedAvg(bcfl={"bcfl.plugin": "outliers"})
    with pytest.raises(ConfigError, match="screen"):
        strategies.FedAvg(bcfl={"bcfl.plugins": "outliers", "bcfl.screen": "off"})
    assert strategies.FedAvg(bcfl={"num-server-rounds": 3}) is not None
    assert strategies.FedAvg(bcfl=BcflConfig()) is not None


def test_a_wrapped_strategy_within_a_wrapped_one_works(toy: Any) -> None:
    inner = strategies.FedAvg()
    outer = strategies.DifferentialPrivacyServerSideFixedClipping(inner, 0.0, 5.0, 10)
    plain = toy.build("DifferentialPrivacyServerSideFixedClipping")
    expected = toy.run(plain, toy.app_of(), arrivals=toy.in_order)
    assert toy.run(outer, toy.app_of()).arrays.object_id == expected.arrays.object_id


def test_a_second_run_of_one_strategy_starts_afresh(toy: Any) -> None:
    recorder = Recorder()
    strategy = hooked(toy, recorder)
    with InProcessGrid(toy.app_of(), 2) as grid:
        start = toy.record(toy.model())
        strategy.start(grid, start, 1, evaluate_fn=lambda *_: MetricRecord({"acc": 0.9}))
        strategy.start(grid, start, 1)
    assert [hook for hook, _ in recorder.calls] == ["started", *ROUND, "finished"] * 2
    assert recorder.of("evaluated")[1]["metrics"]["acc"] < 0.2
