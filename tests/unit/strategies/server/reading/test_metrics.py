"""A bad metric costs its sender the metric; the update stays, and so do the others' metrics."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from flwr.app import MetricRecord, RecordDict

import strategies
from strategies.testing import FIRST_NODE_ID

NODES = 6
ODD = 2
NAN = float("nan")


def trained(toy: Any, attacks: Any = None, name: str = "FedAvg", **grid: Any) -> Any:
    strategy = toy.build(name, strategies, NODES)
    return toy.run(strategy, toy.app_of(attacks or {}), NODES, **grid)


def weighted(values: dict[int, float]) -> float:
    """Return the average of nodes' values by the examples of an honest node."""
    total = sum(10 + pid for pid in values)
    return sum((10 + pid) * value for pid, value in values.items()) / total


AUC = {pid: 0.5 + 0.04 * pid for pid in range(NODES)}
WITHOUT = {pid: value for pid, value in AUC.items() if pid != ODD}


def test_an_odd_metric_costs_the_metric_only(
    toy: Any, odd_metric: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        odd = trained(toy, {ODD: toy.odd_metrics[odd_metric]})
    honest = trained(toy)
    assert odd.arrays.object_id == honest.arrays.object_id
    found, all_of_them = odd.train_metrics_clientapp[1], honest.train_metrics_clientapp[1]
    assert found.keys() == all_of_them.keys()
    assert found["train_loss"] == pytest.approx(all_of_them["train_loss"])
    assert found["curve"] == pytest.approx([1.0, 0.5])
    said = [line for line in caplog.messages if "left out" in line]
    assert said
    assert all(f"node {FIRST_NODE_ID + ODD}: metric" in line for line in said)


@pytest.mark.parametrize("value", [NAN, float("inf"), [0.5, 0.5], 2**70])
def test_the_average_is_that_of_the_nodes_that_have_one(toy: Any, value: Any) -> None:
    odd = trained(toy, {ODD: toy.with_metric("auc", value)})
    assert odd.train_metrics_clientapp[1]["auc"] == pytest.approx(weighted(WITHOUT))


def test_a_list_is_averaged_entry_by_entry_over_those_that_have_it(toy: Any) -> None:
    attacks = {
        0: toy.with_metric("curve", [4.0, 2.0]),
        1: toy.with_metric("curve", [NAN, 1.0]),
        2: toy.with_metric("curve", [9.0]),
    }
    found = trained(toy, attacks).train_metrics_clientapp[1]["curve"]
    holders = range(3, NODES)
    expected = [
        weighted({0: first, **dict.fromkeys(holders, usual)})
        for first, usual in ((4.0, 1.0), (2.0, 0.5))
    ]
    assert found == pytest.approx(expected)


def test_a_metric_that_nobody_has_is_none(toy: Any) -> None:
    attacks = dict.fromkeys(range(NODES), toy.with_metric("auc", NAN))
    result = trained(toy, attacks)
    assert result.arrays.object_id == trained(toy).arrays.object_id
    assert "auc" not in result.train_metrics_clientapp[1]
    assert "train_loss" in result.train_metrics_clientapp[1]


@pytest.mark.parametrize("liars", [1, 2, 3])
def test_up_to_half_cannot_add_a_metric(toy: Any, liars: int) -> None:
    attacks = dict.fromkeys(range(liars), toy.with_metric("surprise", 1.0))
    result = trained(toy, attacks)
    assert "surprise" not in result.train_metrics_clientapp[1]
    assert result.arrays.object_id == trained(toy).arrays.object_id


def test_a_strategy_gets_the_same_metrics_of_all(toy: Any) -> None:
    seen: list[Any] = []

    def look(records: list[RecordDict], key: str) -> MetricRecord:
        seen.extend(dict(record["metrics"]) for record in records)
        return MetricRecord({"n": len(records)})

    strategy = strategies.FedAvg(train_metrics_aggr_fn=look)
    app = toy.app_of(dict(enumerate(toy.odd_metrics.values())))
    toy.run(strategy, app, 3 * len(toy.odd_metrics))
    kinds = {
        tuple((key, len(value) if isinstance(value, list) else 0) for key, value in one.items())
        for one in seen
    }
    assert len(seen) == 3 * len(toy.odd_metrics)
    assert len(kinds) == 1
    assert all(np.isfinite(value).all() for one in seen for value in one.values())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("QFedAvg", "train_loss"),
        ("DifferentialPrivacyClientSideAdaptiveClipping", None),
    ],
)
def test_what_the_strategy_cannot_do_without_costs_the_round(
    toy: Any, name: str, key: str | None
) -> None:
    needed = key or toy.norm_bit
    bad = trained(toy, {ODD: toy.with_metric(needed, NAN)}, name)
    gone = trained(toy, {ODD: toy.without_metric(needed)}, name)
    silent = trained(toy, None, name, fail=toy.silent(ODD))
    assert bad.arrays.object_id == gone.arrays.object_id == silent.arrays.object_id


def test_an_evaluation_keeps_its_other_metrics(toy: Any) -> None:
    attacks = {ODD: toy.with_metric("acc", NAN), 4: toy.with_metric("surprise", [1.0])}
    result = toy.run(strategies.FedAvg(), toy.app_of({}, attacks), NODES)
    weights = {pid: 5 + pid for pid in range(NODES) if pid != ODD}
    expected = sum(w * 0.1 * pid for pid, w in weights.items()) / sum(weights.values())
    found = result.evaluate_metrics_clientapp[1]
    assert set(found) == {"acc"}
    assert found["acc"] == pytest.approx(expected)


def test_with_a_plugin_as_well(toy: Any) -> None:
    def run(attacks: Any) -> Any:
        strategy = strategies.FedAvg(bcfl={"bcfl.plugins": "outliers"})
        return toy.run(strategy, toy.app_of(attacks), NODES)

    odd = run({ODD: toy.with_metric("auc", float("-inf"))})
    assert odd.arrays.object_id == run({}).arrays.object_id
    low, high = min(WITHOUT.values()), max(WITHOUT.values())
    assert low < odd.train_metrics_clientapp[1]["auc"] < high
