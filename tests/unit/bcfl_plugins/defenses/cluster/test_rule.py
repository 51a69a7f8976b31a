"""Whom the rule `cluster` rejects, when it abstains, and what it must not depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.cluster import Cluster
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Aggregate

REFERENCE = {"w": np.zeros((40, 5), np.float32), "b": np.zeros(5, np.float32), "n": np.array(3)}
COMMON = np.random.default_rng(0).normal(size=205)

Update: TypeAlias = tuple[int, dict[str, Any]]


def update(node: int, delta: np.ndarray) -> Update:
    arrays = {
        "w": delta[:200].reshape(40, 5).astype(np.float32),
        "b": delta[200:].astype(np.float32),
        "n": np.array(4),
    }
    return node, arrays


def round_of(seed: int, factors: list[float], noise: float = 0.7) -> list[Update]:
    """Nodes that share a direction, each with noise of its own, times its factor."""
    rng = np.random.default_rng(seed)
    return [
        update(node, factor * (COMMON + noise * rng.normal(size=205)))
        for node, factor in enumerate(factors)
    ]


def judge(updates: list[Update], state: object = None, rule: Cluster | None = None) -> Aggregate:
    ids, arrays = zip(*updates, strict=True)
    extras = Extras(reference=REFERENCE, ids=ids, state=state)
    return (rule or Cluster()).aggregate(list(arrays), extras)


def reasons(updates: list[Update], found: Aggregate) -> dict[int, Reason]:
    told = zip(updates, found.decision.reasons, found.decision.kept, strict=True)
    return {node: reason for (node, _), reason, kept in told if not kept}


def first(updates: list[Update]) -> dict[int, Reason]:
    return reasons(updates, judge(updates))


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_rejected_when_all_pull_one_way(seed: int) -> None:
    assert first(round_of(seed, [1, 1.3, 0.7, 1, 1, 1.5, 0.8, 1])) == {}


@pytest.mark.parametrize("seed", range(5))
def test_flipped_signs_are_rejected_for_their_direction(seed: int) -> None:
    found = first(round_of(seed, [1, 1, 1, 1, 1, -1, -1, -1]))
    assert found == dict.fromkeys([5, 6, 7], Reason.OUTLIER_DIRECTION)


@pytest.mark.parametrize("factor", [5, 10, -10, 1e6])
def test_scaled_updates_are_rejected_for_their_norm(factor: float) -> None:
    found = first(round_of(1, [1, 1, 1, 1, 1, 1, factor, factor]))
    assert found == dict.fromkeys([6, 7], Reason.OUTLIER_NORM)


def test_identical_updates_are_all_accepted() -> None:
    assert first([update(node, COMMON) for node in range(6)]) == {}


def test_an_unmoved_update_is_accepted_and_judges_nobody() -> None:
    still = update(9, np.zeros(205))
    assert first([*round_of(1, [1, 1, 1, 1, -1]), still]) == {4: Reason.OUTLIER_DIRECTION}


def test_nobody_moving_is_no_finding() -> None:
    still = [update(n, np.zeros(205)) for n in range(5)]
    found = judge(still)
    assert (reasons(still, found), found.decision.note) == ({}, "nobody moved")
    assert found.decision.weights.tolist() == [0.2] * 5


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_numbers_that_are_not_finite_cost_their_sender_only(value: float) -> None:
    honest = round_of(1, [1, 1, 1, 1, -1])
    bad = update(9, np.full(205, value))
    found = first([*honest, bad])
    expected = Reason.OUTLIER_NORM if value == 3e38 else Reason.NON_FINITE
    assert found == {4: Reason.OUTLIER_DIRECTION, 9: expected}


@pytest.mark.parametrize(
    ("factors", "says"),
    [([1.0, 1.0, -1.0], "3 updates, 4 are needed"), ([1, 1, -1, -1], "no common direction")],
)
def test_it_abstains_without_a_majority(factors: list[float], says: str) -> None:
    found = judge(round_of(1, factors))
    assert found.decision.kept.all()
    assert says in found.decision.note


def test_it_abstains_rather_than_reject_half() -> None:
    small = [1.0, 1.0, 1.0, 1.0, 0.01, 0.01, 0.01, 0.01, 0.01]
    assert len(first(round_of(1, small))) <= 4
    found = judge(round_of(1, [1.0] * 5 + [50.0] * 4 + [-1.0]))
    assert found.decision.kept.all()
    assert found.decision.note.startswith("abstained: no clear majority")


@given(st.permutations(range(8)), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_the_order_of_arrival_changes_nothing(order: list[int], seed: int) -> None:
    updates = round_of(seed, [1, 1, 2, 1, 0.5, -1, 7, 1])
    straight = shuffled = None
    for _ in range(2):
        left = judge(updates, straight)
        right = judge([updates[i] for i in order], shuffled)
        straight, shuffled = left.state, right.state
        assert left.decision.scores[order].tolist() == right.decision.scores.tolist()
        assert left.decision.note == right.decision.note


@given(st.floats(1e-3, 1e3), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_the_unit_of_the_weights_changes_nothing(scale: float, seed: int) -> None:
    factors = [1, 1, 2, 1, 0.5, -1, 7, 1]
    assert first(round_of(seed, factors)) == first(
        round_of(seed, [scale * factor for factor in factors])
    )


def test_nothing_handed_in_is_written_to() -> None:
    updates = round_of(1, [1, 1, 1, 1, -1])
    for array in [*REFERENCE.values(), *(a for _, arrays in updates for a in arrays.values())]:
        array.setflags(write=False)
    state = judge(updates).state
    before = {node: [pull.copy() for pull in one.kept.pulls] for node, one in state.nodes.items()}
    judge(round_of(2, [1, 1, 1, 1, -1]), state)
    for node, one in state.nodes.items():
        for was, pull in zip(before[node], one.kept.pulls, strict=True):
            assert np.array_equal(was, pull)


def after(rounds: list[list[Update]], rule: Cluster | None = None) -> Any:
    state = None
    for updates in rounds:
        state = judge(updates, state, rule).state
    return state


def test_one_noisy_round_does_not_cost_a_node_with_a_good_past() -> None:
    state = after([round_of(seed, [1] * 8) for seed in range(6)])
    noise = update(7, np.random.default_rng(5).normal(size=205) - 0.2 * COMMON)
    last = [*round_of(9, [1] * 7), noise]
    assert judge(last, state).decision.kept.all()
    assert first(last) != {}


def test_a_good_past_does_not_excuse_a_flipped_round() -> None:
    state = after([round_of(seed, [1] * 8) for seed in range(6)])
    last = round_of(9, [1] * 7 + [-1])
    assert list(reasons(last, judge(last, state))) == [7]


def test_an_attacker_that_turns_honest_is_accepted_again() -> None:
    bad = [round_of(seed, [1] * 6 + [-1]) for seed in range(4)]
    assert list(reasons(bad[-1], judge(bad[-1], after(bad[:-1])))) == [6]
    good = [round_of(seed, [1] * 7) for seed in range(4, 10)]
    assert judge(good[-1], after([*bad, *good[:-1]])).decision.kept.all()


def test_absent_nodes_are_remembered_for_a_while() -> None:
    rule = Cluster(memory=2)
    state = after([round_of(1, [1] * 5)], rule)
    state = judge(round_of(2, [1] * 4), state, rule).state
    assert 4 in state.nodes
    state = judge(round_of(2, [1] * 4), state, rule).state
    assert 4 not in state.nodes


def test_scores_are_one_minus_the_agreement() -> None:
    scores = judge(round_of(1, [1, 1, 1, 1, 10, -1])).decision.scores
    assert (scores[:4] < 1.0).all()
    assert 1.0 < scores[5] <= 2.0


def test_a_state_of_another_model_is_refused() -> None:
    state = judge(round_of(1, [1] * 5)).state
    other = [{"w": np.ones((40, 5), np.float32)} for _ in range(5)]
    with pytest.raises(BadUpdates, match="other arrays"):
        Cluster().aggregate(other, Extras(ids=range(5), state=state))
    other = [{"w": np.ones((40, 6)), "b": np.ones(5)} for _ in range(5)]
    with pytest.raises(BadUpdates, match="another size"):
        Cluster().aggregate(other, Extras(ids=range(5), state=state))


@pytest.mark.parametrize(
    ("setting", "value"),
    [("agreement", 1.5), ("spread", -1.0), ("norm_factor", 0.5), ("smoothing", 1.0), ("memory", 0)],
)
def test_settings_out_of_range_are_refused(setting: str, value: float) -> None:
    with pytest.raises(BadUpdates, match=setting):
        Cluster(**{setting: value})  # type: ignore[arg-type]
