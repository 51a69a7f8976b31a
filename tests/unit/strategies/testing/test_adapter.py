"""Flower strategies of both APIs under the testing kit."""

from __future__ import annotations

import importlib.metadata
import logging
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Context, Message
from flwr.clientapp import ClientApp
from flwr.server import strategy as legacy
from flwr.serverapp import strategy as current
from hypothesis import find, settings

import strategies
from bcfl_plugins.testing import Case, Profile, check_defense, malformed_replies
from bcfl_plugins.testing.generators.worlds import Malformation
from bcfl_plugins.testing.search.measure import batch_of
from bcfl_plugins.testing.subjects.subject import ADAPTERS
from strategies.testing import InProcessGrid
from strategies.testing.adapter import adapt, malformed_content, reply_content

QUICK = Profile("quick", examples=24, rounds=10)
ALIKE = settings(derandomize=True, database=None, deadline=None)
CASE = Case([[1.0, 2.0], [3.0, 5.0], [5.0, 5.0]], [[100.0, -100.0]])


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As installed, also where the checkout was installed before the entry point was there."""
    entry = SimpleNamespace(load=lambda: adapt)
    known = importlib.metadata.entry_points
    monkeypatch.setattr(
        importlib.metadata,
        "entry_points",
        lambda **group: [entry] if group == {"group": ADAPTERS} else known(**group),
    )


def failed(strategy: object, *names: str) -> set[str]:
    results = check_defense(strategy, profile=QUICK, checks=names or None)
    return {result.name for result in results if result.status == "failed"}


def answer(strategy: object) -> np.ndarray:
    driver = adapt(strategy, lambda _f: strategy)
    assert driver is not None
    return driver.run(batch_of(CASE)).flat


@pytest.mark.parametrize("api", [current, legacy])
def test_a_strategy_is_driven_by_messages(api: object) -> None:
    assert answer(api.FedMedian()) == pytest.approx(np.median(CASE.rows(), axis=0))
    assert answer(api.FedAvg()) == pytest.approx(CASE.rows().mean(axis=0))


def test_a_strategy_with_a_server_optimizer_gets_the_model_first() -> None:
    assert np.isfinite(answer(current.FedAdam())).all()


def test_f_is_set_where_a_strategy_has_it() -> None:
    krum = current.Krum(num_malicious_nodes=0)
    far = Case(np.zeros((4, 1)), [[1e6]], f=1)
    driver = adapt(krum, lambda _f: krum)
    assert driver.run(batch_of(far)).flat.tolist() == [0.0]
    assert krum.num_malicious_nodes == 0


def test_what_is_no_strategy_is_not_ours() -> None:
    assert adapt(object(), lambda _f: None) is None


def test_the_log_of_flower_is_as_before() -> None:
    answer(current.FedAvg())
    assert logging.getLogger("flwr").disabled is False


def test_one_nan_poisons_the_median_of_both_apis() -> None:
    assert failed(current.FedMedian(), "non_finite") == {"non_finite"}
    assert failed(legacy.FedMedian(), "non_finite") == {"non_finite"}


def test_krum_of_the_new_api_loses_distances_between_models() -> None:
    assert failed(current.Krum(), "cancellation") == {"cancellation"}
    assert failed(legacy.Krum(), "cancellation", "non_finite") == {"non_finite"}


@pytest.mark.slow
def test_the_average_keeps_what_an_average_promises() -> None:
    kept = ["translation", "scale", "unanimity", "mean_without_byzantine", "deterministic", "form"]
    assert failed(current.FedAvg(), *kept) == set()
    assert failed(legacy.FedAvg(), *kept) == set()


def test_the_integers_of_a_model_become_floats_in_flower() -> None:
    assert failed(current.FedAvg(), "integers") == {"integers"}


@pytest.mark.parametrize("kind", get_args(Malformation))
def test_a_broken_reply_does_not_stop_a_guarded_round(kind: str) -> None:
    """One of five nodes answers with something broken; the others are averaged as ever."""
    reply = find(malformed_replies(kinds=[kind]), lambda _reply: True, settings=ALIKE)
    model = {"w": np.zeros((2, 2), np.float32), "b": np.zeros(3, np.float32)}

    def train(message: Message, context: Context) -> Message:
        good = {name: array + 1 for name, array in model.items()}
        broken = context.node_config["partition-id"] == 2
        content = malformed_content(good, reply) if broken else reply_content(good)
        return Message(content, reply_to=message)

    app = ClientApp()
    app.train()(train)
    with InProcessGrid(app, num_nodes=5) as grid:
        start = ArrayRecord({name: Array(part) for name, part in model.items()})
        result = strategies.FedAvg(fraction_evaluate=0.0).start(grid, start, num_rounds=1)
    for array in result.arrays.values():
        assert array.numpy() == pytest.approx(1.0)
