from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins import Rejection, Services, Verdict, hookimpl
from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.plugins import outliers
from bcfl_plugins.testing.plugins.checks import check_plugin

if TYPE_CHECKING:
    from bcfl_plugins import ClientUpdate

ONE = object()


class _Good:
    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        bad = [u for u in updates if np.abs(u.arrays["w"]).max(initial=0) > 1e6]
        return Verdict("good", tuple(Rejection(u.node.node_id, 130, "giant") for u in bad))


class _Silent:
    """Answers no hook."""


class _Misspelt:
    @hookimpl
    def bcfl_judge_updates(self, update: object) -> None:
        """Asks for an argument that there is not."""


class _Scribbler:
    @hookimpl
    def bcfl_updates_received(self, updates: tuple[ClientUpdate, ...]) -> None:
        for update in updates:
            update.arrays["w"][0] = 0.0


class _Averager:
    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> None:
        sum(u.num_examples for u in updates) / len(updates)


class _Clock:
    """Rejects whoever comes first in every second call."""

    calls = itertools.count()

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        turn = updates[: next(self.calls) % 2]
        return Verdict("clock", tuple(Rejection(u.node.node_id, 130, "turn") for u in turn))


def failed(make: object) -> set[str]:
    return {result.name for result in check_plugin(make) if result.status == "failed"}  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_good_plugin_passes_every_check() -> None:
    results = check_plugin(_Good)
    assert {result.status for result in results} == {"passed"}
    assert len(results) == 4


@pytest.mark.slow
def test_the_built_in_defense_passes() -> None:
    config = BcflConfig.from_run_config({"bcfl.chain": "none"})
    check_plugin(lambda: outliers.create({}, Services(config)), on_fail="raise")


@pytest.mark.parametrize(
    ("make", "check"),
    [
        pytest.param(_Silent, "answers_hooks", marks=pytest.mark.slow),
        (_Misspelt, "answers_hooks"),
        pytest.param(lambda: ONE, "is_made_fresh", marks=pytest.mark.slow),
        (_Averager, "stands_an_empty_round"),
        pytest.param(_Scribbler, "stands_every_history", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_each_fault_fails_its_check(make: object, check: str) -> None:
    assert check in failed(make)


@pytest.mark.slow
def test_a_failure_shows_the_history() -> None:
    (result,) = [r for r in check_plugin(_Scribbler) if r.status == "failed"]
    assert "read-only" in result.problem
    assert "state.train(" in result.problem


@pytest.mark.slow
def test_a_failure_that_does_not_repeat_says_so() -> None:
    (result,) = [r for r in check_plugin(_Clock) if r.status == "failed"]
    assert "judged differently" in result.problem


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError") as raised:
        check_plugin(_Averager, on_fail="raise")
    assert "Return None, or an empty Verdict" in str(raised.value)
