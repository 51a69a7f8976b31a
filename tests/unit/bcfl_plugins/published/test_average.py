"""The mean that anybody can compute again is the one that Flower computes, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins import BcflConfig, NodeId, RoundResult, Verdict, hookimpl, open_session
from bcfl_plugins.published.average import WEIGHTED_MEAN
from bcfl_plugins.published.keeping import average_of
from strategies import ClientApp, FedAdam, FedAvg, FedProx
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins import ClientUpdate

NODES = 5
MODEL: Mapping[str, Any] = {
    "half": np.linspace(-1, 1, 6, dtype=np.float16),
    "single": np.linspace(-2, 2, 12, dtype=np.float32).reshape(3, 4),
    "double": np.linspace(-3, 3, 5),
    "scalar": np.array(0.5, np.float32),
    "steps": np.array([3, 2**53 + 1], np.int64),
    "flags": np.array([True, False]),
    "nothing": np.zeros((0, 2), np.float32),
}


class Looks:
    """Weighs as told, and looks at what comes out."""

    def __init__(self, shares: Mapping[int, int], medians: tuple[str, ...]) -> None:
        self._shares = {NodeId(FIRST_NODE_ID + node): part for node, part in shares.items()}
        self._medians = medians
        self._updates: tuple[ClientUpdate, ...] = ()
        self.averages: list[tuple[str, bool]] = []

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        self._updates = updates
        return Verdict("looks", shares=self._shares, medians=self._medians)

    @hookimpl
    def bcfl_round_settling(self, result: RoundResult) -> None:
        self.averages.append(average_of(result, self._updates))


def app(*, mixed: bool) -> ClientApp:
    made = ClientApp()

    @made.train()
    def train(message: Any, context: Any) -> Any:
        node = int(context.node_config["partition-id"])
        rng = np.random.default_rng([node, 3])
        arrays = {}
        for name, array in message.content["arrays"].items():
            old = array.numpy()
            if old.dtype.kind == "f":
                old = (old + rng.normal(0, 0.1, old.shape)).astype(old.dtype)
                if mixed and node % 2:
                    old = old.astype(np.float64)
            arrays[name] = Array(np.asarray(old))
        metrics = MetricRecord({"num-examples": 7 + 3 * node})
        content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": metrics})
        return Message(content, reply_to=message)

    return made


def averages(
    strategy: Any = FedAvg,
    *,
    shares: Mapping[int, int] | None = None,
    medians: tuple[str, ...] = (),
    mixed: bool = False,
) -> list[tuple[str, bool]]:
    looks = Looks(shares or {}, medians)
    with (
        open_session(BcflConfig(chain="none"), plugins=[("looks", looks)]) as session,
        InProcessGrid(app(mixed=mixed), num_nodes=NODES) as grid,
    ):
        made = strategy(fraction_evaluate=0.0, min_train_nodes=1, bcfl=session)
        first = ArrayRecord({name: Array(array) for name, array in MODEL.items()})
        made.start(grid, first, num_rounds=2)
    return looks.averages


@pytest.mark.parametrize("strategy", [FedAvg, FedProx])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_plain_mean_is_known(strategy: Any, *, mixed: bool) -> None:
    more = {"proximal_mu": 0.1} if strategy is FedProx else {}
    made = averages(lambda **given: strategy(**given, **more), mixed=mixed)
    assert made == [(WEIGHTED_MEAN, False)] * 2


@pytest.mark.parametrize("total", [10**9, 7 * 10**8])
@pytest.mark.parametrize("mixed", [False, True])
def test_shares_that_draw_to_the_reference_are_known(total: int, *, mixed: bool) -> None:
    parts = [total // 10, total // 5, total // 5, total // 4, total // 4]
    shares = dict(enumerate(parts))
    assert averages(shares=shares, mixed=mixed) == [(WEIGHTED_MEAN, False)] * 2


def test_medians_are_known() -> None:
    shares = dict.fromkeys(range(NODES), 10**9 // NODES)
    named = ("single", "steps", "flags", "not there")
    assert averages(shares=shares, medians=named) == [(WEIGHTED_MEAN, False)] * 2


def test_an_optimizer_makes_its_model_of_the_mean() -> None:
    assert averages(FedAdam) == [(WEIGHTED_MEAN, True)] * 2
