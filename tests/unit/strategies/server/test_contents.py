"""Shares of a judge: what they do to the average of the wrapped strategy, and what they do not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from flwr.app import MetricRecord, RecordDict

import strategies
from bcfl_plugins import (
    BcflConfig,
    NodeId,
    PluginError,
    Rejection,
    RoundResult,
    Verdict,
    hookimpl,
    open_session,
)
from bcfl_plugins.apportion import ONE
from bcfl_plugins.defenses.registry import selecting_rule_names
from strategies.messages.records import to_arrays
from strategies.testing import FIRST_NODE_ID

NODES = 9
FAR, REVERSED = 3, 5
SHARING = sorted(
    {*selecting_rule_names()} - {"bulyan"}
)  # which ends with a mean of each coordinate


def moved(toy: Any, factor: float) -> Any:
    def attack(content: Any) -> Any:
        start, arrays = toy.model(), to_arrays(content["arrays"])
        content["arrays"] = toy.record(
            {
                name: (start[name] + factor * (array - start[name])).astype(array.dtype)
                for name, array in arrays.items()
            }
        )
        return content

    return attack


def attacked(toy: Any) -> Any:
    return toy.app_of({FAR: moved(toy, 30.0), REVERSED: moved(toy, -1.0)})


def judged_by(method: str, **table: object) -> dict[str, object]:
    keys = {f"bcfl.outliers.{name}": value for name, value in table.items()}
    return {"bcfl.plugins": "outliers", "bcfl.outliers.method": method, **keys}


class Says:
    """A plugin with an answer of its own, which keeps what came of it."""

    def __init__(self, parts: dict[int, int], rejected: tuple[int, ...] = ()) -> None:
        self.parts = {NodeId(FIRST_NODE_ID + pid): part for pid, part in parts.items()}
        self.rejected = tuple(
            Rejection(NodeId(FIRST_NODE_ID + pid), 130, "unwanted") for pid in rejected
        )
        self.seen: list[int | None] = []

    @hookimpl
    def bcfl_judge_updates(self) -> Verdict:
        return Verdict("says", self.rejected, shares=self.parts)

    @hookimpl
    def bcfl_round_settling(self, result: RoundResult) -> None:
        self.seen = [update.share for update in result.judged]


class Watch:
    shares: ClassVar[dict[int, int]] = {}

    @hookimpl
    def bcfl_round_settling(self, result: RoundResult) -> None:
        for update in result.judged:
            self.shares[update.node.node_id - FIRST_NODE_ID] = update.share or 0


def average(toy: Any, strategy: Any, nodes: int = NODES, app: Any = None) -> dict[str, Any]:
    return dict(to_arrays(toy.run(strategy, app or toy.app_of(), nodes).arrays))


@pytest.mark.parametrize("method", SHARING)
@pytest.mark.slow
def test_fedavg_with_the_shares_of_a_rule_is_the_rule(toy: Any, method: str) -> None:
    robust = strategies.RobustFedAvg(method)
    expected = average(toy, robust, app=attacked(toy))
    settings = judged_by(method, shares="rule")
    found = average(toy, strategies.FedAvg(bcfl=settings), app=attacked(toy))
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=3e-7)


def scattered(toy: Any) -> Any:
    """Return an app whose nodes move every entry differently; two move some of them far."""

    def train(message: Any, context: Any) -> Any:
        content = toy.honest(message, context)
        pid = int(context.node_config["partition-id"])
        arrays = dict(to_arrays(content["arrays"]))
        rng = np.random.default_rng(pid)
        arrays["w"] = (arrays["w"] + 0.002 * rng.normal(size=arrays["w"].shape)).astype(np.float32)
        if pid in {2, 6}:
            arrays["w"][0, 0] += np.float32(0.2)
        content["arrays"] = toy.record(arrays)
        return content

    return toy.app_of(train=train)


@pytest.mark.parametrize("method", ["cluster_guard", "flame"])
@pytest.mark.parametrize("clip", [0.5, 2.0])
def test_fedavg_with_a_clip_is_the_rule_with_its_coordinates_clipped(
    toy: Any, method: str, clip: float
) -> None:
    robust = strategies.RobustFedAvg(f"coordinate_clip+{method}", mads=clip)
    expected = average(toy, robust, app=scattered(toy))
    settings = judged_by(method, shares="rule", clip=clip)
    found = average(toy, strategies.FedAvg(bcfl=settings), app=scattered(toy))
    unclipped = strategies.FedAvg(bcfl=judged_by(method, shares="rule"))
    plain = average(toy, unclipped, app=scattered(toy))
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=3e-7)
    assert max(abs(plain[name] - found[name]).max() for name in plain) > 1e-4


def test_a_clip_leaves_alone_what_all_agree_on_and_what_is_no_float(toy: Any) -> None:
    start = {**toy.model(), "n": np.array(3, dtype=np.int64)}
    same = toy.app_of(train=lambda message, _: toy_reply(toy, message))
    for clip in (0.0, 2.0):
        strategy = strategies.FedAvg(bcfl=judged_by("cluster_guard", clip=clip))
        made = toy.run(strategy, same, NODES, arrays=toy.record(start))
        arrays = to_arrays(made.arrays)
        assert arrays["n"].dtype == np.int64
        np.testing.assert_allclose(arrays["w"], start["w"] + 0.01, atol=1e-6)


def toy_reply(toy: Any, message: Any) -> Any:
    arrays = to_arrays(message.content["arrays"])
    moved = {
        name: array if array.dtype.kind == "i" else (array + 0.01).astype(array.dtype)
        for name, array in arrays.items()
    }
    metrics = MetricRecord({"num-examples": 10})
    return RecordDict({"arrays": toy.record(moved), "metrics": metrics})


@pytest.mark.parametrize("claim", [1, 10**6])
def test_with_the_shares_of_the_rule_alone_claims_move_nothing(toy: Any, claim: int) -> None:
    strategy = strategies.FedAvg(bcfl=judged_by("cluster_guard", shares="rule"))
    claims = toy.app_of({4: toy.with_metric("num-examples", claim)})
    usual = average(toy, strategies.FedAvg(bcfl=judged_by("cluster_guard", shares="rule")))
    for name, array in average(toy, strategy, app=claims).items():
        np.testing.assert_array_equal(array, usual[name])


def test_by_default_nobody_owns_the_model_by_a_claim(toy: Any) -> None:
    claims = toy.app_of({4: toy.with_metric("num-examples", 10**9)})
    watch = Watch()
    config = BcflConfig.from_run_config({"bcfl.plugins": "outliers"})
    with open_session(config, plugins=[("watch", watch)]) as session:
        average(toy, strategies.FedAvg(bcfl=session), app=claims)
    assert sum(watch.shares.values()) == pytest.approx(ONE, abs=NODES)
    assert watch.shares[4] <= ONE * 4 / (NODES - 1)
    assert watch.shares[4] < 2 * watch.shares[5]  # it is no longer than the others


@pytest.mark.parametrize("name", ["FedAvg", "FedAdam"])
def test_a_buffer_is_a_median_whatever_the_strategy_does(toy: Any, name: str) -> None:
    def poisoned(content: Any) -> Any:
        arrays = dict(to_arrays(content["arrays"]))
        arrays["b"] = np.full_like(arrays["b"], 1e30)
        content["arrays"] = toy.record(arrays)
        return content

    settings = {"bcfl.plugins": "outliers", "bcfl.outliers.buffers": "b"}
    found = average(toy, toy.build(name, strategies, bcfl=settings), app=toy.app_of({2: poisoned}))
    clean = average(toy, toy.build(name, strategies, bcfl=settings))
    assert np.abs(found["b"] - clean["b"]).max() < 0.1


def test_with_examples_claims_count_up_to_twice_the_median(toy: Any) -> None:
    def weigh(*claims: int) -> Any:
        app = toy.app_of({i: toy.with_metric("num-examples", c) for i, c in enumerate(claims)})
        strategy = strategies.FedAvg(bcfl=judged_by("multikrum", shares="examples"))
        return average(toy, strategy, len(claims), app)["b"]

    np.testing.assert_array_equal(weigh(10, 10, 10, 10, 20), weigh(10, 10, 10, 10, 10**6))
    assert (weigh(10, 10, 10, 10, 10) != weigh(10, 10, 10, 20, 10)).any()


def test_off_leaves_the_weights_to_the_strategy(toy: Any) -> None:
    strategy = strategies.FedAvg(bcfl=judged_by("cluster_guard", shares="off"))
    plain = average(toy, strategies.FedAvg())
    for name, array in average(toy, strategy).items():
        np.testing.assert_array_equal(array, plain[name])


def test_what_is_missing_to_one_is_the_model_that_went_out(toy: Any) -> None:
    says = Says({0: ONE // 8, 1: 3 * ONE // 8})
    found = average(toy, strategies.FedAvg(bcfl=toy.session(("says", says))), 2)
    start = toy.model()
    for name, array in found.items():
        expected = start[name] + 0.01 * (1 * 1 / 8 + 2 * 3 / 8)
        np.testing.assert_allclose(array, expected, rtol=1e-6)
    assert says.seen == [ONE // 8, 3 * ONE // 8]


def test_shares_of_two_plugins_multiply_and_those_of_the_rejected_go_to_the_others(
    toy: Any,
) -> None:
    one = Says({0: ONE // 2, 1: ONE // 4, 2: ONE // 4})
    two = Says({0: ONE // 4, 1: 3 * ONE // 4}, rejected=(2,))
    session = toy.session(("one", one), ("two", two))
    average(toy, strategies.FedAvg(bcfl=session), 3)
    assert one.seen == [400_000_000, 600_000_000, 0]


def test_a_share_of_nothing_divides_by_nothing(toy: Any) -> None:
    says = Says({0: 0, 1: 0})
    found = average(toy, strategies.FedAvg(bcfl=toy.session(("says", says))), 2)
    for name, array in toy.model().items():
        np.testing.assert_allclose(found[name], array, rtol=1e-6)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({0: ONE}, "its shares are not of the updates that it keeps; see node"),
        ({0: ONE, 1: 1}, "together more than 10^9"),
        ({0: -1, 1: 1}, "a share is no integer from 0"),
        ({0: 0.5, 1: 1}, "a share is no integer from 0"),
    ],
)
def test_shares_that_are_none_name_the_plugin(toy: Any, parts: Any, says: str) -> None:
    session = toy.session(("says", Says(parts)))
    with pytest.raises(PluginError, match=says.replace("^", r"\^")) as caught:
        average(toy, strategies.FedAvg(bcfl=session), 2)
    assert caught.value.plugin == "says"


def test_metrics_are_averaged_by_the_shares_too(toy: Any) -> None:
    says = Says({0: ONE // 4, 1: 3 * ONE // 4})
    result = toy.run(strategies.FedAvg(bcfl=toy.session(("says", says))), toy.app_of(), 2)
    assert result.train_metrics_clientapp[1]["train_loss"] == pytest.approx(0.5 + 0.0075)


@pytest.mark.parametrize("name", ["FedMedian", "FedAdam", "Krum", "QFedAvg"])
def test_other_strategies_run_with_shares(toy: Any, name: str) -> None:
    strategy = toy.build(name, strategies, bcfl={"bcfl.plugins": "outliers"})
    assert all(np.isfinite(array).all() for array in average(toy, strategy).values())
