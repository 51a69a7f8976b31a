from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, MetricRecord, RecordDict
from flwr.serverapp import strategy as flower

import strategies
from bcfl_plugins.defenses.base import RuleTags
from strategies.errors import ContractBroken
from strategies.testing import CheckedStrategy, InProcessGrid
from strategies.testing.checked import RULES
from strategies.unprotected import NothingTrained
from tests.unit.strategies.conftest import app_of, model, numpy_of, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flwr.app import Message


def run(strategy: Any, app: Any = None, nodes: int = 11) -> Any:
    with InProcessGrid(app or app_of(), nodes) as grid:
        return strategy.start(grid, record(model()), num_rounds=2)


def rules_broken(strategy: CheckedStrategy) -> set[str]:
    return {violation.rule for violation in strategy.report().violations}


@pytest.mark.parametrize("name", ["FedAvg", "FedProx", "Krum", "MultiKrum"])
def test_a_guarded_strategy_gives_the_same_model_and_breaks_no_rule(name: str) -> None:
    plain = run(getattr(strategies, name)())
    checked = CheckedStrategy(getattr(strategies, name)())
    same = run(checked)
    assert isinstance(checked, getattr(strategies, name))
    for key, array in numpy_of(plain.arrays).items():
        np.testing.assert_array_equal(array, numpy_of(same.arrays)[key])
    assert checked.report().rounds == 2
    assert rules_broken(checked) == set()
    assert "no rule was broken" in checked.report().text()


@pytest.mark.parametrize(
    ("make", "broken"),
    [
        (flower.FedAvg, set()),
        (flower.FedMedian, {"replies"}),  # it takes the arrays out of the replies
        (flower.FedAdam, {"dtypes"}),  # float32 in, float64 out
        (flower.Krum, set()),
    ],
)
def test_flowers_own_strategies_are_seen_as_they_are(
    make: Callable[[], flower.Strategy], broken: set[str]
) -> None:
    checked = CheckedStrategy(make())
    run(checked)
    assert rules_broken(checked) == broken


def test_one_nan_reply_breaks_plain_fedavg_but_not_a_guarded_one() -> None:
    def poison(content: RecordDict) -> RecordDict:
        arrays = {
            n: np.full_like(a, np.nan) for n, a in numpy_of(content.array_records["arrays"]).items()
        }
        return RecordDict({"arrays": record(arrays), "metrics": content.metric_records["metrics"]})

    app = app_of({0: poison})
    plain, guarded = CheckedStrategy(flower.FedAvg()), CheckedStrategy(strategies.FedAvg())
    run(plain, app)
    run(guarded, app)
    assert "finite" in rules_broken(plain)
    assert rules_broken(guarded) == set()


class _Breaks:
    """Breaks one rule, by name."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule

    def configure_train(self, server_round: int, arrays: Any, config: Any, grid: Any) -> Any:
        messages = list(super().configure_train(server_round, arrays, config, grid))
        if self.rule == "model":
            arrays["b"] = record({"b": np.zeros(3, np.float32)})["b"]
        return messages

    def aggregate_train(self, server_round: int, replies: Iterable[Message]) -> Any:
        listed = list(replies)
        arrays, metrics = super().aggregate_train(server_round, listed)
        assert arrays is not None
        values = numpy_of(arrays)
        match self.rule:
            case "replies":
                listed[3].content.metric_records["metrics"]["num-examples"] = 1
            case "form":
                values = dict(reversed(values.items()))
            case "dtypes":
                values = {name: array.astype(np.float64) for name, array in values.items()}
            case "metrics":
                metrics = MetricRecord({"loss": float("nan")})
            case "box":
                values = {name: array + 1 for name, array in values.items()}
        return record(values), metrics


class _Meddler(_Breaks, strategies.FedAvg):
    """A strategy of ours, with what breaks a rule before it."""


class _Unguarded(_Breaks, flower.FedAvg):
    """The same for a strategy of Flower's: nothing keeps the replies from it."""


@pytest.mark.parametrize("rule", ["replies", "form", "dtypes", "metrics", "box", "model"])
def test_each_rule_is_seen_when_it_is_broken(rule: str) -> None:
    make = _Unguarded if rule == "replies" else _Meddler  # ours gets copies of the replies
    checked = CheckedStrategy(make(rule), tags=RuleTags(box=True))
    run(checked)
    assert rule in rules_broken(checked)
    assert RULES[rule] in checked.report().text()


def test_a_rule_that_was_not_claimed_is_not_checked() -> None:
    checked = CheckedStrategy(_Meddler("box"))
    run(checked)
    assert rules_broken(checked) == set()


def test_a_broken_rule_can_end_the_run() -> None:
    checked = CheckedStrategy(_Meddler("metrics"), on_violation="raise")
    with pytest.raises(ContractBroken, match="aggregated metrics are finite") as raised:
        run(checked)
    assert raised.value.server_round == 1


def test_the_longest_step_is_measured_against_the_replies() -> None:
    checked = CheckedStrategy(strategies.FedAvg())
    run(checked)
    assert 0 < checked.report().longest_step <= 1


def test_a_round_without_a_model_is_counted_and_nothing_else() -> None:
    def silent(content: RecordDict) -> RecordDict:
        return RecordDict({"arrays": ArrayRecord(), "metrics": content.metric_records["metrics"]})

    checked = CheckedStrategy(strategies.FedAvg())
    with pytest.raises(NothingTrained):
        run(checked, app_of(dict.fromkeys(range(11), silent)))
    assert checked.report().rounds == 2
    assert rules_broken(checked) == set()
