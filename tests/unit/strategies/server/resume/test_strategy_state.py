from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from flwr.app import ArrayRecord
from flwr.serverapp import strategy as flower

from pallet_bridge.errors import EncodingError
from pallet_bridge.run.values import ValueReader, ValueWriter
from strategies.server.resume.strategy_state import KINDS, StrategyState


class Mine(flower.FedAvg):
    """A strategy that learns in attributes of all kinds."""

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        self.rate = rate
        self.momentum: Any = None
        self.seen: dict[int, list[str]] = {}
        self.buffer = np.zeros(4)
        self.noise = np.random.default_rng(5)
        self.inner = flower.FedAdam()

    def learn(self) -> None:
        self.momentum = [np.arange(3.0)]
        self.seen.setdefault(7, []).append("x")
        self.buffer += 2.0
        self.noise.normal()
        self.inner.m_t = {"w": np.full(2, 0.1, np.float32)}
        self.inner.current_arrays = {"w": np.ones(2)}


def through_a_file(kept: dict[str, object]) -> Any:
    writer = ValueWriter(KINDS)
    plain = writer.plain(kept)
    return ValueReader(tuple(array.copy() for array in writer.arrays), KINDS).value(plain)


def test_what_a_run_changed_is_kept_and_put_back_wherever_it_is() -> None:
    strategy = Mine()
    state = StrategyState.of(strategy)
    assert state.kept() == {}
    strategy.learn()
    kept = through_a_file(state.kept())
    assert kept.keys() == {
        *("momentum", "seen", "buffer", "noise", "inner.m_t", "inner.current_arrays"),
    }
    later = Mine(rate=0.25)  # as the app is now
    StrategyState.of(later).put_back(kept)
    assert later.rate == 0.25
    assert later.momentum[0].tolist() == [0, 1, 2]
    assert later.seen == {7: ["x"]}
    assert later.buffer.tolist() == [2.0] * 4
    assert later.inner.m_t is not None
    assert later.inner.m_t["w"].dtype == np.float32
    assert later.noise.normal() == strategy.noise.normal()


def test_what_was_put_back_stays_kept_also_when_it_does_not_change_again() -> None:
    later = Mine()
    state = StrategyState.of(later)
    state.put_back({"momentum": [np.arange(2.0)]})
    assert state.kept().keys() == {"momentum"}


def test_models_of_flower_are_kept_to_the_byte() -> None:
    strategy = flower.FedAvgM()
    state = StrategyState.of(strategy)
    strategy.current_arrays = ArrayRecord([np.float16([1.5, -0.0]), np.arange(3)])
    found = through_a_file(state.kept())["current_arrays"]
    assert type(found) is ArrayRecord
    assert [array.data for array in found.values()] == [
        array.data for array in strategy.current_arrays.values()
    ]


def test_what_cannot_be_kept_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    strategy = Mine()
    state = StrategyState.of(strategy)
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        for _ in range(2):
            strategy.momentum = iter([1])
            assert "momentum" not in state.kept()
    assert sum("momentum" in record.getMessage() for record in caplog.records) == 1


def test_another_strategy_is_refused() -> None:
    with pytest.raises(EncodingError, match=r"inner\.m_t"):
        StrategyState.of(flower.FedAvg()).put_back({"inner.m_t": {}})
