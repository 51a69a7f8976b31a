"""Strategies below ours that override a step: what they did came before the plugins, or without."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from flwr.app import MetricRecord
from flwr.serverapp import strategy as flower

import strategies
from bcfl_plugins import hookimpl
from strategies.testing import InProcessGrid

NAMED = {"bcfl.plugins": "outliers"}


def test_own_start_opens_the_session(toy: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Flower's advanced examples copy `start`; the plugins were then called outside of it."""

    class Mine(strategies.FedAvg):
        def start(self, grid: Any, initial_arrays: Any, rounds: int, extra: str) -> Any:
            arrays = initial_arrays
            for server_round in range(1, rounds + 1):
                config = toy.config_record()
                messages = self.configure_train(server_round, arrays, config, grid)
                replies = grid.send_and_receive(messages)
                arrays = self.aggregate_train(server_round, replies)[0] or arrays
            return extra, arrays

    with caplog.at_level(logging.INFO, "flwr.bcfl"), InProcessGrid(toy.app_of(), 3) as grid:
        extra, arrays = Mine(bcfl=NAMED).start(grid, toy.record(toy.model()), 2, extra="yes")
    assert extra == "yes"
    assert not np.array_equal(arrays["w"].numpy(), toy.model()["w"])
    assert "bcfl: plugins outliers; chain none" in caplog.messages


def test_own_start_that_calls_ours_opens_one_session(
    toy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Mine(strategies.FedAvg):
        def start(self, *args: Any, **kwargs: Any) -> Any:
            return super().start(*args, **kwargs)

    with caplog.at_level(logging.INFO, "flwr.bcfl"):
        result = toy.run(Mine(bcfl=NAMED), toy.app_of(), 3)
    assert result.arrays
    assert caplog.messages.count("bcfl: plugins outliers; chain none") == 1


@pytest.mark.parametrize("by_name", [True, False])
def test_own_start_may_name_its_arguments_as_it_likes(toy: Any, by_name: bool) -> None:
    class Mine(strategies.FedAvg):
        def start(self, driver: Any, weights: Any, rounds: int = 1) -> Any:
            return super().start(driver, toy.record(weights), num_rounds=rounds)

    with InProcessGrid(toy.app_of(), 3) as grid:
        mine = Mine(bcfl=NAMED)
        given = {"driver": grid, "weights": toy.model()}
        result = mine.start(**given) if by_name else mine.start(*given.values(), 2)
    assert result.arrays


def test_a_step_that_was_replaced_on_the_object_is_seen(toy: Any) -> None:
    """The guard is not asked then: the replies went to the average as they came."""
    strategy = strategies.FedAvg(bcfl=NAMED)
    strategy.aggregate_train = lambda server_round, replies: (toy.record(toy.model()), None)
    with pytest.raises(strategies.Unprotected, match=r"replies of round 1 .* replaced"):
        toy.run(strategy, toy.app_of(), 3, rounds=2)


def test_an_own_loop_without_plugins_may_leave_a_round(toy: Any) -> None:
    strategy = strategies.FedAvg()
    with InProcessGrid(toy.app_of(), 3) as grid:
        for server_round in (1, 2):
            arrays, config = toy.record(toy.model()), toy.config_record()
            assert list(strategy.configure_train(server_round, arrays, config, grid))


def test_guard_keeps_the_arguments_of_an_own_start(toy: Any) -> None:
    class Mine(flower.FedAvg):
        def start(self, grid: Any, initial_arrays: Any, *, patience: int) -> Any:
            return patience, super().start(grid, initial_arrays, num_rounds=1)

    with InProcessGrid(toy.app_of(), 3) as grid:
        guarded = strategies.guard(Mine(), bcfl=NAMED)
        patience, result = guarded.start(grid, toy.record(toy.model()), patience=3)
    assert patience == 3
    assert result.arrays


def test_own_averaging_gets_what_was_judged(toy: Any) -> None:
    """An `aggregate_train` that does not call ours had no plugin at all."""
    seen = []

    class Mine(strategies.FedAvg):
        def aggregate_train(self, server_round: int, replies: Any) -> Any:
            listed = list(replies)
            seen.append([message.metadata.src_node_id for message in listed])
            return listed[0].content["arrays"], MetricRecord()

    app = toy.app_of({1: toy.malformed["NaN values"], 2: toy.malformed["wrong shape"]})
    toy.run(Mine(bcfl=NAMED), app, 6, rounds=2)
    assert seen == [[100, 103, 104, 105]] * 2


def test_a_strategy_that_filters_replies_has_them_judged_before(toy: Any) -> None:
    """They were said not to have answered."""

    class Mine(strategies.FedAvg):
        def aggregate_train(self, server_round: int, replies: Any) -> Any:
            kept = [m for m in replies if m.content["metrics"]["num-examples"] < 12]
            return super().aggregate_train(server_round, kept)

    results = []

    class Note:
        @hookimpl
        def bcfl_round_settling(self, result: Any) -> None:
            results.append(result)

    toy.run(Mine(bcfl=toy.session(("note", Note()))), toy.app_of(), 5)
    (result,) = results
    assert result.unusable == ()
    assert len(result.judged) == 5


def test_a_mixin_before_ours_is_guarded_as_well(toy: Any) -> None:
    class Skips:
        def aggregate_train(self, server_round: int, replies: Any) -> Any:
            return super().aggregate_train(server_round, list(replies)[1:])  # type: ignore[misc]

    class Mine(Skips, strategies.FedAvg):
        pass

    app = toy.app_of({0: toy.malformed["garbage bytes"]})
    ours = toy.run(Mine(), app, 4)
    plain = toy.run(strategies.FedAvg(), app, 4, fail=toy.silent(1))
    assert ours.arrays.object_id == plain.arrays.object_id
