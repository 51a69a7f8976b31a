from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins import BcflConfig, ConfigError, PluginError, Services
from bcfl_plugins.hooks.merge import weigh
from bcfl_plugins.plugins.rewards import Rewards, create
from bcfl_plugins.types import (
    ClientUpdate,
    JudgedUpdate,
    NodeId,
    NodeRef,
    RoundContext,
    RoundResult,
    RunInfo,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Array

ONE = 10**9
EXAMPLES = [10, 20, 1000, 30]
DIRECTIONS = [[1.0, 0.0], [1.0, 1.0], [1.0, 0.2], [-1.0, 0.0]]
UPDATES = tuple(
    ClientUpdate(NodeRef(NodeId(n)), {"w": np.array(direction)}, examples)
    for n, (direction, examples) in enumerate(zip(DIRECTIONS, EXAMPLES, strict=True))
)
JUDGED = tuple(
    JudgedUpdate(u.node, u.num_examples, None, accepted=n != 3, weight=int(n != 3), share=share)
    for n, (u, share) in enumerate(zip(UPDATES, (100, 300, 600, 0), strict=True))
)
RESULT = RoundResult(RoundContext(RunInfo(1, 1), 1, None, {"w": np.zeros(2)}), {}, JUDGED)


def measure(model: Mapping[str, Array]) -> Array:
    """Least loss along the first axis."""
    return np.full(50, ((model["w"] - np.array([1.0, 0.0])) ** 2).sum())


def weights(method: str) -> Mapping[NodeId, int]:
    services = Services(BcflConfig(), validation=measure)
    return create({"method": method}, services).bcfl_reward_weights(RESULT, UPDATES)


METHODS = ["uniform", "examples", "influence", "cosine", "leave_one_out", "shapley", "rating"]


@pytest.mark.parametrize("method", METHODS)
def test_shares_go_to_accepted_nodes_and_sum_to_one(method: str) -> None:
    found = weights(method)
    assert set(found) == {NodeId(0), NodeId(1), NodeId(2)}
    assert sum(found.values()) == ONE
    assert weights(method) == found, "the same round gives the same shares"


def test_examples_count_up_to_a_multiple_of_the_median() -> None:
    found = weights("examples")
    claims = np.array([10, 20, 2 * 20])  # the third claimed 1000
    np.testing.assert_allclose([found[NodeId(n)] for n in range(3)], ONE * claims / 70, atol=1)


def test_who_helps_the_model_earns_more() -> None:
    for method in ("leave_one_out", "shapley"):
        found = weights(method)
        assert found[NodeId(0)] > found[NodeId(1)], method


def test_help_is_paid_for_where_it_can_be_measured() -> None:
    assert weights("auto") == weights("shapley")
    blind = create({}, Services(BcflConfig())).bcfl_reward_weights(RESULT, UPDATES)
    evenly = max(blind.values()) - min(blind.values()) <= 1
    assert evenly, "without data to measure by all get the same, to the last part of 10^9"


def test_influence_is_paid_as_it_was_and_evenly_where_nobody_said_it() -> None:
    assert list(weights("influence").values()) == [ONE // 10, 3 * ONE // 10, 6 * ONE // 10]
    plugin = create({"method": "influence"}, Services(BcflConfig()))
    unsaid = replace(RESULT, judged=tuple(replace(one, share=None) for one in JUDGED))
    assert list(plugin.bcfl_reward_weights(unsaid, UPDATES).values()) == [1, 1, 1]


def test_ratings_grow_over_the_rounds_of_one_run() -> None:
    plugin = create({"method": "rating"}, Services(BcflConfig(), validation=measure))
    first = plugin.bcfl_reward_weights(RESULT, UPDATES)
    for _ in range(5):
        later = plugin.bcfl_reward_weights(RESULT, UPDATES)
    assert later[NodeId(0)] > later[NodeId(2)] > later[NodeId(1)]
    assert later != first
    plugin.bcfl_run_started(RunInfo(2, 1))
    assert plugin.bcfl_reward_weights(RESULT, UPDATES) == first


@pytest.mark.parametrize("method", ["leave_one_out", "shapley", "rating"])
def test_a_method_that_measures_needs_a_measure(method: str) -> None:
    with pytest.raises(ConfigError, match="validation="):
        create({"method": method}, Services(BcflConfig()))


def test_nobody_accepted_is_nobody_paid() -> None:
    rejected = tuple(JudgedUpdate(u.node, 10, None, accepted=False) for u in UPDATES)
    result = RoundResult(RESULT.ctx, {}, rejected)
    plugin = create({}, Services(BcflConfig()))
    assert isinstance(plugin, Rewards)
    assert plugin.bcfl_reward_weights(result, UPDATES) == {}


def test_without_an_answer_all_share_evenly() -> None:
    assert [u.weight for u in weigh(JUDGED, None)] == [1, 1, 1, 0]


def test_weights_go_to_accepted_nodes_only() -> None:
    weighed = weigh(JUDGED, {NodeId(1): 7, NodeId(3): 9})
    assert [u.weight for u in weighed] == [0, 7, 0, 0]


@pytest.mark.parametrize("answer", [{9: 1}, {0: -1}, {0: 2**32}, {0: 0.5}, {0: True}])
def test_a_weight_that_is_none_is_refused(answer: dict[NodeId, int]) -> None:
    with pytest.raises(PluginError, match="bcfl_reward_weights"):
        weigh(JUDGED, answer)
