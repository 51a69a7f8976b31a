"""Watch a strategy in a real run: the kit's contract, checked on every round as it comes.

Nothing is changed and nothing is called twice, so a run costs what it cost before: the checks read
the result once, compare the replies by identity (the bytes of a Flower array cannot change), and
look at a sample of the coordinates where values are compared.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from bcfl_plugins.published.numbers import all_finite
from strategies._flower import Array
from strategies._flower import strategy as flower
from strategies.errors import ContractBroken
from strategies.messages.records import plain_metrics, to_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bcfl_plugins.defenses.base import RuleTags
    from strategies._flower import ArrayRecord, ConfigRecord, Grid, Message, MetricRecord

    NDArray = np.ndarray[Any, np.dtype[Any]]

_log = logging.getLogger("flwr.bcfl")

SAMPLE = 4096
"""Coordinates of an array that are compared with the replies."""

RULES = {
    "finite": "the new model holds finite numbers only",
    "form": "the new model has the names, order and shapes of the model that went out",
    "dtypes": "the new model has the dtypes of the model that went out",
    "replies": "the replies are as they came after they were aggregated",
    "model": "the model that goes out is not written into",
    "metrics": "aggregated metrics are finite numbers",
    "box": "each coordinate of the new model lies between the least and greatest reply",
}
"""What is checked, in one sentence each."""


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule broken in one round.

    Parameters
    ----------
    round : int
        Flower's round number.
    rule : str
        A key of `RULES`.
    problem : str
        What was seen, in one sentence.
    """

    round: int
    rule: str
    problem: str


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """What was seen over a run.

    Parameters
    ----------
    rounds : int
        Training rounds that were aggregated.
    violations : tuple of BrokenRule
        In the order of the rounds.
    longest_step : float
        The greatest step of the model, relative to the longest step of a finite reply of its
        round, on the sampled coordinates; 0 when none could be compared.
    """

    rounds: int
    violations: tuple[BrokenRule, ...]
    longest_step: float

    def text(self) -> str:
        """Return it as lines for people."""
        step = f"the longest step of the model was {self.longest_step:.3g} times a reply's longest"
        lines = [f"{self.rounds} rounds checked; {step}"]
        lines += [f"round {v.round}: {RULES[v.rule]}: {v.problem}" for v in self.violations]
        return "\n".join(lines if self.violations else [*lines, "no rule was broken"])


@dataclass(slots=True)
class _Watch:
    raises: bool
    box: bool
    rounds: int = 0
    longest: float = 0.0
    violations: list[BrokenRule] = field(default_factory=list)
    model: Mapping[str, NDArray] = field(default_factory=dict)

    def note(self, server_round: int, rule: str, problem: str) -> None:
        self.violations.append(BrokenRule(server_round, rule, problem))
        if self.raises:
            raise ContractBroken(server_round, RULES[rule], problem)
        _log.warning("bcfl: round %d breaks a rule: %s: %s", server_round, RULES[rule], problem)


class CheckedStrategy(flower.Strategy):
    """Check a strategy while it works.

    The result is of a subclass of the strategy's class and shares its attributes, as with `guard`;
    wrap the outermost strategy.

    Parameters
    ----------
    strategy : Strategy
        Any strategy of Flower's Message API, ours included.
    on_violation : {"report", "raise"}
        Log and go on, or end the run.
    tags : RuleTags or None
        What the strategy promises beyond the contract; ``box`` is checked here.

    Raises
    ------
    ContractBroken
        When a rule is broken and `on_violation` is ``"raise"``.

    Examples
    --------
    ::

        strategy = CheckedStrategy(FedAvg())
        strategy.start(grid, initial_arrays)
        print(strategy.report().text())
    """

    _watch: _Watch
    _bcfl_passes = True  # `strategies.steps`: the guard below it stays the one that is asked

    def __new__(
        cls,
        strategy: flower.Strategy,
        on_violation: Literal["report", "raise"] = "report",  # noqa: ARG004 - read in __init__
        tags: RuleTags | None = None,  # noqa: ARG004
    ) -> Self:
        """Return a strategy of a class below the given one's."""
        checked: Self = object.__new__(_checked(type(strategy)))
        checked.__dict__ = strategy.__dict__
        return checked

    def __init__(
        self,
        strategy: flower.Strategy,
        on_violation: Literal["report", "raise"] = "report",
        tags: RuleTags | None = None,
    ) -> None:
        del strategy
        self._watch = _Watch(on_violation == "raise", box=tags is not None and tags.box)

    def report(self) -> CheckedReport:
        """Return what was seen so far."""
        watch = self._watch
        return CheckedReport(watch.rounds, tuple(watch.violations), watch.longest)

    def start(self, *args: Any, **kwargs: Any) -> flower.Result:  # noqa: ANN401 - Flower's own
        """Run the strategy, and log the report at the end."""
        try:
            return super().start(*args, **kwargs)
        finally:
            _log.info("bcfl: %s", self.report().text())

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Remember the model that goes out."""
        before = _contents(arrays)
        messages = list(super().configure_train(server_round, arrays, config, grid))  # type: ignore[safe-super]
        if _contents(arrays) != before:
            self._watch.note(server_round, "model", "configure_train changed it")
        self._watch.model = to_arrays(arrays)
        return messages

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Let the strategy aggregate, and look at what it was given and what it gave."""
        watch = self._watch
        listed = list(replies)
        before = [_snapshot(message) for message in listed]
        arrays, metrics = super().aggregate_train(server_round, list(listed))  # type: ignore[safe-super]
        watch.rounds += 1
        changed = [m for m, was in zip(listed, before, strict=True) if _snapshot(m) != was]
        if changed:
            node = min(message.metadata.src_node_id for message in changed)
            said = f"{len(changed)} of {len(listed)} were changed, that of node {node} among them"
            watch.note(server_round, "replies", said)
        if arrays is not None:
            self._check_model(server_round, to_arrays(arrays), listed)
        for name, value in plain_metrics(metrics).items():
            if not all(math.isfinite(v) for v in (value if isinstance(value, list) else [value])):
                watch.note(server_round, "metrics", f"{name!r} is {value}")
        return arrays, metrics

    def _check_model(
        self, server_round: int, model: Mapping[str, NDArray], replies: Sequence[Message]
    ) -> None:
        watch = self._watch
        if not all_finite(model):
            bad = next(name for name, array in model.items() if not all_finite({name: array}))
            watch.note(server_round, "finite", f"array {bad!r} does not")
        sent = watch.model
        problem = _form_problem(sent, model)
        if problem is not None:
            watch.note(server_round, "form", problem)
            return
        for name, array in model.items():
            if array.dtype != sent[name].dtype:
                said = f"array {name!r} is {array.dtype}, not {sent[name].dtype}"
                watch.note(server_round, "dtypes", said)
        samples = _samples(sent, replies)
        if not samples:
            return
        rows, start, end = np.stack(samples), _sample(sent), _sample(model)
        reach = float(np.linalg.norm(rows - start, axis=1).max())
        if reach > 0 and np.isfinite(end).all():
            watch.longest = max(watch.longest, float(np.linalg.norm(end - start)) / reach)
        slack = 1e-5 * (np.abs(rows).max(axis=0) + np.abs(start))
        outside = (end < rows.min(axis=0) - slack) | (end > rows.max(axis=0) + slack)
        if watch.box and outside.any():
            watch.note(server_round, "box", f"{int(outside.sum())} sampled coordinates do not")


@cache
def _checked(cls: type[Any]) -> type[Any]:
    return type(cls.__name__, (CheckedStrategy, cls), {"__doc__": cls.__doc__})


def _form_problem(sent: Mapping[str, NDArray], model: Mapping[str, NDArray]) -> str | None:
    if list(model) != list(sent):
        return f"its arrays are {list(model)[:8]}, not {list(sent)[:8]}"
    for name, array in model.items():
        if array.shape != sent[name].shape:
            return f"array {name!r} has shape {array.shape}, not {sent[name].shape}"
    return None


def _sample(arrays: Mapping[str, NDArray]) -> NDArray:
    """Return some coordinates of each array, the same for all models of one form."""
    parts = [
        array.reshape(-1)[:: max(1, array.size // SAMPLE)].astype(np.float64)
        for array in arrays.values()
        if array.dtype.kind == "f"
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _samples(sent: Mapping[str, NDArray], replies: Sequence[Message]) -> list[NDArray]:
    """Return the samples of the replies that can be compared: right form, finite."""
    found = []
    for message in replies:
        records = list(message.content.array_records.values()) if message.has_content() else []
        if len(records) != 1 or list(records[0]) != list(sent):
            continue
        if any(tuple(a.shape) != sent[n].shape for n, a in records[0].items()):
            continue
        sample = _sample(to_arrays(records[0]))
        if np.isfinite(sample).all() and sample.size:
            found.append(sample)
    return found


def _snapshot(message: Message) -> tuple[Any, ...]:
    """Return what a message holds. Comparing two is quick: unchanged bytes are the same object."""
    if not message.has_content():
        return ()
    return tuple(
        (name, type(record).__name__, _contents(record)) for name, record in message.content.items()
    )


def _contents(record: ArrayRecord | MetricRecord | ConfigRecord) -> tuple[Any, ...]:
    return tuple(
        (key, value.data, value.dtype, tuple(value.shape))
        if isinstance(value, Array)
        else (key, tuple(value) if isinstance(value, list) else value)
        for key, value in record.items()
    )
