from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Aggregate, Extras
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.defenses.parts.node_memory import NodeMemory
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

D = 300
IDS = list(range(12))


def cohort(seed: int, n: int = 12, common: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    way = np.random.default_rng(99).standard_normal(D)
    return common * way + rng.standard_normal((n, D))


def rounds(attack: str, count: int = 6, bad: int = 4, common: float = 1.0) -> list[Aggregate]:
    """Run some rounds in which the last `bad` nodes attack."""
    rule, state, made = ClusterGuard(), None, []
    for number in range(count):
        rows = cohort(number, common=common)
        if attack == "flip":
            rows[-bad:] *= -1
        elif attack == "sybil":
            noise = np.random.default_rng([number, 7]).standard_normal((bad, D))
            rows[-bad:] = 3 * np.random.default_rng(5).standard_normal(D) + noise
        made.append(rule.aggregate(rows, Extras(ids=IDS, state=state)))
        state = made[-1].state
    return made


def test_honest_nodes_are_kept() -> None:
    for common in (1.0, 0.2, 0.0):
        for made in rounds("none", common=common):
            assert made.decision.kept.all()
            assert set(made.decision.reasons) == {Reason.NONE}


def test_reversed_updates_are_rejected_once_there_is_evidence() -> None:
    made = rounds("flip")
    assert made[-1].decision.kept.tolist() == [True] * 8 + [False] * 4
    assert made[-1].decision.reasons[-1] is Reason.OUTLIER_DIRECTION
    assert made[-1].decision.weights[-4:].tolist() == [0.0] * 4


def test_five_of_twelve_reversed_are_found() -> None:
    assert rounds("flip", bad=5)[-1].decision.kept.tolist() == [True] * 7 + [False] * 5


def test_noisy_sybils_lose_influence_and_are_not_rejected() -> None:
    made = rounds("sybil", count=10, common=0.2)
    assert made[-1].decision.kept.all()
    assert made[-1].decision.weights[-4:].sum() < 0.05
    assert made[-1].decision.weights[-4:].sum() < made[0].decision.weights[-4:].sum()


def test_reversed_updates_lose_influence_where_nobody_can_be_rejected() -> None:
    ways = np.random.default_rng(1).standard_normal((4, D))  # four labels, three nodes each
    rule, state = ClusterGuard(), None
    for number in range(10):
        noise = np.random.default_rng([number, 3]).standard_normal((12, D))
        rows = np.repeat(ways, 3, axis=0) + 0.3 * noise
        rows[[0, 3]] *= -1
        made = rule.aggregate(rows, Extras(ids=IDS, state=state))
        state = made.state
    assert made.decision.kept.all()
    assert made.decision.weights[[0, 3]].sum() < 0.01 * made.decision.weights.sum()


def test_one_flip_after_a_clean_past_is_forgiven() -> None:
    state = rounds("none")[-1].state
    rows = cohort(50)
    rows[0] *= -1
    made = ClusterGuard().aggregate(rows, Extras(ids=IDS, state=state))
    assert made.decision.kept.all()


def test_a_long_update_has_little_pull() -> None:
    rows = cohort(3)
    rows[-1] = 1e6 * np.ones(D)
    made = ClusterGuard().aggregate(rows, Extras(ids=IDS))
    assert not made.decision.kept[-1]
    assert made.decision.reasons[-1] is Reason.OUTLIER_NORM
    assert np.linalg.norm(made.value) < 2 * np.median(np.linalg.norm(rows, axis=1))


def test_an_endless_update_is_kept_without_any_pull() -> None:
    rows = np.array([[0.0], [0.0], [0.0], [3e153]])
    made = ClusterGuard().aggregate(rows, Extras(ids=range(4)))
    assert made.decision.kept.tolist() == [True] * 4
    assert made.value.tolist() == [0.0]


def test_arrival_order_changes_nothing() -> None:
    order = np.random.default_rng(0).permutation(12)
    rule, one, two = ClusterGuard(), None, None
    for number in range(4):
        rows = cohort(number)
        rows[-3:] *= -1
        first = rule.aggregate(rows, Extras(ids=IDS, state=one))
        second = rule.aggregate(rows[order], Extras(ids=[IDS[i] for i in order], state=two))
        one, two = first.state, second.state
        assert first.decision.weights[order].tolist() == second.decision.weights.tolist()
        assert first.value.tolist() == second.value.tolist()


def test_a_replay_gives_the_same_state() -> None:
    one, two = rounds("flip")[-1].state, rounds("flip")[-1].state
    assert isinstance(one, NodeMemory)
    assert one.round == two.round == 6
    for node in IDS:
        assert one.nodes[node].kept.pull.tolist() == two.nodes[node].kept.pull.tolist()
        assert one.nodes[node].kept.agreement == two.nodes[node].kept.agreement
    with pytest.raises(FrozenInstanceError):
        one.round = 0  # type: ignore[misc]


def test_absent_nodes_are_remembered_and_then_forgotten() -> None:
    rule = ClusterGuard(memory=2)
    state = rule.aggregate(cohort(0), Extras(ids=IDS)).state
    for number, known in ((1, True), (2, False), (3, False)):
        made = rule.aggregate(cohort(number)[:8], Extras(ids=IDS[:8], state=state))
        state = made.state
        assert (11 in state.nodes) == known


def test_large_models_are_sketched() -> None:
    rule, state, d = ClusterGuard(), None, 20_001
    for number in range(5):
        rng = np.random.default_rng(number)
        rows = 0.5 * np.random.default_rng(9).standard_normal(d) + rng.standard_normal((8, d))
        rows[-2:] *= -1
        made = rule.aggregate(rows.astype(np.float32), Extras(ids=IDS[:8], state=state))
        state = made.state
    assert made.decision.kept.tolist() == [True] * 6 + [False] * 2
    assert isinstance(state, NodeMemory)
    assert state.nodes[0].kept.pull.shape == (4096,)


def test_a_node_with_nan_is_out_and_keeps_its_past() -> None:
    state = rounds("none")[-1].state
    rows = cohort(7)
    rows[2, 0] = np.nan
    made = ClusterGuard().aggregate(rows, Extras(ids=IDS, state=state))
    assert made.decision.reasons[2] is Reason.NON_FINITE
    assert made.decision.kept.sum() == 11
    assert isinstance(made.state, NodeMemory)
    assert made.state.nodes[2].seen == 5


def test_what_it_cannot_use() -> None:
    rule = ClusterGuard()
    with pytest.raises(BadUpdates, match="ids"):
        rule.aggregate(cohort(0))
    with pytest.raises(BadUpdates, match="cluster_guard did not return this"):
        rule.aggregate(cohort(0), Extras(ids=IDS, state="yesterday"))
    state = rule.aggregate(cohort(0)[:, :100], Extras(ids=IDS)).state
    with pytest.raises(BadUpdates, match="another size"):
        rule.aggregate(cohort(0), Extras(ids=IDS, state=state))
    with pytest.raises(BadUpdates, match="decay"):
        ClusterGuard(decay=1.5)


@pytest.mark.parametrize("idle", [1, 6, 8])
def test_a_node_that_sends_no_change_has_no_vote(idle: int) -> None:
    rule, state = ClusterGuard(), None
    for number in range(5):
        rows = cohort(number)
        rows[:idle] = 0.0
        made = rule.aggregate(rows, Extras(ids=IDS, state=state))
        state = made.state
        alone = rows[idle:].mean(axis=0)
        assert made.decision.kept.all()
        assert made.decision.weights[:idle].tolist() == [0.0] * idle
        assert np.linalg.norm(made.value - alone) < 0.3 * np.linalg.norm(alone)
    assert f"{idle} of 12 sent no change" in made.decision.note


def test_three_that_move_beside_many_that_do_not_are_not_believed() -> None:
    rows = np.zeros((12, D))
    rows[:3] = cohort(0)[:3]
    made = ClusterGuard().aggregate(rows, Extras(ids=IDS))
    assert np.linalg.norm(made.value) == 0.0


def test_an_idle_round_leaves_the_past_of_a_node_as_it_was() -> None:
    state = rounds("flip")[-1].state
    rows = cohort(9)
    rows[[0, 11]] = 0.0
    later = ClusterGuard().aggregate(rows, Extras(ids=IDS, state=state)).state
    assert later.nodes[11].kept.agreement == state.nodes[11].kept.agreement
    rows = cohort(10)
    rows[11] *= -1.0
    found = ClusterGuard().aggregate(rows, Extras(ids=IDS, state=later)).decision
    assert not found.kept[11]


def test_a_node_that_agreed_is_heard_in_full_when_its_updates_become_long() -> None:
    rule = ClusterGuard()
    rows = cohort(40)
    rows[5] *= 3.5
    known = rule.aggregate(rows, Extras(ids=IDS, state=rounds("none")[-1].state)).decision
    new = rule.aggregate(rows, Extras(ids=IDS)).decision
    assert known.weights[5] == pytest.approx(known.weights[6])
    assert new.weights[5] < 0.3 * new.weights[6]
    for factor, kept in ((8.0, True), (14.0, False)):
        rows = cohort(41)
        rows[5] *= factor
        state = rounds("none")[-1].state
        assert rule.aggregate(rows, Extras(ids=IDS, state=state)).decision.kept[5] == kept


def test_a_claim_counts_for_a_node_that_agreed_and_moved_farther() -> None:
    rule, state = ClusterGuard(), rounds("none")[-1].state
    rows = cohort(42)
    rows[3] *= 2.5
    claims = [100] * 12
    claims[3] = claims[4] = 10**9
    claims[8] = 20
    made = rule.aggregate(rows, Extras(ids=IDS, claims=claims, state=state)).decision
    one = made.weights[6]
    assert made.weights[3] == pytest.approx(4 * one)
    assert made.weights[4] < 1.5 * one
    assert made.weights[8] == pytest.approx(0.2 * one)
    fresh = rule.aggregate(rows, Extras(ids=IDS, claims=claims)).decision
    assert fresh.weights[3] < fresh.weights[6]


@pytest.mark.parametrize("claims", [[1] * 11, [1.0] * 11 + [np.nan], [5] * 11 + [-1]])
def test_claims_that_are_none_are_refused(claims: list[float]) -> None:
    with pytest.raises(BadUpdates, match="claims"):
        ClusterGuard().aggregate(cohort(0), Extras(ids=IDS, claims=claims))
