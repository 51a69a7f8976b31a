"""Flower's strategies of both APIs on one array of one number a node."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import strategy as legacy
from flwr.serverapp import strategy as current

from scripts.kit.by_hand.shown import Shown, answered, differ, numbers, off
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from strategies.testing.adapter import reply_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.kit.by_hand.shown import Outcome

FOUND = {
    "refuses": "FedTrimmedAvg, legacy FedMedian, legacy FedTrimmedAvg, legacy Krum",
    "integers": "FedMedian, FedTrimmedAvg, Krum, MultiKrum, Bulyan, legacy FedMedian, "
    "legacy FedTrimmedAvg, legacy Bulyan",
}
"""What `scripts.kit.findings` prints under "Found besides"."""

MAKERS: dict[str, Callable[[int], Any]] = {
    "FedMedian": lambda _: current.FedMedian(),
    "FedTrimmedAvg": lambda _: current.FedTrimmedAvg(beta=0.2),
    "Krum": lambda f: current.Krum(num_malicious_nodes=f),
    "MultiKrum": lambda f: current.MultiKrum(num_malicious_nodes=f, num_nodes_to_select=2),
    "Bulyan": lambda f: current.Bulyan(num_malicious_nodes=f),
    "legacy FedMedian": lambda _: legacy.FedMedian(),
    "legacy FedTrimmedAvg": lambda _: legacy.FedTrimmedAvg(beta=0.2),
    "legacy Krum": lambda f: legacy.Krum(num_malicious_clients=f),
    "legacy Bulyan": lambda f: legacy.Bulyan(num_malicious_clients=f, to_keep=0),
}
"""Each strategy for f, where it is told f."""


def aggregate(rule: str, f: int, values: tuple[float, ...], dtype: str = "float64") -> Any:  # noqa: ANN401 - an array
    """Return the array that a strategy makes of one array ``[value]`` a node."""
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    arrays = [np.array([value], dtype) for value in values]
    made = MAKERS[rule](f)
    if rule.startswith("legacy"):
        return _by_results(made, arrays)
    return _by_messages(made, arrays)


def _by_messages(made: Any, arrays: list[Any]) -> Any:  # noqa: ANN401 - a strategy, an array
    with InProcessGrid(ClientApp(), num_nodes=len(arrays)):
        replies = [
            Message(
                reply_content({"w": array}),
                reply_to=Message(RecordDict(), FIRST_NODE_ID + node, "train"),
            )
            for node, array in enumerate(arrays)
        ]
        record, _ = made.aggregate_train(1, replies)
    return record["w"].numpy()


def _by_results(made: Any, arrays: list[Any]) -> Any:  # noqa: ANN401 - a strategy, an array
    results = [
        (None, FitRes(Status(Code.OK, ""), ndarrays_to_parameters([array]), 10, {}))
        for array in arrays
    ]
    parameters, _ = made.aggregate_fit(1, results, [])
    return parameters_to_ndarrays(parameters)[0]


def number(rule: str, f: int, values: tuple[float, ...], dtype: str = "float64") -> float:
    """Return the one number of the result."""
    return float(aggregate(rule, f, values, dtype)[0])


def _integers(rule: str) -> Shown:
    def call() -> Outcome:
        got = aggregate(rule, 1, (7.0,) * 7, "int64")
        return f"{got[0]:g} as {got.dtype}"

    return Shown(
        rule,
        ("integers",),
        "seven int64 arrays [7]",
        "stay int64",
        call,
        lambda outcome: "int64" not in outcome,
    )


def _refuses(rule: str, f: int, values: tuple[float, ...], should: str) -> Shown:
    return Shown(
        rule,
        ("refuses",),
        f"{numbers(values)}; {f} of them byzantine",
        should,
        lambda: (number(rule, f, values),),
        answered,
    )


def _nan(rule: str) -> Shown:
    values = (1.0,) * 6 + (np.nan,)

    def call() -> Outcome:
        try:
            return (number(rule, 1, values),)
        except ValueError as error:
            return f"{type(error).__name__}: {error}"

    given, should = f"{numbers(values)}; f = 1", "1"
    return Shown(rule, ("non_finite",), given, should, call, off(1))


_MODEL = 2.0**16
_DELTAS = (13.0, 8.0, 6.0, 5.0, 2.0, 0.0, 50.0)


def _cancels(rule: str) -> Shown:
    """Show a model under the updates; float32 holds all of these numbers exactly."""
    moved = tuple(_MODEL + delta for delta in _DELTAS)

    def call() -> Outcome:
        got = (number(rule, 1, moved, dtype) - _MODEL for dtype in ("float64", "float32"))
        return (number(rule, 1, _DELTAS), *got)

    return Shown(
        rule,
        ("cancellation",),
        f"{numbers(_DELTAS)}; with {_MODEL:g} added in float64; and in float32; f = 1",
        f"three times the same after {_MODEL:g} is taken off",
        call,
        lambda got: not off(float(got[0]), 1e-6)(got[:2]) and off(float(got[0]), 1)(got),
    )


_TOO_MANY = "a refusal: it trims 0.2 * 5 = 1 a side"
_HALF = "a refusal: nobody can tell which half is honest"
_FEW = "a refusal: its paper needs n of 2f + 3 = 7; it takes a byzantine one"

SHOWN = (
    _refuses("FedTrimmedAvg", 2, (0.0, 0.0, 0.0, 1e6, 1e6), _TOO_MANY),
    _refuses("legacy FedMedian", 2, (0.0, 0.0, 1e6, 1e6), _HALF),
    _refuses("legacy FedTrimmedAvg", 2, (0.0, 0.0, 0.0, 1e6, 1e6), _TOO_MANY),
    _refuses("legacy Krum", 2, (0.0, 1.0, 1e6, 1e6), _FEW),
    *(_integers(rule) for rule in MAKERS if rule != "legacy Krum"),
)
"""A call for each of `FOUND`."""

HELD: tuple[Shown, ...] = ()
"""What the kit finds and is not broken."""

KNOWN = (
    _refuses("FedMedian", 2, (0.0, 0.0, 1e6, 1e6), _HALF),
    _refuses("Krum", 2, (0.0, 1.0, 1e6, 1e6), _FEW),
    _refuses("MultiKrum", 2, (0.0, 1.0, 1e6, 1e6), _FEW),
    *(_nan(rule) for rule in ("FedMedian", "legacy FedMedian", "legacy Krum", "legacy Bulyan")),
    *(_cancels(rule) for rule in ("Krum", "MultiKrum", "Bulyan")),
    Shown(
        "legacy Bulyan",
        ("order",),
        "0, 1, 3, 6, 10, 15, 1000; then 1, 3, 6, 10, 15, 0, 1000; f = 1",
        "the same",
        lambda: tuple(
            number("legacy Bulyan", 1, values)
            for values in (
                (0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 1000.0),
                (1.0, 3.0, 6.0, 10.0, 15.0, 0.0, 1000.0),
            )
        ),
        differ,
    ),
)
"""A call for each failure that was known."""
