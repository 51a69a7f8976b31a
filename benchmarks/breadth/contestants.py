"""Who averages: FedAvg, our default as a user gets it, Flower's own strategies, and byzfl's rules.

Flower's and byzfl's are told in every round that a third of its updates are attackers', or how many
are where that is more, as far as they can withstand so many. Ours are told nothing.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.plugins.outliers import DEFAULT, OutliersSettings, judge_of
from bcfl_plugins.published.average import AveragedUpdate, weighted_mean
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from benchmarks.accuracy.contestants import FLOWER, FlowerRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.breadth.models import Model

    Array = np.ndarray[Any, Any]

FEDAVG, OURS, CLUSTER = "FedAvg", "default", "`cluster`"
SLOW, MANY = "bulyan", 50
"""Flower's Bulyan takes minutes with more updates than this, and is left out there."""
_BYZFL = ("GeometricMedian", "CAF", "NNM+TrMean")


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """What came in a round.

    Parameters
    ----------
    turn, rounds : int
        Rounds before this one, and all.
    start : Array
        (d,) the model that went out.
    updates : Array
        (m, d) what the sites add to it.
    sites, claims : sequence of int
        Who sent them, ascending, and their numbers of examples.
    evil : int
        How many of them attack.
    model : Model
        Cuts them into arrays.
    """

    turn: int
    rounds: int
    start: Array
    updates: Array
    sites: Sequence[int]
    claims: Sequence[int]
    evil: int
    model: Model

    @property
    def told(self) -> int:
        """How many attackers those rules expect that must be told."""
        return max(1, (len(self.updates) - 1) // 3, self.evil)

    def named(self, flat: Array) -> dict[str, Array]:
        """Return a model array by array."""
        found, place = {}, 0
        for name, shape in self.model.shapes.items():
            end = place + int(np.prod(shape))
            found[name] = flat[place:end].reshape(shape)
            place = end
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What is made of them: (d,) the next model, and (m,) who was rejected and who was struck."""

    model: Array
    rejected: Array
    struck: Array


class Contestant(Protocol):
    """Averages the updates of one round after the other."""

    def settle(self, sent: Sent) -> Settled:
        """Return the next model. Raises what the rule raises."""


class Average:
    """FedAvg, weighed by the claimed numbers of examples."""

    def settle(self, sent: Sent) -> Settled:
        """Average."""
        claims = np.array(sent.claims, np.float64)
        return _kept(sent, claims / claims.sum() @ sent.updates)


class Plugin:
    """The plugin ``outliers`` with one method, and everything else as it is by default.

    The server has no data of its own. The mean is the one that a strategy gets.
    """

    def __init__(self, method: str) -> None:
        self._judge = judge_of(OutliersSettings(method=method), create_rule(method), None)

    def settle(self, sent: Sent) -> Settled:
        """Judge, and average what is accepted."""
        start = sent.named(sent.start)
        ctx = RoundContext(RunInfo(1, sent.rounds), sent.turn + 1, None, start)
        arrays = [sent.named(sent.start + update) for update in sent.updates]
        nodes = [NodeId(site) for site in sent.sites]
        told = tuple(
            ClientUpdate(NodeRef(node), own, claim)
            for node, own, claim in zip(nodes, arrays, sent.claims, strict=True)
        )
        decide: Any = self._judge
        verdict = decide.judge(ctx, told)
        against = {one.node_id: one.strike for one in verdict.rejections}
        rejected = np.array([node in against for node in nodes])
        struck = np.array([against.get(node, False) for node in nodes])
        good = [
            AveragedUpdate(node, own, own, claim)
            for node, own, claim, bad in zip(nodes, arrays, sent.claims, rejected, strict=True)
            if not bad
        ]
        if not good:
            return Settled(sent.start, rejected, struck)
        mean = weighted_mean(start, good, verdict.shares, verdict.medians)
        flat = np.concatenate([mean[name].ravel() for name in start]).astype(np.float32)
        return Settled(flat, rejected, struck)


class Flower:
    """One of Flower's own strategies."""

    def __init__(self, name: str) -> None:
        self._name = name

    def settle(self, sent: Sent) -> Settled:
        """Ask the strategy."""
        n = len(sent.updates)
        most = {"krum": (n - 3) // 2, "multikrum": (n - 3) // 2, SLOW: (n - 3) // 4}
        if self._name == SLOW and n > MANY:
            raise ValueError(f"{n} updates take it too long")
        f = max(0, min(sent.told, most.get(self._name, (n - 1) // 2)))
        made = FlowerRule(FLOWER[self._name](n, f)).aggregate(sent.updates)
        return _kept(sent, np.asarray(made.value))


class Byzfl:
    """One of byzfl's aggregators."""

    def __init__(self, name: str) -> None:
        self._name = name

    def settle(self, sent: Sent) -> Settled:
        """Ask the aggregator."""
        f = min(sent.told, (len(sent.updates) - 1) // 2)
        rows: Any = sent.updates
        np.random.seed(sent.turn)  # noqa: NPY002 - its CAF draws from the global generator
        for part in self._name.split("+"):
            rows = byzfl_rules()[part](f)(rows)
        return _kept(sent, np.asarray(rows))


@cache
def byzfl_rules() -> Mapping[str, Callable[[int], Callable[[Any], Any]]]:
    """Return byzfl's rules, or none where it is not installed.

    Its package asks for torchvision and seaborn, which its rules do not need: they are imported
    alone, so that ``pip install --no-deps byzfl`` is enough.
    """
    if "byzfl" not in sys.modules and importlib.util.find_spec("byzfl") is None:
        return {}
    from scripts.kit.findings import byzfl_rules as found  # noqa: PLC0415 - only where it is there

    rules: dict[str, Any] = {name: make for name, make, _ in found()}
    before: Any = importlib.import_module("byzfl.aggregators.preaggregators")
    rules["NNM"] = lambda f: before.NNM(f=f)
    return rules


def _kept(sent: Sent, step: Array) -> Settled:
    nobody = np.zeros(len(sent.updates), np.bool_)
    return Settled((sent.start + step).astype(np.float32), nobody, nobody)


WHO: Mapping[str, Callable[[], Contestant]] = MappingProxyType(
    {
        FEDAVG: Average,
        OURS: lambda: Plugin(DEFAULT),
        CLUSTER: lambda: Plugin("cluster"),
        "FedMedian": lambda: Flower("fedmedian"),
        "FedTrimmedAvg": lambda: Flower("fedtrimmedavg"),
        "Krum": lambda: Flower("krum"),
        "MultiKrum": lambda: Flower("multikrum"),
        "Bulyan": lambda: Flower(SLOW),
    }
)
"""Ours, and Flower's own."""

BYZFL: Mapping[str, Callable[[], Contestant]] = MappingProxyType(
    {f"byzfl {name}": partial(Byzfl, name) for name in _BYZFL}
)
"""Besides, where byzfl is installed."""


def everybody() -> Mapping[str, Callable[[], Contestant]]:
    """Return all that can run here."""
    return {**WHO, **BYZFL} if byzfl_rules() else WHO
