"""Order of calls, one answer a plugin, and what a broken plugin does."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from bcfl_plugins import (
    ClientUpdate,
    NodeId,
    NodeRef,
    OpenedRound,
    PluginError,
    Rejection,
    RoundContext,
    RunInfo,
    Verdict,
    hookimpl,
)
from bcfl_plugins.hooks.manager import PluginManager
from bcfl_plugins.reasons import Reason
from tests.unit.opened import opened

RUN = RunInfo(1, 3)
NODES = (NodeRef(NodeId(1)), NodeRef(NodeId(2)))
CTX = RoundContext(RUN, 1, None, MappingProxyType({"w": np.zeros(2)}))


def update(number: int) -> ClientUpdate:
    return ClientUpdate(NodeRef(NodeId(number)), {"w": np.ones(2)}, 10)


class Recorder:
    def __init__(self, name: str, log: list[str], error: Exception | None = None) -> None:
        self.name, self.log, self.error = name, log, error

    @hookimpl
    def bcfl_run_started(self) -> None:
        self.log.append(self.name)

    @hookimpl
    def bcfl_eligible_nodes(self, nodes: tuple[NodeRef, ...]) -> dict[NodeId, str]:
        return {nodes[0].node_id: self.name}

    @hookimpl
    def bcfl_round_opening(self, server_round: int) -> OpenedRound | None:
        return None if self.name == "a" else opened(server_round, federation=ord(self.name))

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        return Verdict(self.name)

    @hookimpl
    def bcfl_run_finished(self) -> None:
        self.log.append(self.name)
        if self.error is not None:
            raise self.error


def three(errors: dict[str, Exception] | None = None) -> tuple[PluginManager, list[str]]:
    log: list[str] = []
    found = errors or {}
    return PluginManager([(n, Recorder(n, log, found.get(n))) for n in "cab"]), log


def test_plugins_are_called_in_the_order_of_their_names_in_the_config() -> None:
    hooks, log = three()
    hooks.run_started(RUN)
    assert log == ["c", "a", "b"]
    assert [verdict.plugin for verdict in hooks.judge_updates(CTX, ())] == ["c", "a", "b"]


def test_reasons_of_all_plugins_are_joined() -> None:
    hooks, _ = three()
    assert hooks.eligible_nodes(RUN, 1, NODES) == {NodeId(1): "c; a; b"}


def test_the_first_opened_round_wins() -> None:
    hooks, _ = three()
    opened = hooks.round_opening(RUN, 4, {})
    assert opened is not None
    assert (opened.federation, opened.round) == (ord("c"), 4)


def test_no_plugin_answers_nothing() -> None:
    hooks = PluginManager([])
    hooks.run_started(RUN)
    assert hooks.eligible_nodes(RUN, 1, NODES) == {}
    assert hooks.round_opening(RUN, 1, {}) is None
    assert hooks.judge_updates(CTX, (update(1),)) == ()
    hooks.run_finished(RUN, None)


def test_everybody_finishes_although_one_raises() -> None:
    hooks, log = three({"c": ValueError("c failed")})
    with pytest.raises(ValueError, match="c failed"):
        hooks.run_finished(RUN, None)
    assert log == ["c", "a", "b"]


def test_all_errors_at_the_end_come_out() -> None:
    hooks, _ = three({"c": ValueError("c"), "b": KeyError("b")})
    with pytest.raises(ExceptionGroup) as caught:
        hooks.run_finished(RUN, None)
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]


def test_a_hook_that_raises_ends_the_round() -> None:
    class Broken:
        @hookimpl
        def bcfl_judge_updates(self) -> None:
            raise RuntimeError("no")

    log: list[str] = []
    hooks = PluginManager([("broken", Broken()), ("after", Recorder("after", log))])
    with pytest.raises(RuntimeError, match="no"):
        hooks.judge_updates(CTX, ())


def test_a_misspelled_hook_is_found() -> None:
    class Typo:
        @hookimpl
        def bcfl_judge_update(self) -> None: ...

    with pytest.raises(PluginError, match=r"'typo' .*bcfl_judge_update"):
        PluginManager([("typo", Typo())])


def test_an_unknown_argument_is_found() -> None:
    class Curious:
        @hookimpl
        def bcfl_judge_updates(self, model: object) -> None: ...

    with pytest.raises(PluginError, match="curious"):
        PluginManager([("curious", Curious())])


@pytest.mark.parametrize(
    ("hook", "call"),
    [
        ("bcfl_judge_updates", lambda hooks: hooks.judge_updates(CTX, ())),
        ("bcfl_eligible_nodes", lambda hooks: hooks.eligible_nodes(RUN, 1, NODES)),
        ("bcfl_round_opening", lambda hooks: hooks.round_opening(RUN, 1, {})),
    ],
)
def test_an_answer_of_the_wrong_type_names_plugin_and_hook(hook: str, call: object) -> None:
    class Wrong:
        pass

    setattr(Wrong, hook, hookimpl(lambda self: "yes"))
    with pytest.raises(PluginError) as caught:
        call(PluginManager([("wrong", Wrong())]))
    assert (caught.value.plugin, caught.value.hook) == ("wrong", hook)


def test_a_rejection_without_a_reason_has_the_code_for_third_parties() -> None:
    assert Rejection(NodeId(1), detail="too new").reason == Reason.CUSTOM == 128


def test_a_rejection_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="reason of 1 to 255"):
        Rejection(NodeId(1), 0, "nothing")
