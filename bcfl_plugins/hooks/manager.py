"""Call the hooks of a run's plugins in their order.

`PluginManager` is the only door to pluggy: typed, one method a hook, and it checks every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pluggy

from bcfl_plugins.errors import PluginError
from bcfl_plugins.hooks import specs
from bcfl_plugins.hooks.markers import PROJECT
from bcfl_plugins.hooks.merge import merge_exclusions
from bcfl_plugins.types import Gathering, OpenedRound, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.types import (
        Array,
        ClientUpdate,
        NodeId,
        NodeRef,
        Rejection,
        RoundContext,
        RoundResult,
        RunInfo,
    )


class PluginManager:
    """Calls the hooks of a fixed list of plugins.

    Parameters
    ----------
    plugins : sequence of (str, object)
        Names and plugins in the order of calls.

    Raises
    ------
    PluginError
        If a plugin answers a hook that does not exist, or asks for an unknown argument.
    """

    def __init__(self, plugins: Sequence[tuple[str, object]]) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._pluggy.add_hookspecs(specs)
        self.names = tuple(name for name, _ in plugins)
        for name, plugin in reversed(plugins):  # pluggy calls the last registered first
            try:
                self._pluggy.register(plugin, name)
                self._pluggy.check_pending()
            except pluggy.PluginValidationError as error:
                raise PluginError(name, "registration", str(error).strip()) from error

    def run_started(self, run: RunInfo) -> None:
        """Call `hookspecs.bcfl_run_started`."""
        self._pluggy.hook.bcfl_run_started(run=run)

    def state_kept(self) -> dict[str, object]:
        """Call `hookspecs.bcfl_state_kept`; returns what each plugin gave, by its name."""
        return dict(self._answers("bcfl_state_kept"))

    def state_restored(self, states: Mapping[str, object]) -> None:
        """Call `hookspecs.bcfl_state_restored` on each plugin that has a state here, with it.

        Raises
        ------
        PluginError
            If a plugin that gave a state does not take it back.
        """
        hook = "bcfl_state_restored"
        takers = {
            impl.plugin_name for impl in self._pluggy.hook.bcfl_state_restored.get_hookimpls()
        }
        for name, state in states.items():
            if name not in takers:
                raise PluginError(name, hook, "it gave a state before, and does not take it back")
            others = [plugin for other, plugin in self._pluggy.list_name_plugin() if other != name]
            self._pluggy.subset_hook_caller(hook, others)(state=state)

    def eligible_nodes(
        self, run: RunInfo, server_round: int, nodes: tuple[NodeRef, ...]
    ) -> dict[NodeId, str]:
        """Call `hookspecs.bcfl_eligible_nodes`; returns the nodes left out, with all reasons."""
        hook = "bcfl_eligible_nodes"
        answers = self._answers(hook, run=run, server_round=server_round, nodes=nodes)
        exclusions: list[Mapping[NodeId, str]] = []
        for name, answer in answers:
            if not isinstance(answer, Mapping):
                raise PluginError(name, hook, f"it answered {answer!r}, not a mapping or None")
            exclusions.append(answer)
        return merge_exclusions(exclusions)

    def round_opening(
        self, run: RunInfo, server_round: int, reference: Mapping[str, Array]
    ) -> OpenedRound | None:
        """Call `hookspecs.bcfl_round_opening`; the first answer wins."""
        hook = "bcfl_round_opening"
        answer = self._pluggy.hook.bcfl_round_opening(
            run=run, server_round=server_round, reference=reference
        )
        if answer is not None and not isinstance(answer, OpenedRound):
            raise PluginError(", ".join(self.names), hook, f"the answer is {answer!r}")
        return answer

    def masking(self, opened: OpenedRound) -> Masks | None:
        """Call `hookspecs.bcfl_masking`; the first answer wins."""
        answer: Masks | None = self._pluggy.hook.bcfl_masking(opened=opened)
        return answer

    @property
    def follows(self) -> bool:
        """Whether a plugin answers `hookspecs.bcfl_updates_arriving`."""
        return bool(self._pluggy.hook.bcfl_updates_arriving.get_hookimpls())

    def updates_arriving(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        unusable: tuple[Rejection, ...] = (),
        *,
        last: bool,
    ) -> Gathering:
        """Call `hookspecs.bcfl_updates_arriving`; without an answer the round is not sealed."""
        hook = "bcfl_updates_arriving"
        answer = self._pluggy.hook.bcfl_updates_arriving(
            ctx=ctx, updates=updates, unusable=unusable, last=last
        )
        if answer is None:
            return Gathering(sealed=False)
        if not isinstance(answer, Gathering):
            raise PluginError(", ".join(self.names), hook, f"the answer is {answer!r}")
        return answer

    def updates_received(
        self,
        ctx: RoundContext,
        updates: tuple[ClientUpdate, ...],
        unusable: tuple[Rejection, ...] = (),
    ) -> None:
        """Call `hookspecs.bcfl_updates_received`."""
        self._pluggy.hook.bcfl_updates_received(ctx=ctx, updates=updates, unusable=unusable)

    def judge_updates(
        self, ctx: RoundContext, updates: tuple[ClientUpdate, ...]
    ) -> tuple[Verdict, ...]:
        """Call `hookspecs.bcfl_judge_updates`; give the answers to `merge.merge_verdicts`."""
        hook = "bcfl_judge_updates"
        verdicts = []
        for name, answer in self._answers(hook, ctx=ctx, updates=updates):
            if not isinstance(answer, Verdict):
                raise PluginError(name, hook, f"it answered {answer!r}, not a Verdict or None")
            verdicts.append(answer)
        return tuple(verdicts)

    def reward_weights(
        self, result: RoundResult, updates: tuple[ClientUpdate, ...]
    ) -> Mapping[NodeId, int] | None:
        """Call `hookspecs.bcfl_reward_weights`; give the answer to `merge.weigh`."""
        hook = "bcfl_reward_weights"
        answer = self._pluggy.hook.bcfl_reward_weights(result=result, updates=updates)
        if answer is not None and not isinstance(answer, Mapping):
            raise PluginError(", ".join(self.names), hook, f"the answer is {answer!r}")
        return answer

    def round_settling(self, result: RoundResult) -> None:
        """Call `hookspecs.bcfl_round_settling`."""
        self._pluggy.hook.bcfl_round_settling(result=result)

    def round_evaluated(self, result: RoundResult, metrics: Mapping[str, float]) -> None:
        """Call `hookspecs.bcfl_round_evaluated`."""
        self._pluggy.hook.bcfl_round_evaluated(result=result, metrics=metrics)

    def run_finished(self, run: RunInfo, error: BaseException | None) -> None:
        """Call `hookspecs.bcfl_run_finished` on every plugin, then raise what was raised.

        Raises
        ------
        BaseExceptionGroup
            If several plugins raised; a single error comes out as it is.
        """
        raised: list[BaseException] = []
        for _, call in self._calls("bcfl_run_finished", run=run, error=error):
            try:
                call()
            except BaseException as problem:  # noqa: BLE001 - collected and raised below
                raised.append(problem)
        if len(raised) == 1:
            raise raised[0]
        if raised:
            raise BaseExceptionGroup("several plugins failed at the end of the run", raised)

    def _answers(self, hook: str, **arguments: object) -> Iterator[tuple[str, object]]:
        for name, call in self._calls(hook, **arguments):
            answer = call()
            if answer is not None:
                yield name, answer

    def _calls(self, hook: str, **arguments: object) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield one call a plugin in pluggy's order, so that each answer keeps its giver's name."""
        plugins = self._pluggy.get_plugins()
        for impl in reversed(getattr(self._pluggy.hook, hook).get_hookimpls()):
            others = plugins - {impl.plugin}
            one = self._pluggy.subset_hook_caller(hook, others)
            yield impl.plugin_name, lambda one=one: next(iter(one(**arguments)), None)  # type: ignore[misc]
