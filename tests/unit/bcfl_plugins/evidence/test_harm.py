"""What is called harm, on a quadratic loss that can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.evidence import HarmSettings, judge_harm


class Task:
    """Validation examples are points; a model's loss is half its squared distance to them."""

    def __init__(self, updates: Any, examples: int = 200, noise: float = 0.1) -> None:
        rng = np.random.default_rng(2)
        self.updates = np.asarray(updates, float)
        self.points = np.array([1.0, 0.0]) + noise * rng.normal(size=(examples, 2))
        self.calls = 0

    def __call__(self, coefficients: Any) -> Any:
        self.calls += 1
        touched = coefficients != 0.0
        model = coefficients[touched] @ self.updates[touched]
        return 0.5 * np.square(self.points - model).sum(axis=1)


GOOD = [[0.1, 0.02], [0.1, -0.02], [0.11, 0.0], [0.09, 0.01]]


def judge(*others: Any, **task: Any) -> Any:
    made = Task([*GOOD, *others], **task)
    kept = np.array([True] * 4 + [False] * len(others))
    return judge_harm(made, kept)[4:], made


def test_harm_is_worse_than_sending_nothing() -> None:
    assert judge([-0.1, 0.0], [0.0, 0.0], [0.05, 0.0])[0] == (True, False, False)
    assert judge([0.0, 0.01], [3.0, 9.0])[0] == (False, True)


def test_kept_updates_are_never_harmful_and_cost_is_as_stated() -> None:
    made = Task([*GOOD, [-0.1, 0.0]])
    assert judge_harm(made, np.array([True] * 4 + [False])) == (False,) * 4 + (True,)
    assert made.calls == 5 + 3


def test_what_the_kept_do_as_well_is_no_harm() -> None:
    # The kept ones overshoot, so each of them adds loss too.
    far = [[1.6, 0.2], [1.6, -0.2], [1.7, 0.0], [1.5, 0.1]]
    kept = np.array([True] * 4 + [False])
    assert judge_harm(Task([*far, [1.7, 0.1]]), kept)[4] is False
    assert judge_harm(Task([*far, [8.0, 0.0]]), kept)[4] is True


def test_how_far_honest_updates_lie_apart_sets_the_bar() -> None:
    # One kept update adds 0.0103 and the others -0.105: the bar is 0.0103 + 2 * 0.1153 = 0.241.
    # The rejected one adds 0.0464 (over twice the greatest of the kept), then 0.296.
    apart = [[0.8, 0.0]] * 3 + [[-0.1, 0.0]]
    kept = np.array([True] * 4 + [False])
    assert judge_harm(Task([*apart, [-0.4, 0.0]], noise=0.01), kept)[4] is False
    assert judge_harm(Task([*apart, [-2.0, 0.0]], noise=0.01), kept)[4] is True
    # Kept ones that agree leave no such room: 0.0464 is harm beside them.
    agree = [[0.575, 0.0]] * 4
    assert judge_harm(Task([*agree, [-0.4, 0.0]], noise=0.01), kept)[4] is True


def test_noise_of_the_validation_data_is_allowed_for() -> None:
    assert judge([-0.02, 0.2], noise=3.0)[0] == (False,)
    assert judge([-0.02, 0.2], noise=0.1)[0] == (True,)


def test_what_is_too_small_to_matter_is_no_harm() -> None:
    assert judge([-0.004, 0.0], noise=0.01)[0] == (False,)
    assert judge([-0.007, 0.0], noise=0.01)[0] == (True,)


@pytest.mark.parametrize(
    ("kept", "examples"),
    [([True] * 5, 200), ([True] * 2 + [False] * 3, 200), ([True] * 4 + [False], 49)],
)
def test_when_nothing_can_be_measured_nothing_is_said(kept: Any, examples: int) -> None:
    made = Task([*GOOD, [-0.1, 0.0]], examples=examples)
    assert judge_harm(made, np.array(kept)) == (None,) * 5
    assert made.calls <= 1


def test_when_the_kept_do_not_improve_the_model_nobody_is_accused() -> None:
    there = Task([[0.0, 0.1], [0.0, -0.1], [0.02, 0.0], [-2.0, 0.0]])
    there.points -= there.points.mean(axis=0)
    assert judge_harm(there, np.array([True, True, True, False])) == (None,) * 4
    assert there.calls == 2


def test_updates_that_are_not_finite_are_not_touched() -> None:
    made = Task([*GOOD, [np.nan, 0.0], [-0.1, 0.0]])
    kept = np.array([True] * 4 + [False] * 2)
    broken = np.array([False] * 4 + [True, False])
    assert judge_harm(made, kept, broken)[4:] == (None, True)


def test_a_loss_that_overflows_through_one_update_is_harm() -> None:
    with np.errstate(over="ignore"):
        assert judge([1e200, 0.0])[0] == (True,)


def test_a_model_that_is_broken_anyway_accuses_nobody() -> None:
    def loss(coefficients: Any) -> Any:
        return np.full(100, np.inf)

    kept = np.array([True] * 4 + [False])
    assert judge_harm(loss, kept)[4] is None


@pytest.mark.parametrize(
    "wrong", [{"ratio": 0.5}, {"z": float("nan")}, {"floor": -0.1}, {"least_examples": 1}]
)
def test_settings_out_of_range_are_refused(wrong: Any) -> None:
    with pytest.raises(BadUpdates):
        HarmSettings(**wrong)
