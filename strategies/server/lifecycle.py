"""The life of a strategy's rounds: the steps that `strategies.guard.GuardMixin` takes around them.

The guard opens the session and hands it in. What a run knows is in its `OpenRun`, what a round
knows in its `TrainingRound`; both exist only while they last. Every step is called in the
strategy's thread.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.types import RunInfo
from strategies.errors import RoundNotConfigured
from strategies.messages.first_model import check_model
from strategies.messages.records import plain_metrics
from strategies.server.following import FollowingGrid
from strategies.server.grid_view import GridView
from strategies.server.judging import screen_evaluation
from strategies.server.masked.maskable import check_maskable
from strategies.server.nodes.eligibility import Clock, wait_for_nodes
from strategies.server.nodes.identity import random_challenge
from strategies.server.open_run import OpenRun
from strategies.server.opening.training import open_training
from strategies.server.optimizer import StepWatch
from strategies.server.reading.expectations import (
    Model,
    expectations_of,
    judge_of,
    nodes_needed,
    trees_beside,
)
from strategies.server.resume.course import NODES, Resumable, RunCourse
from strategies.server.safekeeping import model_kept
from strategies.server.spool import spool_of
from strategies.server.tally import RunTally
from strategies.server.training_round import TrainingRound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.session.open import Session
    from bcfl_plugins.types import RoundResult, Validation
    from strategies._flower import ArrayRecord, Grid, Message, MetricRecord
    from strategies._flower import strategy as flower
    from strategies.server.judging import Judged
    from strategies.server.resume.mark import AppMark
    from strategies.server.spool import Spool

    EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class RoundLifecycle(Resumable):
    """What happens around the rounds of one strategy.

    Parameters
    ----------
    config : BcflConfig
        The checked config.
    opener : callable
        Opens the session of a run.
    given : Session or None
        An open session of the caller, used and left open.
    validation : callable or None
        The server's own measure of a model.
    clock : Clock
        The time.
    challenge : callable
        Makes 32 fresh random bytes.
    is_without : bool
        Whether the strategy was given no config at all.

    Raises
    ------
    ConfigError
        If the screening is off while plugins are named, or a session is given a validation late.
    """

    config: BcflConfig
    opener: Callable[..., Session]
    given: Session | None = None
    validation: Validation | None = None
    clock: Clock = field(default_factory=Clock)
    challenge: Callable[[], bytes] = random_challenge
    is_without: bool = False
    _run: OpenRun | None = None
    _course: RunCourse | None = None
    _round: TrainingRound | None = None
    _settled: RoundResult | None = None
    _watched: bool = False
    _checked: bool = False
    _evaluating: frozenset[int] = frozenset()
    _node_metrics: Mapping[str, Any] = field(default_factory=dict)
    _steps: set[str] = field(default_factory=set)
    _tally: RunTally = field(default_factory=RunTally)

    def __post_init__(self) -> None:
        if self.validation is not None and self.given is not None:
            raise ConfigError("give validation to open_session, which made this session")
        if self.config.screen == "off" and self.has_plugins:
            raise ConfigError(
                'bcfl.screen is "off", but plugins judge screened updates only: set bcfl.screen '
                "to strict, or bcfl.plugins to nothing"
            )

    @property
    def has_plugins(self) -> bool:
        """Whether any plugin is to be called."""
        return self.given is not None or bool(self.config.plugin_names)

    @contextmanager
    def outermost(self, step: str) -> Iterator[bool]:
        """Say whether a step of the strategy is not called within itself."""
        if step in self._steps:
            yield False
            return
        self._steps.add(step)
        try:
            yield True
        finally:
            self._steps.discard(step)

    @contextmanager
    def running(self, session: Session | None, grid: Grid, num_rounds: int) -> Iterator[None]:
        """Tell the plugins when a run starts and that it is over, whatever happens.

        Parameters
        ----------
        session, grid, num_rounds
            The open session, `None` without plugins; the whole grid; what Flower was asked for.
        """
        self._watched, self._course = False, None
        self._tally = RunTally()
        if session is None:
            yield
            return
        failure: BaseException | None = None
        try:
            info = RunInfo(grid.run.run_id, num_rounds, grid.run.fab_id)
            self._run = run = OpenRun.of(session, info, self.challenge)
            names = ", ".join(session.hooks.names)
            _log.info("bcfl: plugins %s; chain %s", names, session.config.chain)
            try:
                with model_kept(run):  # before the plugins wait: a stopped run has seconds left
                    session.hooks.run_started(info)
                    yield
                    self._end_round({})
                    self._leave_round()
            except BaseException as error:
                failure = error
                raise
            finally:
                with model_kept(run):
                    session.hooks.run_finished(info, failure)
            self._finish_course()
        finally:
            if self.given is None:
                self._run = None

    def _finish_course(self) -> None:
        if self._course is not None:
            self._course.finish()

    def take_up(
        self, strategy: flower.Strategy, arrays: ArrayRecord, last: int, mark: AppMark | None
    ) -> None:
        """Go on with the run of the open session where a killed process left it, or begin it.

        Raises
        ------
        NotResumable, JournalError
            If it cannot go on.
        """
        if self._run is None:
            return
        self._course = RunCourse.begin(self._run.session, strategy, arrays, last, mark)
        if self._course is not None:
            self._run.model = self._course.model

    def check(self, strategy: flower.Strategy, arrays: ArrayRecord) -> None:
        """Refuse a model that cannot be screened or judged, before anything is asked or opened.

        Raises
        ------
        ConfigError, UnsuitableModel
            Naming what to change.
        """
        self._checked = True
        if self.config.screen == "off":
            return
        check_maskable(self.config, strategy, arrays)
        outliers = "outliers" in self.config.plugin_names
        if expectations_of(strategy, self.config.max_examples, whole=False).model is Model.ARRAYS:
            check_model(arrays, "outliers" if outliers else judge_of(strategy))
            return
        problem = trees_beside(self.config, self.validation)
        if problem is not None:
            raise ConfigError(problem)

    def returned(self, result: flower.Result) -> flower.Result:
        """Return what the strategy's `start` gave, which an error at the run's end carries on."""
        if self._run is not None:
            self._run.result = result
        return result

    def refuse_empty(self, result: object) -> None:
        """Refuse to end a run well in which nodes were asked to train, and no round gave a model.

        Raises
        ------
        NothingTrained
            With the reasons.
        """
        empty = self._tally.empty()
        if empty is not None:
            empty.result = result
            raise empty

    def watched(self, evaluate_fn: EvaluateFn) -> EvaluateFn:
        """Return the same function, whose answer ends a round."""
        self._watched = True
        return self.measured_once(
            evaluate_fn,
            lambda metrics: self._end_round({**self._node_metrics, **plain_metrics(metrics)}),
        )

    def following(self, grid: Grid) -> Grid:
        """Return the grid for a run: it follows the chain, and knows where replies wait."""
        return grid if self.config.screen == "off" else FollowingGrid(grid, self, self.clock)

    def follows(self, messages: Sequence[Message]) -> bool:
        """Say whether these are training messages of the round in progress, to be followed."""
        current = self._round
        if current is None or not current.follows(messages):
            return False
        on_chain = self._run is not None and self._run.hooks.follows
        return on_chain or current.spool is not None

    def spool(self) -> Spool | None:
        """Return where the replies to the round in progress wait; `None`: in memory."""
        return None if self._round is None else self._round.spool

    def arrived(self, replies: Sequence[Message], *, last: bool) -> bool:
        """Hand replies to the plugins as they come; say whether the round is sealed."""
        return self._round is not None and self._round.arrived(replies, last=last)

    def training_nodes(self, strategy: flower.Strategy, server_round: int, grid: Grid) -> Grid:
        """Return the grid that the strategy may sample from."""
        self._end_round({})  # a strategy with its own loop may not evaluate
        self._leave_round()
        run = self._current_run(grid)
        if run is None:
            if self.has_plugins:
                raise ConfigError(
                    f"bcfl.plugins names {self.config.plugins}, and they run within start() only. "
                    f"Where one strategy wraps another, give bcfl= to the outermost, or wrap the "
                    f"outermost with guard(). For a loop of your own take a GuardedGrid, or hand "
                    f"in an open Session"
                )
            return grid
        run.eligible = frozenset()
        run.grid = grid
        return self._wait(run, strategy, "train", server_round, grid)

    def open_round(
        self,
        strategy: flower.Strategy,
        server_round: int,
        arrays: ArrayRecord,
        messages: Iterable[Message],
    ) -> Iterable[Message]:
        """Open the round on chain if a plugin does, and say so in the messages."""
        if self.config.screen == "off":
            return messages
        if not self._checked:
            self.check(strategy, arrays)
        made = open_training(self._run, strategy, self.config, (server_round, arrays), messages)
        if made.untrained is not None:
            self._tally.skipped(server_round, made.untrained)
        step = StepWatch.of(strategy, made.training.ctx.reference)
        spool = spool_of(self.config, made.training)
        self._round = TrainingRound(
            made.training, self._run, step, made.masked, made.sketched, spool
        )
        return made.messages

    def round_to_judge(self, server_round: int) -> TrainingRound | None:
        """Return the round whose replies are to be screened: somebody was asked, and it is on.

        Raises
        ------
        RoundNotConfigured
            If the round is not the one in progress.
        """
        if self.config.screen == "off":
            return None
        current = self._round
        if current is None or current.training.ctx.server_round != server_round:
            raise RoundNotConfigured(server_round)
        return current if current.training.asked else None

    def settle(
        self,
        current: TrainingRound,
        judged: Judged,
        arrays: ArrayRecord | None,
        metrics: MetricRecord | None,
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """End the round, and hand its result to the plugins; return what the caller gets."""
        self._round = None
        arrays, result = current.result(judged, arrays, metrics)
        self._tally.note(current.training.ctx.server_round, judged, moved=arrays is not None)
        if result is not None and current.run is not None:
            self._settled = result
            if arrays is not None:
                current.run.model = arrays
            if self._course is not None:
                self._course.trained(current.training.ctx.server_round, arrays, metrics)
            current.run.hooks.round_settling(result)
        return arrays, metrics

    def evaluating_nodes(self, strategy: flower.Strategy, server_round: int, grid: Grid) -> Grid:
        """Return the grid that the strategy may sample from: the nodes of the training round."""
        self._evaluating = frozenset()
        self._node_metrics = {}
        run = self._current_run(grid)
        if run is None:
            return grid
        still = [node for node in sorted(grid.get_node_ids()) if node in run.eligible]
        if len(still) >= nodes_needed(strategy, "evaluate"):
            return GridView(grid, still)
        return self._wait(run, strategy, "evaluate", server_round, grid)

    def ask_to_evaluate(self, messages: Iterable[Message]) -> Iterable[Message]:
        """Note who is asked."""
        if self.config.screen == "off":
            return messages
        listed = list(messages)
        self._evaluating = frozenset(message.metadata.dst_node_id for message in listed)
        return listed

    def screen_evaluate(
        self, strategy: flower.Strategy, replies: Iterable[Message]
    ) -> Iterable[Message]:
        """Return the replies that the strategy may average."""
        if self.config.screen == "off" or not self._evaluating:
            return replies
        expected = expectations_of(strategy, self.config.max_examples, whole=False)
        return screen_evaluation(replies, self._evaluating, expected)

    def evaluated_by_nodes(self, server_round: int, metrics: MetricRecord | None) -> None:
        """Keep the nodes' metrics; without a function on the server they end the round."""
        self._node_metrics = plain_metrics(metrics)
        if self._course is not None:
            self._course.measured(NODES, server_round, metrics)
        if not self._watched:
            self._end_round(self._node_metrics)

    def _current_run(self, grid: Grid) -> OpenRun | None:
        """Return the open run. With a session of the caller's, a run needs no `start`."""
        if self._run is None and self.given is not None:
            info = RunInfo(grid.run.run_id, 0, grid.run.fab_id)
            self._run = OpenRun.of(self.given, info, self.challenge)
        return self._run

    def _wait(
        self, run: OpenRun, strategy: flower.Strategy, phase: str, server_round: int, grid: Grid
    ) -> GridView:
        wanted = nodes_needed(strategy, phase)
        eligible = wait_for_nodes(
            grid,
            lambda connected: run.left_out(server_round, grid, connected),
            server_round=server_round,
            needed=max(wanted, self.config.min_nodes) if wanted else 0,
            wait_s=self.config.wait_for_nodes_s,
            clock=self.clock,
        )
        run.eligible = frozenset(eligible)
        return GridView(grid, eligible)

    def _leave_round(self) -> None:
        left, self._round = self._round, None
        if left is not None:
            left.refuse_skipped(self.config.plugin_names)

    def _end_round(self, metrics: Mapping[str, Any]) -> None:
        settled, self._settled = self._settled, None
        if settled is not None and self._run is not None:
            scalars = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
            self._run.hooks.round_evaluated(settled, scalars)
