"""Rounds of updates for the speed benchmark, as our rules and as Flower's strategies take them."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp.strategy import (
    Bulyan,
    FedAvg,
    FedMedian,
    FedTrimmedAvg,
    Krum,
    MultiKrum,
)

from strategies.messages.records import to_arrays, to_record
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.defenses.base import Defense, Extras

SHARES = (0.001, 0.019, 0.18, 0.4, 0.3, 0.08, 0.019, 0.001)
"""Parts of a model that its arrays have: a few large ones and some small ones."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Round:
    """One round: n updates of d float32 entries.

    Parameters
    ----------
    matrix : Floats
        (n, d) the updates.
    updates : list of dict
        The same memory as named arrays.
    f : int
        A fifth of n.
    """

    matrix: Floats
    updates: list[dict[str, Floats]]
    f: int

    @property
    def bytes(self) -> int:
        """Size of all updates."""
        return self.matrix.nbytes

    def gram(self) -> object:
        """Return the yardstick: one product of the stacked updates by torch, in float32."""
        tensor = torch.from_numpy(self.matrix)
        return torch.mm(tensor, tensor.T)


def make(n: int, d: int, seed: int = 0) -> Round:
    """Draw a round of independent normal updates."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((n, d), dtype=np.float32)
    cuts = [0, *(np.cumsum(SHARES)[:-1] * d).astype(int).tolist(), d]
    spans = list(itertools.pairwise(cuts))
    updates = [{f"layer{k}": row[a:b] for k, (a, b) in enumerate(spans)} for row in matrix]
    return Round(matrix, updates, n // 5)


def bulyan_f(n: int) -> int:
    """Return the f of a round of Bulyan, which tolerates less than a fifth of few updates."""
    return min(n // 5, (n - 3) // 4)


def flower(name: str, n: int) -> FedAvg | None:
    """Return Flower's own strategy of that name, or nothing."""
    f = n // 5
    makers: dict[str, Callable[[], FedAvg]] = {
        "mean": FedAvg,
        "median": FedMedian,
        "trimmed_mean": lambda: FedTrimmedAvg(beta=(f + 0.5) / n),
        "krum": lambda: Krum(num_malicious_nodes=f),
        "multikrum": lambda: MultiKrum(num_malicious_nodes=f, num_nodes_to_select=n - f),
        "bulyan": lambda: Bulyan(num_malicious_nodes=bulyan_f(n)),
    }
    logging.getLogger("flwr").setLevel(logging.ERROR)
    return makers[name]() if name in makers else None


class Wire:
    """A round as Flower's messages; a context in which they can be built.

    Flower's strategies take arrays out of the messages, so each call needs new ones.
    """

    def __init__(self, data: Round) -> None:
        self._data = data
        self._grid = InProcessGrid(ClientApp(), num_nodes=len(data.updates))

    def __enter__(self) -> Self:
        """Make messages possible."""
        self._grid.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        """Undo it."""
        self._grid.__exit__(None, None, None)

    def replies(self) -> list[Message]:
        """Return n replies."""
        return [
            Message(
                RecordDict(
                    {
                        "arrays": ArrayRecord({name: Array(a) for name, a in update.items()}),
                        "metrics": MetricRecord({"num-examples": 10}),
                    }
                ),
                reply_to=Message(RecordDict(), FIRST_NODE_ID + node, "train"),
            )
            for node, update in enumerate(self._data.updates)
        ]


def served(rule: Defense, replies: list[Message], extras: Extras) -> ArrayRecord:
    """Do what our strategies do with replies: decode, aggregate, and put into a record."""
    updates = [to_arrays(reply.content.array_records["arrays"]) for reply in replies]
    return to_record(rule.aggregate(updates, extras).value)
