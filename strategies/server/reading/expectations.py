"""What a strategy needs from a reply, read from the strategy itself. Decisions only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from strategies._flower import KEY_NORM_BIT
from strategies._flower import strategy as flower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.types import Validation

_MEASURES = (
    flower.Bulyan,
    flower.DifferentialPrivacyServerSideAdaptiveClipping,
    flower.DifferentialPrivacyServerSideFixedClipping,
    flower.MultiKrum,
    flower.QFedAvg,
)
"""Flower's strategies that square or scale updates in the dtypes that came: integers wrap, half
precision ends at 65,504, and bools have no difference."""

_AVERAGES = (flower.FedAvg,)
_SEES_UPDATES = (
    flower.Bulyan,
    flower.FedMedian,
    flower.FedTrimmedAvg,
    flower.FedXgbBagging,
    flower.FedXgbCyclic,
    flower.MultiKrum,
    flower.QFedAvg,
)
"""Strategies below FedAvg that are something else than an average and a step of the server."""

DEFAULT_WEIGHT_KEY = "num-examples"
_WITHOUT_ARRAYS = frozenset({"auto", "examples", "influence", "uniform"})
MAX_LOSS = 1e9
"""Largest training loss that q-FedAvg takes; it weighs a node by a power of it."""


class Model(Enum):
    """What the arrays of a reply are."""

    ARRAYS = "arrays"
    """A model: names, shapes and kinds are those of the model that went out."""
    TREES = "trees"
    """XGBoost trees as JSON, which `FedXgbBagging` parses and joins."""
    MASKED = "masked"
    """A model's names and shapes, of masked integers of 32 bits."""
    HALVES = "halves"
    """What a node commits to of an update in two halves: one array of bytes."""
    BLOB = "blob"
    """One block of bytes that `FedXgbCyclic` hands to the next node unread."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a strategy needs from a reply.

    Parameters
    ----------
    weight_key : str
        The metric that holds the number of examples.
    loss_key : str or None
        The metric that holds the training loss, where the strategy weighs by it.
    model : Model
        What the arrays are.
    max_examples : int
        The largest number of examples that a node may claim.
    whole : bool
        Whether the number of examples must be a whole number, as it must where nodes sign it.
    needed : frozenset of str
        The other metrics that the strategy cannot do without.
    wide : bool
        Whether the strategy measures updates: it gets float64 for integers and half precision.
    """

    weight_key: str
    loss_key: str | None
    model: Model
    max_examples: int
    whole: bool = False
    needed: frozenset[str] = frozenset()
    wide: bool = False


def layers(strategy: flower.Strategy) -> Iterator[flower.Strategy]:
    """Yield the strategy and those that it wraps, outermost first (Flower's DP strategies wrap)."""
    layer: object = strategy
    while isinstance(layer, flower.Strategy):
        yield layer
        layer = getattr(layer, "strategy", None)


def expectations_of(strategy: flower.Strategy, max_examples: int, *, whole: bool) -> Expectations:
    """Read what a strategy needs from a reply off the strategy."""
    stack = list(layers(strategy))
    weight_key = next((str(s.weighted_by_key) for s in stack if hasattr(s, "weighted_by_key")), "")
    loss_key = next((str(s.train_loss_key) for s in stack if hasattr(s, "train_loss_key")), None)
    model = Model.ARRAYS
    if any(isinstance(s, flower.FedXgbBagging) for s in stack):
        model = Model.TREES
    elif any(isinstance(s, flower.FedXgbCyclic) for s in stack):
        model = Model.BLOB
    needed = {loss_key} if loss_key is not None else set()
    if any(isinstance(s, flower.DifferentialPrivacyClientSideAdaptiveClipping) for s in stack):
        needed.add(KEY_NORM_BIT)
    return Expectations(
        weight_key or DEFAULT_WEIGHT_KEY,
        loss_key,
        model,
        max_examples,
        whole,
        frozenset(needed),
        any(isinstance(s, _MEASURES) for s in stack),
    )


def judge_of(strategy: flower.Strategy) -> str | None:
    """Return the name of the strategy's own rule that compares updates, or None."""
    return next((str(s.compares_by) for s in layers(strategy) if hasattr(s, "compares_by")), None)


def unmaskable(strategy: flower.Strategy) -> str | None:
    """Say what of a strategy cannot act where it gets the mean of masked updates only, or None."""
    stack = list(layers(strategy))
    if len(stack) > 1:
        return f"{type(strategy).__name__} wraps another strategy"
    judge = judge_of(strategy)
    if judge is not None:
        return f"{type(strategy).__name__} compares updates by {judge}"
    if not isinstance(strategy, _AVERAGES) or isinstance(strategy, _SEES_UPDATES):
        return f"{type(strategy).__name__} looks at each update"
    return None


def nodes_needed(strategy: flower.Strategy, phase: str) -> int:
    """Return how many nodes the strategy waits for in a phase, ``"train"`` or ``"evaluate"``.

    Flower's own strategies wait without a limit when there are fewer. 0: it asks nobody.
    """
    for layer in layers(strategy):
        if hasattr(layer, "min_available_nodes"):
            if getattr(layer, f"fraction_{phase}", 1.0) == 0.0:
                return 0
            return max(int(layer.min_available_nodes), int(getattr(layer, f"min_{phase}_nodes", 1)))
    return 1


def trees_beside(config: BcflConfig, validation: Validation | None) -> str | None:
    """Say which setting cannot work where updates are trees of XGBoost, or None."""
    if "outliers" in config.plugin_names:
        return (
            "outliers compares arrays, and XGBoost strategies send trees; take outliers out of "
            "bcfl.plugins"
        )
    method = str(config.table("rewards").get("method", "auto"))
    measured = method == "auto" and validation is not None
    if "rewards" in config.plugin_names and (measured or method not in _WITHOUT_ARRAYS):
        return (
            f'bcfl.rewards.method is "{method}", which looks at arrays'
            f"{' where the strategy has validation' if measured else ''}, and XGBoost strategies "
            f'send trees; set it to "examples" or "uniform"'
        )
    return None


def weight_problem(weight: object, expected: Expectations) -> str | None:
    """Say what is wrong with a claimed number of examples, or None.

    Zero is wrong: an update trained on nothing says nothing, and a strategy that picks it alone
    would divide by zero.
    """
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return f"{expected.weight_key!r} is a {type(weight).__name__}, not one number"
    if isinstance(weight, float) and not math.isfinite(weight):
        return f"{expected.weight_key!r} is {weight}"
    if not 0 < weight <= expected.max_examples:
        return f"{expected.weight_key!r} is {weight:.6g}, outside 1 to {expected.max_examples}"
    if expected.whole and weight != int(weight):
        return f"{expected.weight_key!r} is {weight}, and nodes sign whole numbers only"
    return None
