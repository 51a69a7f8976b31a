"""A grid for loops that ask nodes to train without a strategy, with the plugins around each round.

A strategy says when a round begins and what came of it. In a loop of one's own that is known from
what is sent, and from the model that is handed in at the end of the round.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from bcfl_plugins.errors import ConfigError
from strategies._flower import strategy as flower
from strategies.guard import rounds_of
from strategies.messages.protection import is_training
from strategies.server.grid_view import GridProxy
from strategies.steps import refuse_forgotten, session_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from bcfl_plugins.types import Validation
    from strategies._flower import ArrayRecord, Grid, Message, MetricRecord, NodeInfo
    from strategies.guard import Bcfl
    from strategies.server.judging import Judged
    from strategies.server.training_round import TrainingRound


class GuardedGrid(GridProxy):
    """A grid whose training messages and replies go by the plugins.

    Only nodes that may take part are to be seen. A batch of training messages is a round: it is
    opened before they are sent, the replies are screened and judged, and `send_and_receive` returns
    those that may be averaged. What the loop makes of them goes to `settle`. Messages of other
    types pass through.

    Parameters
    ----------
    grid : Grid
        The grid of the app.
    bcfl : Mapping, BcflConfig or Session
        As for a strategy.
    num_rounds : int
        How many rounds the loop is going to have, for the plugins; 0: unknown.
    weight_key : str
        The metric of a reply that holds the number of examples.
    validation : callable or None
        As for a strategy.

    Raises
    ------
    ConfigError
        If a key or value under ``bcfl`` is wrong.

    Examples
    --------
    ::

        with GuardedGrid(grid, bcfl=context.run_config) as guarded:
            for server_round in range(1, 4):
                content = RecordDict({"arrays": model, "config": ConfigRecord({"lr": 0.1})})
                nodes = guarded.get_node_ids()
                messages = [Message(content, node, "train") for node in nodes]
                replies = guarded.send_and_receive(messages)
                model = average(replies)
                guarded.settle(model)
    """

    def __init__(
        self,
        grid: Grid,
        bcfl: Bcfl,
        *,
        num_rounds: int = 0,
        weight_key: str = "num-examples",
        validation: Validation | None = None,
    ) -> None:
        super().__init__(grid)
        self._rounds = rounds_of(bcfl, validation)
        self._num_rounds = num_rounds
        self._likeness = flower.FedAvg(
            min_train_nodes=1,
            min_evaluate_nodes=1,
            min_available_nodes=1,
            weighted_by_key=weight_key,
        )
        self._open = ExitStack()
        self._is_open = False
        self._number = 0
        self._waiting: tuple[TrainingRound, Judged] | None = None
        self._eligible: Grid | None = None

    def __enter__(self) -> Self:
        rounds, grid = self._rounds, self._grid
        refuse_forgotten(rounds, grid)
        with ExitStack() as opening:
            session = opening.enter_context(session_of(rounds, grid))
            opening.enter_context(rounds.running(session, grid, self._num_rounds))
            self._open = opening.pop_all()
        self._grid = rounds.following(grid)
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if kind is None and self._waiting is not None:
            unsettled = ConfigError(
                "the last round was never settled: hand the model that was made of its replies to "
                "settle(), or None where there is none"
            )
            self._open.__exit__(type(unsettled), unsettled, None)
            raise unsettled
        self._open.__exit__(kind, error, trace)
        if kind is None:
            self._rounds.refuse_empty(None)

    def get_node_ids(self) -> Iterable[int]:
        """Return the nodes that may take part in the next round, or in the one that is on."""
        return self._view().get_node_ids()

    def get_nodes(self) -> Iterable[NodeInfo]:
        """Return what Flower knows about the nodes that may take part."""
        return self._view().get_nodes()

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        """Send messages and wait for the replies; of a training, those that may be averaged.

        Raises
        ------
        ConfigError
            If training messages do not all carry one model as their only ArrayRecord, go to nodes
            that may not take part, are mixed with others, or the round before is not settled.
        """
        listed = list(messages)
        training = [is_training(message) for message in listed]
        if not any(training):
            return self._grid.send_and_receive(listed, timeout=timeout)
        if not all(training):
            raise ConfigError("training messages and others were sent together: send them apart")
        return self._train(listed, timeout)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Push messages that are no training messages.

        Raises
        ------
        ConfigError
            If one asks a node to train: only a batch with its replies can be judged.
        """
        listed = list(messages)
        if any(is_training(message) for message in listed):
            raise ConfigError(
                "a GuardedGrid judges the replies to training messages together: use "
                "send_and_receive"
            )
        return self._grid.push_messages(listed)

    def settle(self, model: ArrayRecord | None, metrics: MetricRecord | None = None) -> None:
        """End the round: say what was made of its replies, `None` for nothing.

        Raises
        ------
        ConfigError
            If no round is on.
        """
        if self._waiting is None:
            raise ConfigError("settle() has no round: call it once after each send_and_receive")
        (current, judged), self._waiting = self._waiting, None
        self._rounds.settle(current, judged, model, metrics)
        self._eligible = None

    def _train(self, messages: Sequence[Message], timeout: float | None) -> Iterable[Message]:
        if self._waiting is not None:
            raise ConfigError(
                "the round before is not settled: hand the model that was made of its replies to "
                "settle(), or None where there is none"
            )
        model = _model_of(messages)
        barred = {m.metadata.dst_node_id for m in messages} - {*self._view().get_node_ids()}
        if barred:
            raise ConfigError(
                f"node {min(barred)} may not take part (the log says why): take the nodes from "
                f"get_node_ids() of the GuardedGrid"
            )
        rounds = self._rounds
        listed = list(rounds.open_round(self._likeness, self._number, model, messages))
        replies = self._grid.send_and_receive(listed, timeout=timeout)
        current = rounds.round_to_judge(self._number)
        if current is None:  # the screening is off
            return replies
        judged, accepted = current.judge(replies)
        self._waiting = current, judged
        return accepted

    def _view(self) -> Grid:
        if not self._is_open:
            raise ConfigError("a GuardedGrid works within its `with` statement only")
        if self._eligible is None:
            self._number += 1
            self._eligible = self._rounds.training_nodes(self._likeness, self._number, self._grid)
        return self._eligible


def _model_of(messages: Sequence[Message]) -> ArrayRecord:
    """Return the one model that all messages carry."""
    models: dict[int, ArrayRecord] = {}
    for message in messages:
        records = list(message.content.array_records.values())
        if len(records) != 1:
            raise ConfigError(
                f"a training message carries {len(records)} ArrayRecords, and a reply is compared "
                f"with one model: send it as the only ArrayRecord"
            )
        models[id(records[0])] = records[0]
    first, *others = models.values()
    if any(other != first for other in others):
        raise ConfigError("the training messages of one round carry different models")
    return first
