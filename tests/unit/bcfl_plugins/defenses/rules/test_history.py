"""FLDetector against the algorithm on whole models, and on a training with attackers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.rules.history import FLDetector
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason


class Training:
    """Quadratic losses: a node pulls to its own optimum, with a little noise."""

    def __init__(self, n: int, size: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.optima = 1.0 + 0.1 * self.rng.normal(size=(n, size))
        self.curvature = self.rng.uniform(0.5, 1.5, size=size)
        self.model = np.zeros(size)

    def updates(self, attackers: int = 0) -> np.ndarray:
        pulls = 0.2 * self.curvature * (self.optima - self.model)
        pulls += 0.002 * self.rng.normal(size=pulls.shape)
        if attackers:
            pulls[:attackers] = 0.3 * self.rng.normal(size=(attackers, pulls.shape[1]))
        return pulls


def predicted_errors(rounds: list[tuple[np.ndarray, np.ndarray]], window: int) -> np.ndarray:
    """Return (n,) this round's errors, from (model, updates) of all rounds, as in the paper."""
    results = [updates.mean(axis=0) for _, updates in rounds]
    steps = [b[0] - a[0] for a, b in pairwise(rounds[:-1])][-window:]
    changes = [b - a for a, b in pairwise(results[:-1])][-window:]
    size = rounds[0][0].size
    hessian = (changes[-1] @ steps[-1]) / (steps[-1] @ steps[-1]) * np.eye(size)
    for s, y in zip(steps, changes, strict=True):
        moved = hessian @ s
        hessian = hessian - np.outer(moved, moved) / (s @ moved) + np.outer(y, y) / (y @ s)
    move = rounds[-1][0] - rounds[-2][0]
    errors = np.linalg.norm(rounds[-2][1] + hessian @ move - rounds[-1][1], axis=1)
    found: np.ndarray = errors / errors.mean()
    return found


@pytest.mark.parametrize("referenced", [True, False])
def test_the_errors_are_those_of_the_algorithm_on_whole_models(referenced: bool) -> None:
    training = Training(6, 12, 1)
    rule, state = FLDetector(window=4), None
    rounds: list[tuple[np.ndarray, np.ndarray]] = []
    errors: list[np.ndarray] = []
    for number in range(8):
        updates = training.updates()
        rounds.append((training.model.copy(), updates))
        if referenced:
            extras = Extras(reference=training.model.copy(), ids=list(range(6)), state=state)
            found = rule.aggregate(training.model + updates, extras)
            assert found.decision.kept.all()
            np.testing.assert_allclose(found.value, training.model + updates.mean(axis=0))
        else:
            found = rule.aggregate(updates, Extras(ids=list(range(6)), state=state))
        if number >= 2:
            errors.append(predicted_errors(rounds, 4))
            expected = np.mean(errors[-4:], axis=0)
            np.testing.assert_allclose(found.decision.scores, expected, rtol=1e-5)
        state = found.state
        training.model = training.model + updates.mean(axis=0)


def train(size: int, attackers: int, rounds: int = 16, **settings: Any) -> Any:
    training = Training(10, size, 2)
    rule, state = FLDetector(window=6, **settings), None
    decisions = []
    for _ in range(rounds):
        extras = Extras(reference=training.model, ids=list(range(10)), state=state)
        found = rule.aggregate(training.model + training.updates(attackers), extras)
        training.model, state = found.value, found.state
        decisions.append(found.decision)
    return decisions, state


@pytest.mark.parametrize("size", [60, 20_000])
def test_attackers_are_out_once_they_are_judged(size: int) -> None:
    decisions, state = train(size, 3)
    assert all(decision.kept.all() for decision in decisions[:6])
    for decision in decisions[10:]:
        assert decision.kept.tolist() == [False] * 3 + [True] * 7
        assert decision.reasons[0] is Reason.OUTLIER_CLUSTER
    pasts = [past.kept for past in state.memory.nodes.values()]
    held = {id(v): v.nbytes for past in pasts for v in (past.update, past.model)}
    assert max(held.values()) <= 32 * 1024


def test_nobody_is_out_when_nobody_attacks() -> None:
    decisions, _ = train(60, 0)
    assert all(decision.kept.all() for decision in decisions)


def test_more_than_f_are_not_rejected() -> None:
    decisions, _ = train(60, 3, f=2)
    assert decisions[-1].kept.all()
    assert "over f = 2" in decisions[-1].note


def test_an_update_that_is_too_long_is_out_at_once() -> None:
    updates = Training(6, 20, 3).updates()
    updates[1] *= 1e6
    found = FLDetector().aggregate(updates, Extras(ids=list(range(6))))
    assert found.decision.reasons[1] is Reason.OUTLIER_NORM
    assert 1 not in found.state.memory.nodes


def test_nodes_come_and_go_and_are_forgotten() -> None:
    training = Training(6, 20, 4)
    rule, state = FLDetector(window=3, memory=3), None
    for number in range(12):
        present = [0, 1, 2, 3] if number % 2 else [0, 1, 4]
        if number > 6:
            present = [0, 1, 2]
        extras = Extras(reference=training.model, ids=present, state=state)
        found = rule.aggregate(training.model + training.updates()[present], extras)
        training.model, state = found.value, found.state
    assert set(state.memory.nodes) == {0, 1, 2}


def test_a_state_of_another_training_is_refused() -> None:
    updates = Training(5, 20, 5).updates()
    ids = list(range(5))
    state = FLDetector().aggregate(updates, Extras(ids=ids)).state
    with pytest.raises(BadUpdates, match="another size"):
        FLDetector().aggregate(updates[:, :7], Extras(ids=ids, state=state))
    with_reference = Extras(reference=np.zeros(20), ids=ids, state=state)
    with pytest.raises(BadUpdates, match="reference in all rounds"):
        FLDetector().aggregate(updates, with_reference)


@pytest.mark.parametrize("setting", [{"window": 1}, {"references": 1}, {"memory": 0}])
def test_settings_out_of_range_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(BadUpdates, match=next(iter(setting))):
        FLDetector(**setting)
