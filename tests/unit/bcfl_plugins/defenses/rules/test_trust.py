"""MoNNA, FLTrust, FoolsGold and CONTRA against their definitions, written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules.trust import Contra, FLTrust, FoolsGold, Monna
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason


def draw(n: int, seed: int, size: int = 30) -> np.ndarray:
    return 0.3 + np.random.default_rng(seed).normal(size=(n, size))


def ids(n: int) -> list[int]:
    return list(range(n))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("f", [0, 1, 3, 4])
def test_monna_is_the_mean_of_the_nearest_to_the_pivot(f: int) -> None:
    for seed in range(5):
        updates = draw(9, seed)
        pivot = draw(1, 99)[0]
        away = [float(np.linalg.norm(row - pivot)) for row in updates]
        near = sorted(range(9), key=away.__getitem__)[: 9 - f]
        found = Monna(f=f).aggregate(updates, Extras(trusted=pivot))
        np.testing.assert_allclose(found.value, updates[near].mean(axis=0))
        assert np.flatnonzero(found.decision.kept).tolist() == sorted(near)
        np.testing.assert_allclose(found.decision.scores, away)


def test_fltrust_is_the_papers_formula() -> None:
    for seed in range(5):
        updates = draw(8, seed) * np.linspace(0.1, 30, 8)[:, None]
        root = draw(1, 99)[0]
        trust = np.array([max(0.0, cosine(row, root)) for row in updates])
        scaled = updates * (np.linalg.norm(root) / np.linalg.norm(updates, axis=1))[:, None]
        found = FLTrust().aggregate(updates, Extras(trusted=root))
        np.testing.assert_allclose(found.value, trust @ scaled / trust.sum())
        np.testing.assert_array_equal(found.decision.kept, trust > 0)
        np.testing.assert_allclose(found.decision.scores.clip(max=1), 1 - trust)
        used = found.decision.weights
        assert len(used) == 0 or used @ updates == pytest.approx(found.value)


def test_fltrust_stays_with_the_server_when_nobody_points_its_way() -> None:
    root = draw(1, 1)[0]
    found = FLTrust().aggregate(np.stack([-root, -2 * root]), Extras(trusted=root))
    assert not found.value.any()
    assert found.decision.reasons == (Reason.OUTLIER_DIRECTION,) * 2
    assert "the server's way" in found.decision.note


def test_fltrust_withstands_more_attackers_than_honest_nodes() -> None:
    updates = np.concatenate([draw(3, 1) + 1.0, -40.0 * np.ones((7, 30))])
    found = FLTrust(f=7).aggregate(updates, Extras(trusted=draw(1, 2)[0] + 1.0))
    assert found.decision.kept.tolist() == [True] * 3 + [False] * 7


def foolsgold(histories: np.ndarray, confidence: float = 1.0) -> np.ndarray:
    """The authors' loops."""
    n = len(histories)
    cs = np.array([[cosine(a, b) for b in histories] for a in histories]) - np.eye(n)
    most = cs.max(axis=1)
    for i in range(n):
        for j in range(n):
            if i != j and most[i] < most[j]:
                cs[i][j] = cs[i][j] * most[i] / most[j]
    rates = np.clip(1 - cs.max(axis=1), 0, 1)
    rates = rates / rates.max()
    rates[rates == 1] = 0.99
    with np.errstate(divide="ignore"):
        rates = confidence * (np.log(rates / (1 - rates)) + 0.5)
    return np.clip(rates, 0, 1)


@pytest.mark.parametrize("confidence", [0.5, 1.0])
def test_foolsgold_is_the_authors_loops_on_the_sums_of_updates(confidence: float) -> None:
    rule, state = FoolsGold(confidence=confidence), None
    total = np.zeros((7, 30))
    for number in range(4):
        updates = draw(7, number) * np.linspace(1, 3, 7)[:, None]
        updates[5] = updates[6] = updates[6] + 0.01 * number  # clones
        total += updates
        found = rule.aggregate(updates, Extras(ids=ids(7), state=state))
        rates = foolsgold(total, confidence)
        np.testing.assert_allclose(found.decision.weights, rates / rates.sum(), atol=1e-9)
        np.testing.assert_allclose(found.value, rates @ updates / rates.sum(), atol=1e-9)
        state = found.state
    assert not found.decision.kept[5:].any()
    assert found.decision.reasons[6] is Reason.OUTLIER_CLUSTER
    assert found.decision.scores[6] == 1.0


def test_foolsgold_finds_clones_in_models_that_it_only_sketches() -> None:
    updates = draw(8, 3, size=60_000).astype(np.float32)
    updates[6] = updates[7]
    found = FoolsGold().aggregate(updates, Extras(ids=ids(8)))
    assert found.decision.kept.tolist() == [True] * 6 + [False] * 2
    (vector,) = {past.kept.nbytes for past in found.state.nodes.values()}
    assert vector == 32 * 1024


def contra(
    histories: np.ndarray, reputation: np.ndarray, top: int, threshold: float, step: float
) -> tuple[np.ndarray, np.ndarray]:
    n = len(histories)
    cs = np.array([[max(0.0, cosine(a, b)) for b in histories] for a in histories])
    np.fill_diagonal(cs, 0.0)
    tau = np.array([np.mean(sorted(row, reverse=True)[:top]) for row in cs])
    for i in range(n):
        reputation[i] += -step if tau[i] > threshold else step
    reputation = np.clip(reputation, 0, 1)
    for i in range(n):
        for j in range(n):
            if tau[j] > tau[i]:
                cs[i][j] *= tau[i] / tau[j]
    rates = 1 - np.array([np.mean(sorted(row, reverse=True)[:top]) for row in cs])
    rates = np.minimum(rates / rates.max(), 0.99)
    rates = np.clip(np.log(np.maximum(rates, 1e-300) / (1 - rates)) + 0.5, 0, 1)
    return rates * reputation, reputation


@pytest.mark.parametrize("top", [1, 3])
def test_contra_is_its_definition(top: int) -> None:
    rule, state = Contra(top=top, step=0.3), None
    total, reputation = np.zeros((7, 30)), np.ones(7)
    for number in range(4):
        updates = draw(7, number)
        updates[4:] = updates[6] + 0.05 * draw(3, 50 + number)
        total += updates
        found = rule.aggregate(updates, Extras(ids=ids(7), state=state))
        rates, reputation = contra(total, reputation, top, 0.5, 0.3)
        np.testing.assert_allclose(found.decision.weights, rates / rates.sum(), atol=1e-9)
        state = found.state
    found_reputation = [past.kept.reputation for past in state.nodes.values()]
    assert found_reputation == pytest.approx(list(reputation))
    assert reputation[6] == 0
    assert reputation[0] > 0.5


@pytest.mark.parametrize("rule", [FoolsGold(), Contra()])
def test_a_node_keeps_its_past_whoever_else_takes_part(rule: Any) -> None:
    rounds = [draw(6, number) for number in range(3)]
    first = rule.aggregate(rounds[0], Extras(ids=ids(6)))
    part = rule.aggregate(rounds[1][[4, 2]], Extras(ids=[4, 2], state=first.state))
    past = part.state.nodes
    assert set(past) == set(range(6))
    sums = {node: getattr(one.kept, "history", one.kept) for node, one in past.items()}
    np.testing.assert_allclose(sums[2], rounds[0][2] + rounds[1][2])
    np.testing.assert_allclose(sums[5], rounds[0][5])


@pytest.mark.parametrize("rule", [FoolsGold(memory=2), Contra(memory=2)])
def test_absent_nodes_are_forgotten(rule: Any) -> None:
    state = rule.aggregate(draw(4, 0), Extras(ids=ids(4))).state
    for number in range(2):
        state = rule.aggregate(draw(2, number), Extras(ids=[0, 1], state=state)).state
    assert set(state.nodes) == {0, 1}


def test_an_update_that_is_too_long_is_not_remembered() -> None:
    updates = draw(6, 0)
    updates[2] *= 1e6
    found = FoolsGold().aggregate(updates, Extras(ids=ids(6)))
    assert found.decision.reasons[2] is Reason.OUTLIER_NORM
    assert 2 not in found.state.nodes


@pytest.mark.parametrize(
    ("rule", "setting"),
    [
        (FoolsGold, {"confidence": -1.0}),
        (FoolsGold, {"memory": 0}),
        (Contra, {"top": 0}),
        (Contra, {"threshold": 1.5}),
        (Contra, {"step": float("nan")}),
        (Contra, {"seed": -1}),
    ],
)
def test_settings_out_of_range_are_refused(rule: Any, setting: dict[str, Any]) -> None:
    with pytest.raises(BadUpdates, match=next(iter(setting))):
        rule(**setting)


def test_fltrust_does_not_lengthen_what_is_all_but_nothing() -> None:
    updates = np.array([[100.0, 1.0], [1e-45, 0.0], [0.0, 0.0]], dtype=np.float32)
    found = FLTrust().aggregate(updates, Extras(trusted=np.array([50.0, 0.0], np.float32)))
    assert found.decision.kept.tolist() == [True, False, False]
    np.testing.assert_allclose(found.value, updates[0] / 2, rtol=1e-3)
