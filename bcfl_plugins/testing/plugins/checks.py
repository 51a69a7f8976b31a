"""Hold a plugin to the contract of the hooks, for authors of plugins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bcfl_plugins.hooks import specs
from bcfl_plugins.hooks.manager import PluginManager
from bcfl_plugins.testing.plugins.machine import HookMachine
from bcfl_plugins.types import RoundContext, RunInfo
from pallet_bridge.testing.checks import ConformanceCheck, must, run_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bcfl_plugins.testing.subjects.tags import ProfileName
    from pallet_bridge.testing.checks import OnFail
    from pallet_bridge.testing.results import ConformanceResult

_STEPS = {"fast": (20, 8), "thorough": (300, 20)}
_HOOKS = tuple(name for name in vars(specs) if name.startswith("bcfl_"))


def check_plugin(
    make: Callable[[], object], *, profile: ProfileName = "fast", on_fail: OnFail = None
) -> list[ConformanceResult]:
    """Check a plugin that needs no chain.

    Parameters
    ----------
    make : callable
        Makes a fresh plugin, such as the plugin's class. It is called many times.
    profile : {"fast", "thorough"}
        How many histories are tried.
    on_fail : "raise" or None
        Return failures, or raise the first as `AssertionError`.

    Returns
    -------
    list of ConformanceResult
        One for each rule.

    Examples
    --------
    ::

        def test_my_plugin():
            check_plugin(MyPlugin, on_fail="raise")
    """
    found = make()
    name = getattr(found, "__name__", type(found).__name__)
    return run_checks(_checks(profile), make, name, on_fail)


def _checks(profile: ProfileName) -> Sequence[ConformanceCheck[Callable[[], object]]]:
    return (
        ConformanceCheck(
            "answers_hooks",
            "The plugin answers at least one hook, and asks only for arguments that exist.",
            f"Mark methods with @hookimpl; the hooks are {', '.join(_HOOKS)}.",
            _answers_hooks,
        ),
        ConformanceCheck(
            "is_made_fresh",
            "Each call of the factory makes a plugin of its own.",
            "Return a new object: two runs of one process would share a memory.",
            _is_made_fresh,
        ),
        ConformanceCheck(
            "stands_an_empty_round",
            "A round without updates is judged like any other.",
            "Return None, or an empty Verdict, when there are no updates.",
            _stands_an_empty_round,
        ),
        ConformanceCheck(
            "stands_every_history",
            "Joins, leaves, attackers, silence, rounds without a model and restarts are survived, "
            "nothing is written into, and the same history gives the same judgements.",
            "See the history above: every step is a call. Keep what you remember in the plugin, "
            "forget it in bcfl_run_started, and use no clock and no unseeded random numbers.",
            partial(_stands_every_history, profile=profile),
        ),
    )


def _answers_hooks(make: Callable[[], object]) -> None:
    plugin = make()
    PluginManager([("checked", plugin)])
    must(any(hasattr(plugin, hook) for hook in _HOOKS), "it has no method of a hook's name")


def _is_made_fresh(make: Callable[[], object]) -> None:
    must(make() is not make(), "two calls gave the same object")


def _stands_an_empty_round(make: Callable[[], object]) -> None:
    hooks = PluginManager([("checked", make())])
    run = RunInfo(1, 1)
    hooks.run_started(run)
    hooks.judge_updates(RoundContext(run, 1, None, {}), ())


def _stands_every_history(make: Callable[[], object], profile: ProfileName) -> None:
    class Machine(HookMachine):
        def make_plugins(self) -> Sequence[tuple[str, object]]:
            return [("checked", make())]

    examples, steps = _STEPS[profile]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
