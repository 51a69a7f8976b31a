"""Wrap any Flower strategy: screen its replies and call the plugins around each round.

`GuardMixin` sits between a strategy and its base class, so the strategy keeps its own arithmetic,
its attributes and its type. Without plugins it only screens.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.session.open import Session, open_session
from strategies import steps
from strategies._flower import legacy_strategy
from strategies._flower import strategy as flower
from strategies.server.lifecycle import RoundLifecycle
from strategies.unprotected import LEGACY_METHODS, LegacyApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
        try:
            super().__init__(*args, **kwargs)
        except TypeError as error:
            legacy = LegacyApi.among(kwargs)
            if legacy:
                what = f"{type(self).__name__}({', '.join(legacy)})"
                raise LegacyApi(what, legacy) from error
            raise
        self._bcfl = rounds_of(bcfl, validation)

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init_subclass__(**kwargs)
        cls.__signature__ = _signature(cls)  # type: ignore[attr-defined]
        steps.stay_outermost(cls, GuardMixin)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401
            """Say so where Flower's legacy API takes this for a strategy of its own."""
            if name in LEGACY_METHODS:
                raise LegacyApi(f"{type(self).__name__}.{name}")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

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
        Unprotected
            If the run config names plugins, and ``bcfl=`` was left out.
        RecordIncomplete
            If the chain has less of the run than it trained: its `result` is what Flower returned.
        NothingTrained
            If nodes were asked to train, and no round gave a model.
        """
        given = (
            grid,
            initial_arrays,
            num_rounds,
            timeout,
            train_config,
            evaluate_config,
            evaluate_fn,
        )
        result: flower.Result = steps.start(self, self._bcfl, super().start, given, {})
        return result

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Let the strategy sample among the eligible nodes, and open the round."""
        sent = server_round, arrays, config, grid
        return steps.configure_train(self, self._bcfl, super().configure_train, sent)  # type: ignore[safe-super]

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Screen and judge the replies, let the strategy average the rest, and settle the round."""
        inner = super().aggregate_train  # type: ignore[safe-super]
        return steps.aggregate_train(self._bcfl, inner, server_round, replies)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Let the strategy sample among the eligible nodes."""
        sent = server_round, arrays, config, grid
        return steps.configure_evaluate(self, self._bcfl, super().configure_evaluate, sent)  # type: ignore[safe-super]

    def aggregate_evaluate(
        self, server_round: int, replies: Iterable[Message]
    ) -> MetricRecord | None:
        """Screen the replies and let the strategy average the rest."""
        inner = super().aggregate_evaluate  # type: ignore[safe-super]
        return steps.aggregate_evaluate(self, self._bcfl, inner, server_round, replies)


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
    given: object = strategy
    if isinstance(given, legacy_strategy.Strategy):
        raise LegacyApi(f"guard({type(given).__name__}(...))")
    if not isinstance(given, flower.Strategy):
        shown = given.__name__ if isinstance(given, type) else type(given).__name__
        raise ConfigError(
            f"guard() got {shown}, which is no strategy: hand in an object of a class of "
            f"flwr.serverapp.strategy, or of one below it"
        )
    guarded: _S = object.__new__(_guarded(type(strategy)))
    guarded.__dict__ = strategy.__dict__
    guarded.__dict__["_bcfl"] = rounds_of(bcfl, validation)
    return guarded


def rounds_of(bcfl: Bcfl, validation: Validation | None) -> RoundLifecycle:
    """Read the arguments ``bcfl`` and ``validation``."""
    match bcfl:
        case Session():
            return RoundLifecycle(bcfl.config, open_session, bcfl, validation)
        case BcflConfig():
            return RoundLifecycle(bcfl, open_session, None, validation)
        case Mapping():
            return RoundLifecycle(BcflConfig.from_run_config(bcfl), open_session, None, validation)
        case None:
            return RoundLifecycle(BcflConfig(), open_session, None, validation, is_without=True)


@cache
def _guarded(cls: type[Any]) -> type[Any]:
    made = type(cls.__name__, (GuardMixin, cls), {"__doc__": cls.__doc__})
    if cls.start is not flower.Strategy.start:  # it may take other arguments
        made.start = steps.guarded("start", cls.start)  # type: ignore[attr-defined]
    return made


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
