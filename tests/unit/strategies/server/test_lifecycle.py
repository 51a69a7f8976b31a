from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import strategies
from bcfl_plugins import BcflConfig, ConfigError
from strategies.errors import RoundNotConfigured
from strategies.testing import InProcessGrid


def test_replies_without_a_configured_round_are_refused(toy: Any) -> None:
    with pytest.raises(RoundNotConfigured, match="round 1"):
        strategies.FedAvg().aggregate_train(1, [])


def test_a_round_is_aggregated_once(toy: Any) -> None:
    strategy = strategies.FedAvg(fraction_evaluate=0.0)
    with InProcessGrid(toy.app_of(), 2) as grid:
        sent = toy.record(toy.model())
        messages = list(strategy.configure_train(1, sent, toy.config_record(), grid))
        replies = grid.send_and_receive(messages)
        arrays, _ = strategy.aggregate_train(1, replies)
        assert arrays is not None
        with pytest.raises(RoundNotConfigured, match="round 1"):
            strategy.aggregate_train(1, replies)


def test_named_plugins_need_start(toy: Any) -> None:
    strategy = strategies.FedAvg(bcfl=BcflConfig(plugins="outliers"))
    with InProcessGrid(toy.app_of(), 2) as grid, pytest.raises(ConfigError, match="start"):
        strategy.configure_train(1, toy.record(toy.model()), toy.config_record(), grid)


def test_screening_can_be_switched_off_for_strategies_with_other_replies(toy: Any) -> None:
    strategy = strategies.FedAvg(bcfl={"bcfl.screen": "off"})
    nan = toy.run(strategy, toy.app_of({0: toy.malformed["NaN values"]}))
    assert np.isnan(nan.arrays["b"].numpy()).all()
