"""`RobustFedAvg`: any rule as a Flower strategy, on what the nodes changed."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flwr.app import ArrayRecord
from flwr.serverapp import strategy as flower

import strategies
from bcfl_plugins import ConfigError
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule, rule_names
from bcfl_plugins.defenses.rules.coordinate import Median
from bcfl_plugins.reasons import Reason
from strategies.errors import RoundNotConfigured
from strategies.messages.records import to_arrays
from strategies.testing import FIRST_NODE_ID

Arrays = Mapping[str, np.ndarray]


def moved(arrays: Arrays, factor: float) -> dict[str, np.ndarray]:
    return {
        name: np.asarray((array + 0.01 * factor).astype(array.dtype))
        for name, array in arrays.items()
    }


def far(toy: Any, factor: float) -> Callable[[Any], Any]:
    """Let a node move by so many hundredths more."""

    def attack(content: Any) -> Any:
        content["arrays"] = toy.record(moved(to_arrays(content["arrays"]), factor))
        return content

    return attack


def server_update(model: Arrays, server_round: int) -> Arrays:
    del server_round
    return moved(model, 5.0)


def robust(method: str, **options: Any) -> Any:
    rule = create_rule(method)
    given = {"server_update": server_update} if rule.needs_trusted else {}
    return strategies.RobustFedAvg(method, **given, **options)


@pytest.mark.parametrize("method", [*rule_names(), "nnm+cwtm", "bucketing+gm"])
def test_the_result_is_the_rules_on_what_the_nodes_sent(toy: Any, method: str) -> None:
    strategy = robust(method)
    result = toy.run(strategy, toy.app_of(), 9)
    reference = {name: np.asarray(array) for name, array in toy.model().items()}
    extras = Extras(
        reference=reference,
        ids=list(range(FIRST_NODE_ID, FIRST_NODE_ID + 9)),
        trusted=server_update(reference, 1) if strategy.rule.needs_trusted else None,
    )
    sent = [moved(reference, 1.0 + i) for i in range(9)]
    expected = create_rule(method).aggregate(sent, extras)
    for name, array in to_arrays(result.arrays).items():
        assert array.dtype == reference[name].dtype
        np.testing.assert_array_equal(array, expected.value[name])
    decided = strategy.last_decision
    assert (decided.server_round, decided.nodes) == (1, tuple(extras.ids))
    np.testing.assert_array_equal(decided.decision.kept, expected.decision.kept)
    np.testing.assert_array_equal(decided.decision.scores, expected.decision.scores)


def test_the_mean_is_that_of_fedavg_when_all_have_as_many_examples(toy: Any) -> None:
    attacks = dict.fromkeys(range(6), toy.with_metric("num-examples", 10))
    ours = toy.run(strategies.RobustFedAvg("mean"), toy.app_of(attacks), 6, rounds=3)
    theirs = toy.run(flower.FedAvg(), toy.app_of(attacks), 6, rounds=3, arrivals=toy.in_order)
    for name, array in to_arrays(theirs.arrays).items():
        np.testing.assert_allclose(to_arrays(ours.arrays)[name], array, rtol=1e-6)
    assert ours.train_metrics_clientapp == theirs.train_metrics_clientapp


def test_claimed_examples_move_nothing_but_the_metrics(toy: Any) -> None:
    runs = [
        toy.run(strategies.RobustFedAvg("cwtm"), toy.app_of(attacks), 6)
        for attacks in ({}, {0: toy.with_metric("num-examples", 10**6)})
    ]
    assert runs[0].arrays.object_id == runs[1].arrays.object_id
    assert runs[0].train_metrics_clientapp != runs[1].train_metrics_clientapp


def test_an_attacker_is_out_of_the_model_and_of_the_metrics(toy: Any) -> None:
    def attack(content: Any) -> Any:
        return far(toy, 1e4)(toy.with_metric("train_loss", 1e6)(content))

    strategy = strategies.RobustFedAvg("multikrum", f=2)
    result = toy.run(strategy, toy.app_of({2: attack, 5: attack}), 9)
    decision = strategy.last_decision.decision
    assert np.flatnonzero(~decision.kept).tolist() == [2, 5]
    assert decision.reasons[2] is Reason.OUTLIER_CLUSTER
    assert result.train_metrics_clientapp[1]["train_loss"] < 1
    assert abs(to_arrays(result.arrays)["w"] - toy.model()["w"]).max() < 0.1


@pytest.mark.parametrize("method", ["multikrum", "foolsgold", "signguard"])
def test_the_order_of_arrival_changes_nothing(toy: Any, method: str) -> None:
    backwards = lambda replies: toy.in_order(replies)[::-1]  # noqa: E731
    ids = {
        toy.run(robust(method), toy.app_of(), rounds=3, arrivals=order).arrays.object_id
        for order in (toy.in_order, backwards, lambda replies: replies[3:] + replies[:3])
    }
    assert len(ids) == 1


def present(server_round: int, counts: list[int]) -> int:
    return counts[min(server_round, len(counts)) - 1]


def falling(toy: Any, counts: list[int]) -> Any:
    """Return an app of which so many nodes train in each round; the others fail."""

    def train(message: Any, context: Any) -> Any:
        number = int(message.content["config"]["server-round"])
        if int(context.node_config["partition-id"]) >= present(number, counts):
            raise RuntimeError("away")
        return toy.honest(message, context)

    return toy.app_of(train=train)


def test_f_follows_participation(toy: Any, caplog: pytest.LogCaptureFixture) -> None:
    strategy = strategies.RobustFedAvg("krum", f=3)
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        toy.run(strategy, falling(toy, [10, 7, 5]), 10, rounds=3)
    assert [len(decided.nodes) for decided in strategy.decisions.values()] == [10, 7, 5]
    assert all(decided.decision is not None for decided in strategy.decisions.values())
    assert "round 1" not in caplog.text
    assert "round 2: f = 2 instead of 3, the most that krum tolerates among 7" in caplog.text
    assert "round 3: f = 1 instead of 3, the most that krum tolerates among 5" in caplog.text


def test_a_round_with_too_few_updates_keeps_the_model(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    strategy = strategies.RobustFedAvg("krum", f=2)
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        result = toy.run_in_vain(strategy, toy.app_of(), 4, rounds=2)
    assert not result.arrays  # as in Flower: the last aggregate, of which there is none
    assert [decided.decision for decided in strategy.decisions.values()] == [None, None]
    assert "krum does not tolerate f = 2 among n = 4" in strategy.last_decision.refusal
    assert "The model stays as it was" in caplog.text


def test_a_rule_that_refuses_three_rounds_in_a_row_ends_the_run(toy: Any) -> None:
    """It refused all rounds of a run, and the model never moved."""
    strategy = strategies.RobustFedAvg("krum", f=2)
    with pytest.raises(strategies.RuleRefuses, match="krum does not tolerate f = 2") as error:
        toy.run(strategy, falling(toy, [10, 4, 4, 10, 4, 3, 4, 10]), 10, rounds=8)
    assert (error.value.server_round, error.value.refusals) == (7, 3)
    assert "fraction_train" in str(error.value)


@pytest.mark.parametrize(("method", "nodes"), [("multikrum", 4), ("median", 2), ("flame", 2)])
def test_it_is_said_at_the_start_that_too_few_nodes_train_to_tell_who_is_wrong(
    toy: Any, caplog: pytest.LogCaptureFixture, method: str, nodes: int
) -> None:
    sent_to = []

    def train(message: Any, context: Any) -> Any:
        sent_to.append("too few nodes to tell who is wrong" in caplog.text)
        return toy.honest(message, context)

    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        toy.run(strategies.RobustFedAvg(method), toy.app_of(train=train), nodes)
    assert sent_to == [True] * nodes
    assert f"{method} tolerates no byzantine update among {nodes}" in caplog.text


def test_a_mean_that_withstands_nobody_is_no_news(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    toy.run(strategies.RobustFedAvg("mean"), toy.app_of(), 3)
    assert "tolerates" not in caplog.text


def test_a_round_without_replies_keeps_the_model(toy: Any) -> None:
    strategy = strategies.RobustFedAvg("median")
    assert not toy.run_in_vain(strategy, toy.app_of(), 3, fail=toy.silent(0, 1, 2)).arrays
    assert strategy.last_decision is None


def test_malformed_replies_cost_their_senders_the_round(toy: Any) -> None:
    strategy = strategies.RobustFedAvg("cwtm")
    bad = ["NaN values", "wrong shape", "garbage bytes", "exception"]
    attacks = {i: toy.malformed[name] for i, name in enumerate(bad)}
    toy.run(strategy, toy.app_of(attacks), 9)
    assert strategy.last_decision.nodes == tuple(range(FIRST_NODE_ID + 4, FIRST_NODE_ID + 9))


def test_a_rule_remembers_through_a_run_and_not_beyond(toy: Any) -> None:
    def train(message: Any, context: Any) -> Any:
        """Pull a way of one's own; the first two pull the same way half of the time."""
        content = toy.honest(message, context)
        pid = int(context.node_config["partition-id"])
        number = message.content["config"]["server-round"]
        seed = [pid, number] if number % 2 and pid < 2 else [max(pid, 1)]
        arrays = to_arrays(message.content["arrays"])
        pulls = np.random.default_rng(seed).normal(size=arrays["w"].shape)
        changed = {**arrays, "w": (arrays["w"] + pulls).astype(np.float32)}
        content["arrays"] = toy.record(changed)
        return content

    strategy = strategies.RobustFedAvg("contra", step=0.4)
    app = toy.app_of(train=train)
    first = toy.run(strategy, app, 6, rounds=4)
    weights = [decided.decision.weights for decided in strategy.decisions.values()]
    assert list(strategy.decisions) == [1, 2, 3, 4]
    assert weights[3][:2].sum() < weights[0][:2].sum()
    again = toy.run(strategy, app, 6, rounds=4)
    assert again.arrays.object_id == first.arrays.object_id


def test_it_works_with_plugins_beside_it(toy: Any) -> None:
    strategy = strategies.RobustFedAvg(
        "median", bcfl={"bcfl.plugins": "outliers", "bcfl.outliers.method": "multikrum"}
    )
    toy.run(strategy, toy.app_of({3: far(toy, 1e4)}), 9)
    assert FIRST_NODE_ID + 3 not in strategy.last_decision.nodes
    assert len(strategy.last_decision.nodes) < 9


def test_integer_buffers_are_the_median_of_the_kept(toy: Any) -> None:
    start = {**toy.model(), "count": np.array(7, dtype=np.int64)}

    def train(message: Any, context: Any) -> Any:
        content = toy.honest(message, context)
        pid = int(context.node_config["partition-id"])
        counts = {"count": np.array(10 + pid, dtype=np.int64)}
        content["arrays"] = toy.record({**to_arrays(content["arrays"]), **counts})
        return content

    result = toy.run(
        strategies.RobustFedAvg("multikrum", f=1),
        toy.app_of({4: far(toy, 1e3)}, train=train),
        7,
        arrays=toy.record(start),
    )
    found = to_arrays(result.arrays)["count"]
    assert found.dtype == np.int64
    assert int(found) == 12  # the lower median of 10, 11, 12, 13, 15, 16


def test_a_rule_of_ones_own_is_taken_as_it_is(toy: Any) -> None:
    rule = Median(f=1)
    named = toy.run(strategies.RobustFedAvg("median", f=1), toy.app_of(), 5)
    given = toy.run(strategies.RobustFedAvg(rule), toy.app_of(), 5)
    assert given.arrays.object_id == named.arrays.object_id
    with pytest.raises(ConfigError, match="set f when you make it"):
        strategies.RobustFedAvg(replace(rule, f=None), 1)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("medain",), {}, "did you mean 'median'"),
        (("flame",), {"nois": 0.1}, "did you mean 'noise'"),
        (("flame",), {"fraction_trian": 0.5}, "did you mean 'fraction_train'"),
        (("flame",), {"noise": "much"}, "must be of type float"),
        (("flame",), {"noise": -1.0}, "at least 0"),
        (("median", "2"), {}, "must be of type int"),
        (("fltrust",), {}, "pass server_update"),
        (("median+flame",), {}, "cannot stand before"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_made(
    arguments: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        strategies.RobustFedAvg(*arguments, **options)


def test_fedavgs_arguments_reach_fedavg(toy: Any) -> None:
    strategy = strategies.RobustFedAvg("cwtm", fraction_train=0.5, min_train_nodes=3)
    toy.run(strategy, toy.app_of(), 8)
    assert len(strategy.last_decision.nodes) == 4
    parameters = inspect.signature(strategies.RobustFedAvg).parameters
    assert list(parameters) == [
        "method",
        "f",
        "server_update",
        "buffers",
        "bcfl",
        "validation",
        "options",
    ]


def test_replies_for_a_round_that_was_not_configured_are_refused() -> None:
    with pytest.raises(RoundNotConfigured):
        strategies.RobustFedAvg("median", bcfl={"bcfl.screen": "off"}).aggregate_train(1, [])


def test_the_summary_names_the_rule(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flwr.bcfl"):
        strategies.RobustFedAvg("nnm+krum", f=2).summary()
    assert "nnm+krum" in caplog.text


def test_the_server_trains_from_the_model_that_goes_out(toy: Any) -> None:
    seen: list[tuple[int, Arrays]] = []

    def update(model: Arrays, server_round: int) -> Arrays:
        seen.append((server_round, model))
        return moved(model, 1.0)

    strategy = strategies.RobustFedAvg("fltrust", server_update=update)
    result = toy.run(strategy, toy.app_of({0: far(toy, -50.0)}), 4, rounds=2)
    assert [server_round for server_round, _ in seen] == [1, 2]
    np.testing.assert_array_equal(seen[0][1]["w"], toy.model()["w"])
    assert not strategy.last_decision.decision.kept[0]
    assert (to_arrays(result.arrays)["w"] > toy.model()["w"]).all()
    assert isinstance(result.arrays, ArrayRecord)
