"""The rules of the accuracy table, by name: ours, and Flower's own strategies."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from flwr.app import Array as FlowerArray
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import (
    Bulyan,
    FedAvg,
    FedMedian,
    FedTrimmedAvg,
    Krum,
    MultiKrum,
)

from bcfl_plugins.defenses.base import NO_EXTRAS, Aggregate, Decision, Defense, Extras, Updates
from bcfl_plugins.defenses.cluster_guard import ClusterGuard
from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.reasons import Reason
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PREFIX = "flower:"

FLOWER: Mapping[str, Callable[[int, int], FedAvg]] = MappingProxyType(
    {
        "fedavg": lambda _n, _f: FedAvg(),
        "fedmedian": lambda _n, _f: FedMedian(),
        "fedtrimmedavg": lambda n, f: FedTrimmedAvg(beta=min((f + 0.5) / n, 0.49)),
        "krum": lambda _n, f: Krum(num_malicious_nodes=f),
        "multikrum": lambda n, f: MultiKrum(num_malicious_nodes=f, num_nodes_to_select=n - f),
        "bulyan": lambda _n, f: Bulyan(num_malicious_nodes=f),
    }
)
"""(n, f) -> strategy. FedTrimmedAvg cuts ``int(beta * n)``, and f / n may round to one less.
It takes no half."""

CONTESTANTS: tuple[str, ...] = ("cluster_guard", "flame", "dnc", "caf")
"""The rows of every table, in order."""

MORE: tuple[str, ...] = (
    "geometric_median",
    "nnm+cwtm",
    "multikrum",
    "median",
    *(PREFIX + name for name in FLOWER if name != "bulyan"),
)
"""The rows below them at one split. Flower's Bulyan is slow, and left out unless named."""


def contestant(name: str, n: int, f: int) -> Defense:
    """Return a rule told of f attackers; `cluster_guard` and rules that withstand none are not."""
    if name.startswith(PREFIX):
        return FlowerRule(FLOWER[name.removeprefix(PREFIX)](n, f))
    if name == ClusterGuard.name:
        return ClusterGuard()
    rule = create_rule(name)
    return create_rule(name, f=f) if rule.max_byzantine(n) >= f else rule


@dataclass(frozen=True, slots=True)
class FlowerRule(Defense):
    """Flower's own aggregation of the same updates, each with one example.

    It says nothing about what it rejects, so all count as kept.
    """

    name: ClassVar[str] = "flower"
    paper: ClassVar[str] = "Beutel et al., Flower, 2020"

    strategy: FedAvg

    def max_byzantine(self, n: int) -> int:
        """Return n: the strategy was told already."""
        return n

    def aggregate(self, updates: Updates, extras: Extras = NO_EXTRAS) -> Aggregate:
        """Ask the strategy."""
        del extras
        rows = np.asarray(updates)
        n = len(rows)
        with _quiet(), InProcessGrid(ClientApp(), 1):  # where messages can be made
            arrays, _ = self.strategy.aggregate_train(1, [_reply(row) for row in rows])
        if arrays is None:
            raise ValueError(f"{type(self.strategy).__name__} returned nothing")
        everyone = np.ones(n, dtype=np.bool_)
        decision = Decision(everyone, np.zeros(0), np.zeros(n), (Reason.NONE,) * n)
        return Aggregate(arrays["update"].numpy(), decision)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Flower from logging a line for each aggregation."""
    logger = logging.getLogger("flwr")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _reply(row: np.ndarray[Any, Any]) -> Message:
    content = RecordDict(
        {
            "arrays": ArrayRecord({"update": FlowerArray(row)}),
            "metrics": MetricRecord({"num-examples": 1}),
        }
    )
    return Message(content=content, message_type="train", dst_node_id=1)
