"""A run that goes on where a killed process left it: rounds that are done are not done again.

Flower's loop counts from 1, and so do the loops of strategies that have their own. So a run that
goes on leads them through the rounds that are done: nobody is asked, and each round gives what it
gave before. Numbers, history and metrics are then those of a run that was never cut off.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bcfl_plugins.errors import ConfigError, NotResumable, PluginError
from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.checkpoints import HANDED_OVER, Checkpoint, Checkpoints
from pallet_bridge.run.values import ValueWriter
from strategies.messages.records import to_arrays, to_record
from strategies.server.resume.strategy_state import KINDS, StrategyState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from bcfl_plugins.session.open import Session
    from bcfl_plugins.session.services import ChainServices
    from strategies._flower import ArrayRecord, MetricRecord
    from strategies.server.resume.mark import AppMark

    EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]

TRAIN, NODES, SERVER = "train", "evaluate by nodes", "evaluate by server"
"""What is measured in a round."""

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class RunCourse:
    """The rounds of one run, over all processes that it takes.

    Parameters
    ----------
    session : Session
        The open session.
    chain : ChainServices
        Its chain, which decides where the run goes on.
    checkpoints : Checkpoints
        The run's.
    state : StrategyState
        Of the strategy.
    model : ArrayRecord
        The model that the next round starts from.
    last : int
        How many rounds Flower was asked for.
    done : int
        Rounds that earlier processes have done.
    """

    session: Session
    chain: ChainServices
    checkpoints: Checkpoints
    state: StrategyState
    model: ArrayRecord
    last: int
    done: int = 0
    _measured: dict[str, dict[int, MetricRecord | None]] = field(default_factory=dict)
    _strategy: Mapping[str, object] = field(default_factory=dict)
    _named: set[str] = field(default_factory=set)

    @classmethod
    def begin(
        cls,
        session: Session,
        strategy: object,
        model: ArrayRecord,
        last: int,
        mark: AppMark | None = None,
    ) -> Self | None:
        """Take up the run of this session, or begin it; ``None`` where none can outlive a process.

        On an embedded chain that is a run without a `mark`: nobody could tell whose it was.

        Raises
        ------
        NotResumable
            If the app or the chain are not what they were.
        JournalError
            If a checkpoint cannot be read.
        """
        chain = session.services.chain
        if chain is None or session.config.resume == "never" or (chain.embedded and mark is None):
            return None
        checkpoints = Checkpoints(chain.run_dir, KINDS)
        course = cls(session, chain, checkpoints, StrategyState.of(strategy), model, last)
        rounds = checkpoints.rounds()
        if rounds:
            course._take_up(rounds)
        else:
            arrays = to_arrays(model)
            if chain.embedded and mark is not None:
                checkpoints.put_app(mark.parts)
            checkpoints.put(Checkpoint(0, update_digest(arrays), arrays, course._state()))
        return course

    def repeats(self, server_round: int) -> bool:
        """Say whether the training of a round is done already."""
        return server_round <= self.done

    def trained_before(self, server_round: int) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Return what the training of a round that is done gave.

        The last of them gives the model as well, and the strategy is what it was after it.
        """
        metrics = self.measured_before(TRAIN, server_round)
        if server_round < min(self.done, self.last):
            return None, metrics
        try:
            self.state.put_back(self._strategy)
        except EncodingError as error:
            raise NotResumable(self.chain.run_dir.absolute(), str(error)) from error
        return self.model, metrics

    def is_measured(self, what: str, server_round: int) -> bool:
        """Say whether a round was measured before."""
        return server_round in self._measured.get(what, {})

    def measured_before(self, what: str, server_round: int) -> MetricRecord | None:
        """Return what a round was measured at before."""
        return self._measured.get(what, {}).get(server_round)

    def measured(self, what: str, server_round: int, metrics: MetricRecord | None) -> None:
        """Keep what a round was measured at."""
        self._measured.setdefault(what, {})[server_round] = metrics
        self.checkpoints.put_metrics(self._measured)

    def trained(
        self, server_round: int, model: ArrayRecord | None, metrics: MetricRecord | None
    ) -> None:
        """Keep a round that was averaged; it is on disk when this returns.

        Raises
        ------
        NotWritten
            When the disk is full or read-only.
        """
        self.model = self.model if model is None else model
        arrays = to_arrays(self.model)
        digest = update_digest(arrays)
        self.measured(TRAIN, server_round, metrics)
        self.checkpoints.put(Checkpoint(server_round, digest, arrays, self._state()))
        self.checkpoints.prune(self.chain.journal.settled_models())

    def finish(self) -> None:
        """Remove the checkpoints: all rounds are done, and on chain."""
        self.checkpoints.clear()

    def _state(self) -> dict[str, object]:
        plugins = {
            n: one for n, one in self.session.hooks.state_kept().items() if self._fits(n, one)
        }
        tables = {name: dict(self.session.config.table(name)) for name in plugins}
        return {
            "class": self.state.strategy,
            "strategy": self.state.kept(),
            "plugins": plugins,
            "tables": tables,
        }

    def _fits(self, plugin: str, state: object) -> bool:
        try:
            ValueWriter(KINDS).plain(state)
        except EncodingError as error:
            if plugin not in self._named:
                self._named.add(plugin)
                _log.warning(
                    "bcfl: what the plugin %s remembers cannot be kept (%s): should the run be "
                    "killed, it starts anew there",
                    plugin,
                    error,
                )
            return False
        return True

    def _take_up(self, rounds: list[int]) -> None:
        found = self._find(rounds)
        model = to_record(found.model)
        if _form(model) != _form(self.model):
            raise self._cannot("the app's model has other arrays than the run's")
        if update_digest(to_arrays(model)) != found.digest:
            raise self._cannot(
                f"the model in {self.checkpoints.path(found.server_round)} is damaged"
            )
        self.model, self.done = model, found.server_round
        kept: Any = found.state
        self._strategy = kept["strategy"]
        if kept["class"] not in {HANDED_OVER, self.state.strategy}:
            raise self._cannot(f"the strategy was {kept['class']}, and is {self.state.strategy}")
        if kept["class"] == HANDED_OVER:
            self._take_from_another(kept["plugins"])
        else:
            self._check_tables(kept["tables"])
            try:
                self.session.hooks.state_restored(kept["plugins"])
            except ConfigError as error:
                raise self._cannot(str(error)) from error
            self._measured = self._measured_until(found.server_round)
        for later in rounds:
            if later > found.server_round:  # the chain does not have them, and they are done anew
                self.checkpoints.path(later).unlink()
        _log.warning("bcfl: the run goes on after round %d", self.done)

    def _take_from_another(self, states: Mapping[str, object]) -> None:
        """Take what another server's plugins remembered, each where it can be taken.

        What that server measured is nobody's record: the rounds before are not measured again.
        """
        for name, state in states.items():
            try:
                self.session.hooks.state_restored({name: state})
            except (ConfigError, PluginError) as error:
                _log.warning("bcfl: the plugin %s starts anew: %s", name, error)
        unknown: dict[int, MetricRecord | None] = dict.fromkeys(range(self.done))
        self._measured = {what: dict(unknown) for what in (TRAIN, NODES, SERVER)}

    def _find(self, rounds: list[int]) -> Checkpoint:
        """Return the checkpoint of the model that the chain settled last."""
        chain = self.chain
        at = chain.caught_up_once().hash
        settled = chain.checked.federation(chain.federation, at=at).model
        if settled is None:
            settled = self.checkpoints.digest(rounds[0])
        for one in reversed(rounds):
            if self.checkpoints.digest(one) == settled:
                return self.checkpoints.get(one)
        raise self._cannot(
            f"the chain's next round starts from the model {settled.hex()}, and the run has no "
            f"checkpoint of it"
        )

    def _measured_until(self, server_round: int) -> dict[str, dict[int, MetricRecord | None]]:
        known = self.checkpoints.metrics() or {}
        return {
            what: {number: one for number, one in rows.items() if number <= server_round}
            for what, rows in known.items()
        }

    def _check_tables(self, before: Mapping[str, Mapping[str, object]]) -> None:
        for name, table in before.items():
            if name not in self.session.hooks.names:
                raise self._cannot(f"bcfl.plugins named {name} before")
            if dict(self.session.config.table(name)) != table:
                raise self._cannot(f"the settings under bcfl.{name} were others")

    def _cannot(self, why: str) -> NotResumable:
        return NotResumable(self.chain.run_dir.absolute(), why)


def _form(model: ArrayRecord) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(name, array.dtype, tuple(array.shape)) for name, array in model.items()]


class Resumable:
    """What a killed process did of a run, for the rounds that are called again."""

    _course: RunCourse | None

    def repeats(self, server_round: int) -> bool:
        """Say whether the training of a round was done before the process was killed."""
        return self._course is not None and self._course.repeats(server_round)

    def trained_before(self, server_round: int) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Return what the training of such a round gave."""
        return (None, None) if self._course is None else self._course.trained_before(server_round)

    def repeats_evaluation(self, server_round: int) -> bool:
        """Say whether nodes evaluated a round before the process was killed."""
        return self._course is not None and self._course.is_measured(NODES, server_round)

    def evaluated_before(self, server_round: int) -> MetricRecord | None:
        """Return what their evaluation gave."""
        return None if self._course is None else self._course.measured_before(NODES, server_round)

    def measured_once(
        self, evaluate_fn: EvaluateFn, ended: Callable[[MetricRecord | None], None]
    ) -> EvaluateFn:
        """Return a function that measures no round again; `ended` is told of each that it measures.

        Round 0 is the model that a run begins with, and ends no round.
        """

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord | None:
            course = self._course
            if course is not None and course.is_measured(SERVER, server_round):
                return course.measured_before(SERVER, server_round)
            metrics = evaluate_fn(server_round, arrays)
            if course is not None:
                course.measured(SERVER, server_round, metrics)
            if server_round > 0:
                ended(metrics)
            return metrics

        return evaluate
