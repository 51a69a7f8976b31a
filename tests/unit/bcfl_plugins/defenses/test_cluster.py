"""What the cluster rule finds, when it abstains, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins import ClientUpdate, NodeId, NodeRef
from bcfl_plugins.defenses.cluster import ClusterSettings, ClusterState, Finding, judge
from bcfl_plugins.reasons import Reason

DEFAULTS = ClusterSettings()
REFERENCE = {"w": np.zeros((40, 5), np.float32), "b": np.zeros(5, np.float32), "n": np.array(3)}
COMMON = np.random.default_rng(0).normal(size=205)


def update(node: int, delta: np.ndarray) -> ClientUpdate:
    arrays = {
        "w": delta[:200].reshape(40, 5).astype(np.float32),
        "b": delta[200:].astype(np.float32),
        "n": np.array(4),
    }
    return ClientUpdate(NodeRef(NodeId(node)), arrays, 10)


def round_of(seed: int, factors: list[float], noise: float = 0.7) -> list[ClientUpdate]:
    """Nodes that share a direction, each with noise of its own, times its factor."""
    rng = np.random.default_rng(seed)
    return [
        update(node, factor * (COMMON + noise * rng.normal(size=205)))
        for node, factor in enumerate(factors)
    ]


def reasons(findings: dict[NodeId, Finding]) -> dict[int, Reason]:
    return {
        int(node): found.reason
        for node, found in findings.items()
        if found.reason is not Reason.NONE
    }


def first(updates: list[ClientUpdate]) -> dict[int, Reason]:
    findings, _, _ = judge(REFERENCE, updates, ClusterState(), DEFAULTS)
    return reasons(findings)


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
    findings, note, _ = judge(
        REFERENCE, [update(n, np.zeros(205)) for n in range(5)], ClusterState(), DEFAULTS
    )
    assert (reasons(findings), note, len(findings)) == ({}, "nobody moved", 5)


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
    findings, note, _ = judge(REFERENCE, round_of(1, factors), ClusterState(), DEFAULTS)
    assert reasons(findings) == {}
    assert says in note


def test_it_abstains_rather_than_reject_half() -> None:
    small = [1.0, 1.0, 1.0, 1.0, 0.01, 0.01, 0.01, 0.01, 0.01]
    findings, note, _ = judge(REFERENCE, round_of(1, small), ClusterState(), DEFAULTS)
    assert len(reasons(findings)) <= 4
    factors = [1.0] * 5 + [50.0] * 4 + [-1.0]
    findings, note, _ = judge(REFERENCE, round_of(1, factors), ClusterState(), DEFAULTS)
    assert reasons(findings) == {}
    assert note.startswith("abstained: no clear majority")


@given(st.permutations(range(8)), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_the_order_of_arrival_changes_nothing(order: list[int], seed: int) -> None:
    updates = round_of(seed, [1, 1, 2, 1, 0.5, -1, 7, 1])
    straight, shuffled = ClusterState(), ClusterState()
    for _ in range(2):
        left, note, straight = judge(REFERENCE, updates, straight, DEFAULTS)
        right, other, shuffled = judge(REFERENCE, [updates[i] for i in order], shuffled, DEFAULTS)
        assert (dict(left), note) == (dict(right), other)


@given(st.floats(1e-3, 1e3), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_the_unit_of_the_weights_changes_nothing(scale: float, seed: int) -> None:
    factors = [1, 1, 2, 1, 0.5, -1, 7, 1]
    assert first(round_of(seed, factors)) == first(
        round_of(seed, [scale * factor for factor in factors])
    )


def test_nothing_handed_in_is_written_to() -> None:
    updates = round_of(1, [1, 1, 1, 1, -1])
    for array in [*REFERENCE.values(), *(a for u in updates for a in u.arrays.values())]:
        array.setflags(write=False)
    _, _, state = judge(REFERENCE, updates, ClusterState(), DEFAULTS)
    before = {node: past.course["w"].copy() for node, past in state.nodes.items()}
    judge(REFERENCE, round_of(2, [1, 1, 1, 1, -1]), state, DEFAULTS)
    assert all(np.array_equal(before[n], past.course["w"]) for n, past in state.nodes.items())


def test_one_noisy_round_does_not_cost_a_node_with_a_good_past() -> None:
    state = ClusterState()
    for seed in range(6):
        _, _, state = judge(REFERENCE, round_of(seed, [1] * 8), state, DEFAULTS)
    sideways = round_of(9, [1] * 7)
    noise = update(7, np.random.default_rng(5).normal(size=205) - 0.2 * COMMON)
    findings, _, _ = judge(REFERENCE, [*sideways, noise], state, DEFAULTS)
    assert reasons(findings) == {}
    assert first([*sideways, noise]) != {}


def test_a_good_past_does_not_excuse_a_flipped_round() -> None:
    state = ClusterState()
    for seed in range(6):
        _, _, state = judge(REFERENCE, round_of(seed, [1] * 8), state, DEFAULTS)
    findings, _, _ = judge(REFERENCE, round_of(9, [1] * 7 + [-1]), state, DEFAULTS)
    assert list(reasons(findings)) == [7]


def test_an_attacker_that_turns_honest_is_accepted_again() -> None:
    state = ClusterState()
    for seed in range(4):
        findings, _, state = judge(REFERENCE, round_of(seed, [1] * 6 + [-1]), state, DEFAULTS)
    assert list(reasons(findings)) == [6]
    for seed in range(4, 10):
        findings, _, state = judge(REFERENCE, round_of(seed, [1] * 7), state, DEFAULTS)
    assert reasons(findings) == {}


def test_absent_nodes_are_remembered_for_a_while() -> None:
    short = ClusterSettings(memory=2)
    _, _, state = judge(REFERENCE, round_of(1, [1] * 5), ClusterState(), short)
    for _ in range(2):
        _, _, state = judge(REFERENCE, round_of(2, [1] * 4), state, short)
        assert 4 in state.nodes
    _, _, state = judge(REFERENCE, round_of(2, [1] * 4), state, short)
    assert 4 not in state.nodes


def test_scores_are_fixed_point_ints() -> None:
    findings, _, _ = judge(REFERENCE, round_of(1, [1, 1, 1, 1, 10, -1]), ClusterState(), DEFAULTS)
    assert all(type(found.score) is int for found in findings.values())
    assert 0 < findings[NodeId(0)].score <= 1_000_000
    assert findings[NodeId(4)].score > 5_000_000
    assert findings[NodeId(5)].score < 0
