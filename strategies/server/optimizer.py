"""What a strategy's own optimizer does to the average, where it is one of Flower's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from bcfl_plugins.published.steps import (
    MOMENTUM,
    SERVER_ROUND,
    SQUARES,
    as_arrays,
    other_dtypes,
)
from bcfl_plugins.types import ServerStep
from strategies._flower import strategy as flower

if TYPE_CHECKING:
    from bcfl_plugins.published.steps import Arrays, Memory

_ADAPTIVE = {
    flower.FedAdagrad: "adagrad/1",
    flower.FedAdam: "adam/1",
    flower.FedYogi: "yogi/1",
}
_DEPTH = 4  # a strategy within a strategy, as Flower's wrappers for privacy are


@dataclass(frozen=True, slots=True)
class StepWatch:
    """An optimizer, and what it remembers before a round.

    What it says of a step is a claim: whoever publishes it takes the step again first.
    """

    optimizer: Any
    base: Arrays
    before: Memory

    @classmethod
    def of(cls, strategy: object, base: Arrays) -> Self | None:
        """Look at the optimizer of a strategy; ``None`` where it has none that is known.

        Parameters
        ----------
        strategy
            Or one around it.
        base
            The model that goes out.
        """
        found = _optimizer(strategy, _DEPTH)
        return None if found is None else cls(found, base, _memory(found, base))

    def taken(self, server_round: int) -> ServerStep:
        """Return the step that it has taken since."""
        after = _memory(self.optimizer, self.base)
        one = self.optimizer
        if isinstance(one, flower.FedAvgM):
            settings = {"learning_rate": one.server_learning_rate, "momentum": one.server_momentum}
            return ServerStep("momentum/1", settings, self.before, after)
        (method,) = (name for kind, name in _ADAPTIVE.items() if isinstance(one, kind))
        numbers: dict[str, float] = {
            "eta": one.eta,
            "beta_1": one.beta_1,
            "beta_2": one.beta_2,
            "tau": one.tau,
        }
        if isinstance(one, flower.FedAdam):
            numbers[SERVER_ROUND] = server_round
        return ServerStep(method, numbers, self.before, after)


def _optimizer(strategy: object, depth: int) -> Any:  # noqa: ANN401 - one of several classes
    if isinstance(strategy, (flower.FedAvgM, *_ADAPTIVE)):
        return strategy
    inner = (one for one in vars(strategy).values() if isinstance(one, flower.Strategy))
    found = (_optimizer(one, depth - 1) for one in inner if depth > 1)
    return next((one for one in found if one is not None), None)


def _memory(optimizer: Any, base: Arrays) -> Memory:  # noqa: ANN401 - see `_optimizer`
    """Return what it remembers, by moment and array. Flower makes new arrays in each step."""
    if isinstance(optimizer, flower.FedAvgM):
        held, vector = optimizer.current_arrays, optimizer.momentum_vector
        if held is None or held.keys() != base.keys():
            return {}
        other = [name for name, one in held.items() if one.dtype != base[name].dtype.name]
        found = other_dtypes({name: held[name].numpy() for name in other}, base)
        if vector is not None:
            found[MOMENTUM] = as_arrays(dict(zip(base, vector, strict=False)))
        return found
    if not optimizer.m_t or not optimizer.v_t:
        return {}
    return {MOMENTUM: as_arrays(optimizer.m_t), SQUARES: as_arrays(optimizer.v_t)}
