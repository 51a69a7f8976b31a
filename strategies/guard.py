"""Wrap any Flower strategy: screen its replies and call the plugins around each round.

`GuardMixin` sits between a strategy and its base class, so the strategy keeps its own arithmetic,
its attributes and its type. Without plugins it only screens.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.session.open import Session, open_session
from strategies._flower import strategy as flower
from strategies.server.lifecycle import RoundLifecycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from bcfl_plugins.types import Validation
    from strategies._flower import ArrayRecord, ConfigRecord, Grid, Message, MetricRecord

    EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]

Bcfl = Mapping[str, object] | BcflConfig | Session | None
"""What the argument ``bcfl`` may be."""

_S = TypeVar("_S", bound=flower.Strategy)


class GuardMixin(flower.Strategy):
    """Put this before a Flower strategy among a class's bases.

    Parameters
    ----------
    *args, **kwargs
        The strategy's own.
    bcfl : Mapping, BcflConfig, Session or None
        Flower's ``context.run_config``, of which the keys under ``bcfl`` are read; a checked
        config; or an open session, which stays open after the run. `None`: no plugins.
    validation : callable or None
        Takes a model (arrays by name) and returns (m,) the loss of each of m examples that the
        server trusts. Plugins ask it whether an update did harm and how much it helped.

    Raises
    ------
    ConfigError
        If a key or value under ``bcfl`` is wrong.
    """

    _bcfl: RoundLifecycle

    def __init__(
        self,
        *args: Any,  # noqa: ANN401
        bcfl: Bcfl = None,
        validation: Validation | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self._bcfl = _rounds(bcfl, validation)

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init_subclass__(**kwargs)
        cls.__signature__ = _signature(cls)  # type: ignore[attr-defined]

    def start(  # noqa: PLR0917 - Flower's own signature
        self,
        grid: Grid,
        initial_arrays: ArrayRecord,
        num_rounds: int = 3,
        timeout: float = 3600,
        train_config: ConfigRecord | None = None,
        evaluate_config: ConfigRecord | None = None,
        evaluate_fn: EvaluateFn | None = None,
    ) -> flower.Result:
        """Run the strategy between opening and closing the session; else as in Flower.

        Raises
        ------
        RecordIncomplete
            If the chain has less of the run than it trained: its `result` is what Flower returned.
        """
        rounds = self._bcfl
        rounds.check(self, initial_arrays)
        with _session(rounds, grid) as session, rounds.running(session, grid, num_rounds):
            rounds.take_up(self, initial_arrays, num_rounds)
            result = super().start(
                rounds.following(grid),
                initial_arrays,
                num_rounds,
                timeout,
                train_config,
                evaluate_config,
                None if evaluate_fn is None else rounds.watched(evaluate_fn),
            )
            return rounds.returned(result)

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Let the strategy sample among the eligible nodes, and open the round."""
        rounds = self._bcfl
        if rounds.repeats(server_round):
            return []
        view = rounds.training_nodes(self, server_round, grid)
        messages = super().configure_train(server_round, arrays, config, view)  # type: ignore[safe-super]
        return rounds.open_round(self, server_round, arrays, messages)

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Screen and judge the replies, let the strategy average the rest, and settle the round.

        When no reply is left the strategy is not called and there is no aggregate, which is what
        Flower's own strategies answer for a round without replies.

        What a node sends may overflow, and the app may have told numpy to raise then
        (``np.seterr``): that would let one node end the run. So numpy is silent in here, and an
        aggregate that is not finite is not taken.
        """
        if self._bcfl.repeats(server_round):
            return self._bcfl.trained_before(server_round)
        current = self._bcfl.round_to_judge(server_round)
        if current is None:
            return super().aggregate_train(server_round, replies)  # type: ignore[safe-super]
        with np.errstate(all="ignore"):
            judged, accepted = current.judge(replies)
            arrays, metrics = None, None
            if accepted:
                arrays, metrics = super().aggregate_train(server_round, accepted)  # type: ignore[safe-super]
            return self._bcfl.settle(current, judged, arrays, metrics)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Let the strategy sample among the eligible nodes."""
        rounds = self._bcfl
        if rounds.repeats_evaluation(server_round):
            return []
        view = rounds.evaluating_nodes(self, server_round, grid)
        messages = super().configure_evaluate(server_round, arrays, config, view)  # type: ignore[safe-super]
        return rounds.ask_to_evaluate(messages)

    def aggregate_evaluate(
        self, server_round: int, replies: Iterable[Message]
    ) -> MetricRecord | None:
        """Screen the replies and let the strategy average the rest."""
        rounds = self._bcfl
        if rounds.repeats_evaluation(server_round):
            return rounds.evaluated_before(server_round)
        fit = rounds.screen_evaluate(self, replies)
        metrics = super().aggregate_evaluate(server_round, fit)  # type: ignore[safe-super]
        rounds.evaluated_by_nodes(server_round, metrics)
        return metrics


def guard(strategy: _S, bcfl: Bcfl = None, validation: Validation | None = None) -> _S:
    """Wrap a strategy that exists already, your own classes included.

    The result is of a subclass of the strategy's class and shares its attributes: a change on one
    is seen on the other.

    Parameters
    ----------
    strategy : Strategy
        Any strategy of Flower's Message API.
    bcfl, validation
        As for the drop-in classes.

    Raises
    ------
    ConfigError
        If the strategy is wrapped already, or a setting is wrong.

    Examples
    --------
    ::

        strategy = guard(MyFedAvg(fraction_train=0.5), bcfl=context.run_config)
    """
    if isinstance(strategy, GuardMixin):
        raise ConfigError(f"this {type(strategy).__name__} is wrapped already; wrap it once")
    guarded: _S = object.__new__(_guarded(type(strategy)))
    guarded.__dict__ = strategy.__dict__
    guarded.__dict__["_bcfl"] = _rounds(bcfl, validation)
    return guarded


def _rounds(bcfl: Bcfl, validation: Validation | None) -> RoundLifecycle:
    """Read the arguments ``bcfl`` and ``validation``."""
    match bcfl:
        case Session():
            return RoundLifecycle(bcfl.config, bcfl, validation)
        case BcflConfig():
            return RoundLifecycle(bcfl, None, validation)
        case Mapping():
            return RoundLifecycle(BcflConfig.from_run_config(bcfl), None, validation)
        case None:
            return RoundLifecycle(BcflConfig(), None, validation)


def _session(rounds: RoundLifecycle, grid: Grid) -> AbstractContextManager[Session | None]:
    """Open the session of a run, to be closed after it; the caller's own stays open."""
    if rounds.given is not None or not rounds.has_plugins:
        return nullcontext(rounds.given)
    return open_session(rounds.config, run_id=grid.run.run_id, validation=rounds.validation)


@cache
def _guarded(cls: type[Any]) -> type[Any]:
    return type(cls.__name__, (GuardMixin, cls), {"__doc__": cls.__doc__})


def _signature(cls: type) -> inspect.Signature:
    """Return the constructor's signature: the strategy's own, and ours by keyword."""
    for base in cls.__mro__:
        if base is not GuardMixin and "__init__" in base.__dict__:
            own = inspect.signature(base.__dict__["__init__"])
            break
    parameters = list(own.parameters.values())[1:]
    if not issubclass(base, GuardMixin):
        known = inspect.signature(GuardMixin.__init__).parameters
        ours = [known["bcfl"], known["validation"]]
        variable = [p for p in parameters if p.kind is inspect.Parameter.VAR_KEYWORD]
        parameters = [p for p in parameters if p not in variable] + [*ours, *variable]
    return own.replace(parameters=parameters)
