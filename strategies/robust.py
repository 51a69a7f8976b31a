"""`FedAvg` with a robust rule in place of the average.

The rule judges how far each node moved the model that went out, not the models themselves: at the
end of a training the moves are a ten-thousandth of the model, and distances between models have no
correct digit left.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.defenses.base import BUFFERS, Defense, Extras
from bcfl_plugins.defenses.participation import fitted, unsupported
from bcfl_plugins.defenses.registry import create_rule, setting_names
from bcfl_plugins.errors import ConfigError, TooFewUpdates, near_miss
from bcfl_plugins.published.numbers import cast
from strategies._flower import strategy as flower
from strategies.errors import RoundNotConfigured, RuleRefuses
from strategies.guard import GuardMixin
from strategies.messages.records import sort_replies, to_arrays, to_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from bcfl_plugins.defenses.base import Decision
    from strategies._flower import ArrayRecord, ConfigRecord, Grid, Message, MetricRecord

    Arrays = Mapping[str, np.ndarray[Any, np.dtype[Any]]]
    ServerUpdate = Callable[[Arrays, int], Arrays]

_FEDAVG = tuple(inspect.signature(flower.FedAvg.__init__).parameters)[1:]

MOST_REFUSALS = 3
"""Rounds in a row that a rule may refuse; then the run ends."""

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True, eq=False)
class RoundDecision:
    """How the rule decided in one round.

    Parameters
    ----------
    server_round : int
        Flower's round.
    nodes : tuple of int
        Node ids, ascending; entry i of the decision's arrays is about node i of these.
    decision : Decision or None
        What was kept and why; ``None`` when the rule refused the round.
    refusal : str
        Why it refused; empty otherwise.
    """

    server_round: int
    nodes: tuple[int, ...]
    decision: Decision | None
    refusal: str = ""


class _RobustAverage(flower.FedAvg):
    """`RobustFedAvg` without the guard."""

    def __init__(
        self,
        method: str | Defense,
        f: int | None = None,
        *,
        server_update: ServerUpdate | None = None,
        buffers: Sequence[str] = BUFFERS,
        **options: Any,  # noqa: ANN401 - Flower's own arguments, and the rule's settings
    ) -> None:
        settings = {name: value for name, value in options.items() if name not in _FEDAVG}
        super().__init__(**{name: options[name] for name in options if name in _FEDAVG})
        self.rule = _rule_of(method, f, settings)
        self.server_update = server_update
        self.buffers = tuple(buffers)
        if self.rule.needs_trusted and server_update is None:
            raise ConfigError(
                f"{self.rule.name} compares with the server's own update; pass server_update, a "
                f"function of (model, server_round) that trains the model on the server's data"
            )
        self.decisions: dict[int, RoundDecision] = {}
        self._refusals = 0
        self._state: object = None
        self._sent: tuple[int, ArrayRecord] | None = None

    @property
    def compares_by(self) -> str:
        """The name of the rule, which compares arrays of floats."""
        return self.rule.name

    @property
    def last_decision(self) -> RoundDecision | None:
        """The decision of the latest round; `None` before the first."""
        return self.decisions[max(self.decisions)] if self.decisions else None

    def summary(self) -> None:
        """Log the rule and FedAvg's settings."""
        shown = ", ".join(f"{name}={value}" for name, value in self.rule.settings().items())
        _log.info("\t├──> Robust rule: %s (%s)", self.rule.name, shown)
        super().summary()

    def start(self, *args: Any, **kwargs: Any) -> flower.Result:  # noqa: ANN401 - Flower's own
        """Run as in Flower; what the rule remembers starts anew."""
        self.decisions = {}
        self._state, self._refusals = None, 0
        return super().start(*args, **kwargs)

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Keep the model that goes out: updates are judged against it."""
        self._sent = (server_round, arrays)
        messages = list(super().configure_train(server_round, arrays, config, grid))
        problem = unsupported(self.rule, len(messages))
        if messages and problem and not self.decisions:
            _log.warning(
                "bcfl: round %d: the run begins with too few nodes to tell who is wrong: %s",
                server_round,
                problem,
            )
        return messages

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Let the rule average, and FedAvg average the metrics of the updates that it kept.

        A round with fewer updates than f needs is judged by as much of f as they support. One that
        the rule refuses has no aggregate: the model stays, as in Flower's own strategies when too
        few nodes reply.

        Raises
        ------
        RuleRefuses
            At the third refusal in a row: the model would stay for ever.
        """
        if self._sent is None or self._sent[0] != server_round:
            raise RoundNotConfigured(server_round)
        valid, _ = self._check_and_log_replies(sort_replies(replies), is_train=True)
        if not valid:
            return None, None
        nodes = tuple(int(message.metadata.src_node_id) for message in valid)
        reference = to_arrays(self._sent[1])
        trusted = None
        if self.rule.needs_trusted and self.server_update is not None:
            trusted = _like(self.server_update(reference, server_round), reference)
        extras = Extras(
            reference=reference,
            ids=nodes,
            trusted=trusted,
            state=self._state,
            buffers=self.buffers,
        )
        try:
            rule, cut = fitted(self.rule, len(valid))
            found = rule.aggregate([_update(m, reference) for m in valid], extras)
        except TooFewUpdates as error:
            self.decisions[server_round] = RoundDecision(server_round, nodes, None, str(error))
            _log.warning("bcfl: round %d: %s The model stays as it was.", server_round, error)
            self._refusals += 1
            if self._refusals >= MOST_REFUSALS:
                raise RuleRefuses(server_round, self._refusals, str(error)) from error
            return None, None
        limit = cut or unsupported(rule, len(valid))
        if limit:
            _log.warning("bcfl: round %d: %s", server_round, limit)
        self._state, self._refusals = found.state, 0
        self.decisions[server_round] = RoundDecision(server_round, nodes, found.decision)
        kept = [m.content for m, good in zip(valid, found.decision.kept, strict=True) if good]
        metrics = self.train_metrics_aggr_fn(kept, self.weighted_by_key) if kept else None
        return to_record(found.value), metrics


class RobustFedAvg(GuardMixin, _RobustAverage):
    """`FedAvg` that averages by any rule of `bcfl_plugins.defenses`.

    Nodes have equal weight: how many examples a node claims to have proves nothing. Arrays of
    integers (counters) become the median of those kept.

    Parameters
    ----------
    method : str or Defense
        As in a config: a rule's name, with pre-aggregators before it (``"nnm+cwtm"``); or a rule.
    f : int, optional
        Number of byzantine updates to withstand; by default, and in rounds with too few replies for
        so many, the most that the rule tolerates among them.
    server_update : callable, optional
        For rules that compare with an update of the server's own (``fltrust``, ``monna``): takes
        the model that goes out (read-only arrays) and Flower's round, and returns the model that
        the server trained from it on its own data.
    buffers : sequence of str
        Arrays that are measured and not trained, see `Extras`; by default the running statistics
        of a normalisation as torch, Keras and Flax name them. They are not judged, and become the
        median of those kept.
    bcfl : Mapping, BcflConfig, Session or None
        As for the other strategies; `None`: no plugins.
    **options
        Arguments of Flower's `FedAvg`, and settings of the rule, by name.

    Attributes
    ----------
    decisions : dict of int to RoundDecision
        What was kept and why, by Flower's round, of the latest run.
    last_decision : RoundDecision or None
        The latest of them.

    Raises
    ------
    ConfigError
        If the method, a setting or a key under ``bcfl`` is wrong, or `server_update` is missing.

    Examples
    --------
    ::

        strategy = RobustFedAvg("nnm+cwtm", f=2, fraction_train=0.5)
        result = strategy.start(grid, initial_arrays)
        strategy.last_decision.decision.kept
    """


def _rule_of(method: str | Defense, f: int | None, settings: Mapping[str, object]) -> Defense:
    if isinstance(method, Defense):
        if f is not None or settings:
            named = ", ".join([*(["f"] if f is not None else []), *sorted(settings)])
            raise ConfigError(f"the rule is made already; set {named} when you make it")
        return method
    known = setting_names(method)
    for name in settings:
        if name not in known:
            hint = near_miss(name, {*known, *_FEDAVG, "bcfl", "buffers", "server_update"})
            listed = f"; {method} takes {', '.join(['f', *known])}, the rest goes to FedAvg"
            raise ConfigError(f"RobustFedAvg takes no argument {name!r}{hint or listed}")
    return create_rule(method, f=f, **settings)


def _update(message: Message, reference: Arrays) -> Arrays:
    (record,) = message.content.array_records.values()
    return _like(to_arrays(record), reference)


def _like(arrays: Arrays, reference: Arrays) -> Arrays:
    """Return arrays in the model's order and dtypes, as far as they are the model's."""
    ordered = {name: arrays[name] for name in reference if name in arrays}
    return {**ordered, **arrays} | {
        name: cast(array, reference[name].dtype) for name, array in ordered.items()
    }
