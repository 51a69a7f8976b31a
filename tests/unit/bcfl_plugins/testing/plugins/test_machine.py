from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bcfl_plugins import BcflConfig, PluginError, Rejection, Verdict, hookimpl
from bcfl_plugins.testing.plugins.machine import HookMachine

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.types import ClientUpdate, RoundContext

FEW = settings(
    max_examples=15,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),  # what is planted here needs no small example
)


def machine(plugin: type, **methods: Any) -> type[HookMachine]:
    def make_plugins(self: HookMachine) -> list[tuple[str, object]]:
        return [("mine", plugin())]

    return type("Machine", (HookMachine,), {"make_plugins": make_plugins, **methods})


class _Good:
    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        bad = [u for u in updates if abs(u.arrays["w"]).max() > 100]
        return Verdict("mine", tuple(Rejection(u.node.node_id, 130, "too far") for u in bad))


class _Forgetful:
    """Judges by how often any plugin of its class was asked: another run, another answer."""

    calls = itertools.count()

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        drop = updates[: next(self.calls) % 2]
        return Verdict("mine", tuple(Rejection(u.node.node_id, 130, "turn") for u in drop))


class _Scribbler:
    @hookimpl
    def bcfl_updates_received(self, updates: tuple[ClientUpdate, ...]) -> None:
        for update in updates:
            update.arrays["w"][0] = 0.0


class _Framer:
    """Rejects a node that sent nothing."""

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        return Verdict("mine", (Rejection(5, 130, "I know you"),))  # type: ignore[arg-type]


class _NeedsUpdates:
    @hookimpl
    def bcfl_judge_updates(self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]) -> None:
        min(u.num_examples for u in updates)


class _Excluder:
    @hookimpl
    def bcfl_eligible_nodes(self) -> dict[int, str]:
        return {7: "never seen"}


@pytest.mark.slow
def test_a_good_plugin_stands_every_history() -> None:
    run_state_machine_as_test(machine(_Good), settings=FEW)


@pytest.mark.parametrize(
    ("plugin", "error", "text"),
    [
        (_Forgetful, AssertionError, "judged differently"),
        (_Scribbler, ValueError, "read-only"),
        (_Framer, PluginError, "sent no update"),
        (_NeedsUpdates, ValueError, "empty"),
        (_Excluder, AssertionError, "not there"),
    ],
)
def test_a_bad_plugin_is_caught(plugin: type, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        run_state_machine_as_test(machine(plugin), settings=FEW)


class _BuiltIn(HookMachine):
    """All built-in plugins together, on the embedded chain."""

    def make_config(self, folder: Path) -> BcflConfig:
        return BcflConfig.from_run_config(
            {
                "bcfl.plugins": "staking, outliers, round_log, slashing",
                "bcfl.chain": "embedded",
                "bcfl.run_dir": str(folder),
                "bcfl.terms": {"commit_blocks": 1, "dispute_blocks": 2, "strikes_to_slash": 1},
            }
        )


@pytest.mark.slow
def test_the_built_in_plugins_stand_every_history_on_chain() -> None:
    few = settings(FEW, max_examples=4, stateful_step_count=6)
    run_state_machine_as_test(_BuiltIn, settings=few)
