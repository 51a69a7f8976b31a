"""The five steps of a strategy, each within what the guard does around it.

A class may override a step above or below the guard, and call the one that it overrides. The
outermost call is guarded, so that nothing a strategy does on its way comes between the replies and
the plugins; calls within it pass through.
"""

from __future__ import annotations

import inspect
from contextlib import nullcontext
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from pallet_bridge.copies.errors import CopyLeft
from strategies._flower import ArrayRecord, Grid, run_config_of
from strategies._flower import strategy as flower
from strategies.messages.protection import named_plugins
from strategies.server.resume.mark import AppMark
from strategies.server.safekeeping import keep_result
from strategies.server.watching import WatchedGrid
from strategies.unprotected import Unprotected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from bcfl_plugins.session.open import Session
    from strategies._flower import ConfigRecord, Message, MetricRecord
    from strategies.server.lifecycle import RoundLifecycle

    Step = Callable[..., Any]

PASSES = "_bcfl_passes"
"""An attribute of a class whose steps may stand above the guard: it only looks on."""


def start(
    strategy: flower.Strategy,
    rounds: RoundLifecycle,
    inner: Step,
    args: Sequence[object],
    kwargs: dict[str, Any],
) -> Any:  # noqa: ANN401 - what the strategy's own start returns
    """Run a strategy between opening and closing the session.

    Raises
    ------
    Unprotected
        If the run config names plugins, and the strategy was given none of it.
    RecordIncomplete, NothingTrained, CopyLeft
        At the end; the error's `result` is what `inner` returned.
    """
    with rounds.outermost("start") as is_outermost:
        if not is_outermost:
            return inner(*args, **kwargs)
        call = _Call(inner, args, kwargs)
        grid = call.grid
        refuse_forgotten(rounds, grid)
        arrays = call.get("initial_arrays")
        if isinstance(arrays, ArrayRecord):
            rounds.check(strategy, arrays)
        num_rounds = call.get("num_rounds")
        asked = num_rounds if isinstance(num_rounds, int) else 0
        mark = None
        if isinstance(arrays, ArrayRecord) and rounds.given is None:
            mark = AppMark.of_start(strategy, arrays, rounds.config, grid.run)
        session = result = None
        try:
            with session_of(rounds, grid, mark) as session, rounds.running(session, grid, asked):
                if isinstance(arrays, ArrayRecord):
                    rounds.take_up(strategy, arrays, asked, mark)
                call.change_grid(rounds.following(grid))
                if callable(call.get("evaluate_fn")):
                    call.set("evaluate_fn", rounds.watched(call.get("evaluate_fn")))
                result = rounds.returned(inner(*call.args, **call.kwargs))
        except CopyLeft as error:
            keep_result(error, result, session)
            raise
        rounds.refuse_empty(result)
        return result


def configure_train(
    strategy: flower.Strategy,
    rounds: RoundLifecycle,
    inner: Step,
    sent: tuple[int, ArrayRecord, ConfigRecord, Grid],
) -> Iterable[Message]:
    """Let the strategy sample among the eligible nodes, and open the round."""
    server_round, arrays, config, grid = sent
    with rounds.outermost("configure_train") as is_outermost:
        if not is_outermost:
            return inner(*sent)  # type: ignore[no-any-return]
        if rounds.repeats(server_round):
            return []
        view = rounds.training_nodes(strategy, server_round, grid)
        messages = inner(server_round, arrays, config, view)
        return rounds.open_round(strategy, server_round, arrays, messages)


def aggregate_train(
    rounds: RoundLifecycle, inner: Step, server_round: int, replies: Iterable[Message]
) -> tuple[ArrayRecord | None, MetricRecord | None]:
    """Screen and judge the replies, let the strategy average the rest, and settle the round.

    When no reply is left the strategy is not called and there is no aggregate, which is what
    Flower's own strategies answer for a round without replies.

    What a node sends may overflow, and the app may have told numpy to raise then (``np.seterr``):
    that would let one node end the run. So numpy is silent in here, and an aggregate that is not
    finite is not taken.
    """
    with rounds.outermost("aggregate_train") as is_outermost:
        if not is_outermost:
            return inner(server_round, replies)  # type: ignore[no-any-return]
        if rounds.repeats(server_round):
            return rounds.trained_before(server_round)
        current = rounds.round_to_judge(server_round)
        if current is None:
            return inner(server_round, replies)  # type: ignore[no-any-return]
        with np.errstate(all="ignore"):
            judged, accepted = current.judge(replies)
            arrays, metrics = None, None
            if accepted:
                arrays, metrics = inner(server_round, accepted)
            return rounds.settle(current, judged, arrays, metrics)


def configure_evaluate(
    strategy: flower.Strategy,
    rounds: RoundLifecycle,
    inner: Step,
    sent: tuple[int, ArrayRecord, ConfigRecord, Grid],
) -> Iterable[Message]:
    """Let the strategy sample among the eligible nodes."""
    server_round, arrays, config, grid = sent
    with rounds.outermost("configure_evaluate") as is_outermost:
        if not is_outermost:
            return inner(*sent)  # type: ignore[no-any-return]
        if rounds.repeats_evaluation(server_round):
            return []
        view = rounds.evaluating_nodes(strategy, server_round, grid)
        return rounds.ask_to_evaluate(inner(server_round, arrays, config, view))


def aggregate_evaluate(
    strategy: flower.Strategy,
    rounds: RoundLifecycle,
    inner: Step,
    server_round: int,
    replies: Iterable[Message],
) -> MetricRecord | None:
    """Screen the replies and let the strategy average the rest."""
    with rounds.outermost("aggregate_evaluate") as is_outermost:
        if not is_outermost:
            return inner(server_round, replies)  # type: ignore[no-any-return]
        if rounds.repeats_evaluation(server_round):
            return rounds.evaluated_before(server_round)
        fit = rounds.screen_evaluate(strategy, replies)
        metrics: MetricRecord | None = inner(server_round, fit)
        rounds.evaluated_by_nodes(server_round, metrics)
        return metrics


def _around_start(own: Step) -> Step:
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return start(self, self._bcfl, partial(own, self), args, kwargs)

    return step


def _around_configure_train(own: Step) -> Step:
    def step(self: Any, server_round: Any, arrays: Any, config: Any, grid: Any) -> Any:  # noqa: ANN401
        sent = server_round, arrays, config, grid
        return configure_train(self, self._bcfl, partial(own, self), sent)

    return step


def _around_aggregate_train(own: Step) -> Step:
    def step(self: Any, server_round: Any, replies: Any) -> Any:  # noqa: ANN401
        return aggregate_train(self._bcfl, partial(own, self), server_round, replies)

    return step


def _around_configure_evaluate(own: Step) -> Step:
    def step(self: Any, server_round: Any, arrays: Any, config: Any, grid: Any) -> Any:  # noqa: ANN401
        sent = server_round, arrays, config, grid
        return configure_evaluate(self, self._bcfl, partial(own, self), sent)

    return step


def _around_aggregate_evaluate(own: Step) -> Step:
    def step(self: Any, server_round: Any, replies: Any) -> Any:  # noqa: ANN401
        return aggregate_evaluate(self, self._bcfl, partial(own, self), server_round, replies)

    return step


AROUND: dict[str, Callable[[Step], Step]] = {
    "start": _around_start,
    "configure_train": _around_configure_train,
    "aggregate_train": _around_aggregate_train,
    "configure_evaluate": _around_configure_evaluate,
    "aggregate_evaluate": _around_aggregate_evaluate,
}


def stay_outermost(cls: type, guard: type) -> None:
    """Guard the steps that a class has above the guard, its own and those of mixins.

    Parameters
    ----------
    cls : type
        A class below the guard.
    guard : type
        The guard's class.
    """
    for name in AROUND:
        owner = next(one for one in cls.__mro__ if name in one.__dict__)
        own = owner.__dict__[name]
        if owner is guard or getattr(own, "_is_guarded", False) or PASSES in owner.__dict__:
            continue
        setattr(cls, name, guarded(name, own))


def guarded(name: str, own: Step) -> Step:
    """Return a step that is guarded where it is the outermost call."""
    step = wraps(own)(AROUND[name](own))
    step._is_guarded = True  # type: ignore[attr-defined]  # noqa: SLF001
    return step


def session_of(
    rounds: RoundLifecycle, grid: Grid, mark: AppMark | None = None
) -> AbstractContextManager[Session | None]:
    """Open the session of a run, to be closed after it; the caller's own stays open."""
    if isinstance(grid, WatchedGrid) and rounds.has_plugins:
        grid.used()
    if rounds.given is not None or not rounds.has_plugins:
        return nullcontext(rounds.given)
    return rounds.opener(
        rounds.config,
        run_id=grid.run.run_id,
        validation=rounds.validation,
        differs=None if mark is None else mark.differs,
    )


def refuse_forgotten(rounds: RoundLifecycle, grid: Grid) -> None:
    """Refuse to start without plugins where the run config names some and ``bcfl=`` was left out.

    Raises
    ------
    Unprotected
        Naming the plugins.
    """
    if not rounds.is_without:
        return
    if isinstance(grid, WatchedGrid):
        named = grid.plugins
    else:
        named = named_plugins(run_config_of(grid.run))
    if named:
        raise Unprotected(named, "the strategy was made without the argument bcfl")


class _Call:
    """The arguments of a strategy's own ``start``: the grid by its type, the others by name."""

    def __init__(self, inner: Step, args: Sequence[object], kwargs: dict[str, Any]) -> None:
        self.args = list(args)
        self.kwargs = dict(kwargs)
        self._parameters = dict(inspect.signature(inner).parameters)
        if any(one.kind is one.VAR_POSITIONAL for one in self._parameters.values()):
            # what it takes as *args it hands on to Flower's
            self._parameters = dict(inspect.signature(flower.Strategy.start).parameters)
            del self._parameters["self"]
        self._names = [
            name
            for name, one in self._parameters.items()
            if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}
        ]

    @property
    def grid(self) -> Grid:
        """The grid of the run."""
        for value in (*self.args, *self.kwargs.values()):
            if isinstance(value, Grid):
                return value
        raise TypeError("start() needs a grid")

    def change_grid(self, grid: Grid) -> None:
        """Put another grid in the place of the one that was given."""
        self.args = [grid if isinstance(value, Grid) else value for value in self.args]
        self.kwargs = {
            name: grid if isinstance(value, Grid) else value for name, value in self.kwargs.items()
        }

    def get(self, name: str) -> Any:  # noqa: ANN401
        """Return an argument, or its default, or None."""
        if name in self.kwargs:
            return self.kwargs[name]
        if name in self._names[: len(self.args)]:
            return self.args[self._names.index(name)]
        default = self._parameters[name].default if name in self._parameters else None
        return None if default is inspect.Parameter.empty else default

    def set(self, name: str, value: object) -> None:
        """Put another value in the place of an argument that was given."""
        if name in self.kwargs:
            self.kwargs[name] = value
        elif name in self._names[: len(self.args)]:
            self.args[self._names.index(name)] = value
