"""What happens around the rounds of one strategy: the steps that `wrapper.GuardMixin` takes.

The state of a round lives here and nowhere else. Every step is called in the strategy's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bcfl_plugins.config import BcflConfig
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.merge import weigh
from bcfl_plugins.session import Session, open_session
from bcfl_plugins.types import NodeId, NodeRef, RoundContext, RunInfo
from strategies.errors import RoundNotConfigured
from strategies.messages.records import plain_metrics, restored, to_arrays
from strategies.messages.wire import Instruction
from strategies.server.contents import instruct
from strategies.server.eligibility import Clock, wait_for_nodes
from strategies.server.expectations import Model, nodes_needed, rules_of
from strategies.server.following import FollowingGrid
from strategies.server.grid_view import GridView
from strategies.server.identity import Identities, random_challenge
from strategies.server.judging import (
    Judged,
    Replies,
    Training,
    finite_model,
    judge,
    result_of,
    screen_evaluation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bcfl_plugins.types import RoundResult, Validation
    from strategies._flower import ArrayRecord, Grid, Message, MetricRecord
    from strategies._flower import strategy as flower

    EvaluateFn = Callable[[int, ArrayRecord], MetricRecord | None]

Bcfl = Mapping[str, object] | BcflConfig | Session | None
"""What the argument ``bcfl`` may be."""

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class Guard:
    """The state around one strategy.

    Parameters
    ----------
    config : BcflConfig
        The checked config.
    given : Session or None
        An open session of the caller, used and left open.
    clock : Clock
        The time.
    challenge : callable
        Makes 32 fresh random bytes.
    validation : callable or None
        The server's own measure of a model.
    """

    config: BcflConfig
    given: Session | None = None
    clock: Clock = field(default_factory=Clock)
    challenge: Callable[[], bytes] = random_challenge
    validation: Validation | None = None
    _session: Session | None = None
    _run: RunInfo | None = None
    _identities: Identities | None = None
    _eligible: frozenset[int] | None = None
    _training: Training | None = None
    _replies: Replies | None = None
    _judged: Judged | None = None
    _ended: RoundResult | None = None
    _evaluating: frozenset[int] = frozenset()
    _node_metrics: Mapping[str, Any] = field(default_factory=dict)
    _watched: bool = False

    @classmethod
    def of(cls, bcfl: Bcfl, validation: Validation | None = None) -> Guard:
        """Read the arguments ``bcfl`` and ``validation``.

        Raises
        ------
        ConfigError
            If a setting is wrong, or the screening is off while plugins are named.
        """
        match bcfl:
            case Session():
                guard = cls(bcfl.config, given=bcfl)
                guard._use(bcfl)
            case BcflConfig():
                guard = cls(bcfl)
            case Mapping():
                guard = cls(BcflConfig.from_run_config(bcfl))
            case None:
                guard = cls(BcflConfig())
        guard.validation = validation
        if validation is not None and guard.given is not None:
            raise ConfigError("give validation to open_session, which made this session")
        if guard.config.screen == "off" and guard.has_plugins:
            raise ConfigError(
                'bcfl.screen is "off", but plugins judge screened updates only: set bcfl.screen '
                "to strict, or bcfl.plugins to nothing"
            )
        return guard

    @property
    def has_plugins(self) -> bool:
        """Whether any plugin is to be called."""
        return self.given is not None or bool(self.config.plugin_names)

    @contextmanager
    def running(self, grid: Grid, num_rounds: int) -> Iterator[None]:
        """Open the session for a run, and close it whatever happens."""
        self._watched = False
        if not self.has_plugins:
            yield
            return
        session = self.given or open_session(
            self.config, run_id=grid.run.run_id, validation=self.validation
        )
        failure: BaseException | None = None
        try:
            self._use(session)
            run = self._run = RunInfo(grid.run.run_id, num_rounds, grid.run.fab_id)
            names = ", ".join(session.hooks.names)
            _log.info("bcfl: plugins %s; chain %s", names, self.config.chain)
            try:
                session.hooks.run_started(run)
                yield
                self._end_round({})
            except BaseException as error:
                failure = error
                raise
            finally:
                session.hooks.run_finished(run, failure)
        finally:
            if self.given is None:
                session.close()
                self._session = None

    def watched(self, evaluate_fn: EvaluateFn) -> EvaluateFn:
        """Return the same function, whose answer ends a round."""
        self._watched = True

        def evaluate(server_round: int, arrays: ArrayRecord) -> MetricRecord | None:
            metrics = evaluate_fn(server_round, arrays)
            if server_round > 0:
                self._end_round({**self._node_metrics, **plain_metrics(metrics)})
            return metrics

        return evaluate

    def following(self, grid: Grid) -> Grid:
        """Return the grid for a run: one that follows the chain where a plugin does."""
        if self._session is None or not self._session.hooks.follows:
            return grid
        return FollowingGrid(grid, self, self.clock)

    def follows(self, messages: Sequence[Message]) -> bool:
        """Say whether these are the training messages of the round that was configured."""
        if self._training is None or self._replies is None:
            return False
        asked = {message.metadata.dst_node_id for message in messages}
        return bool(asked) and asked == self._training.asked

    def arrived(self, replies: Sequence[Message], *, last: bool) -> bool:
        """Hand replies to the plugins as they come; say whether the round is sealed."""
        if self._replies is None or self._session is None:
            return False
        return self._replies.arrive(replies, self._session.hooks, last=last)

    def training_nodes(self, strategy: flower.Strategy, server_round: int, grid: Grid) -> Grid:
        """Return the grid that the strategy may sample from."""
        self._end_round({})  # a strategy with its own loop may not evaluate
        self._training = self._replies = self._judged = self._eligible = None
        if self._session is None:
            if self.has_plugins:
                raise ConfigError(
                    f"bcfl.plugins names {self.config.plugins}, and they run within start() only. "
                    f"Where one strategy wraps another, give bcfl= to the outermost; to write the "
                    f"loop yourself, hand in an open Session"
                )
            return grid
        if self._run is None:
            self._run = RunInfo(grid.run.run_id, 0, grid.run.fab_id)
        return self._wait(strategy, "train", server_round, grid)

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
        listed = list(messages)
        reference = to_arrays(arrays)
        opened = None
        if self._session is not None and listed:
            run = self._run_info()
            opened = self._session.hooks.round_opening(run, server_round, reference)
        rules = rules_of(strategy, self.config.max_examples, whole=opened is not None)
        if rules.model is not Model.ARRAYS and "outliers" in self.config.plugin_names:
            raise ConfigError(
                "outliers compares arrays, and XGBoost strategies send trees; take outliers out "
                "of bcfl.plugins"
            )
        if opened is not None:
            listed = instruct(listed, Instruction(opened, rules.weight_key))
        training = self._training = Training(
            RoundContext(self._run_info(), server_round, opened, reference),
            rules,
            frozenset(message.metadata.dst_node_id for message in listed),
        )
        self._replies = Replies(training, self._node)
        return listed

    def acts_on(self, server_round: int) -> bool:
        """Say whether the replies of a round are screened: somebody was asked, and it is on.

        Raises
        ------
        RoundNotConfigured
            If the round is not the one that was configured.
        """
        if self.config.screen == "off":
            return False
        if self._training is None or self._training.ctx.server_round != server_round:
            raise RoundNotConfigured(server_round)
        return bool(self._training.asked)

    def judge(self, replies: Iterable[Message]) -> list[Message]:
        """Screen and judge the replies; return what the strategy may average."""
        hooks = None if self._session is None else self._session.hooks
        training, read = self._open_training(), self._replies
        self._replies = None
        self._judged, accepted = judge(training, replies, self._node, hooks, read)
        return accepted

    def settle(
        self, arrays: ArrayRecord | None, metrics: MetricRecord | None
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Hand the round's result to the plugins; return what the strategy's caller gets.

        An aggregate that is not finite is not taken: the model stays as it was.
        """
        training = self._open_training()
        model = finite_model(arrays, training.ctx.server_round)
        if model is None:
            arrays = None
        if self._session is None or self._judged is None:
            return arrays, metrics
        if arrays is not None:
            arrays = restored(arrays, training.ctx.reference)
            model = to_arrays(arrays)
        result = result_of(training, self._judged, model, metrics)
        if model is not None:
            weights = self._session.hooks.reward_weights(result, self._judged.updates)
            result = replace(result, judged=weigh(result.judged, weights))
        self._ended = result
        self._session.hooks.round_settling(result)
        return arrays, metrics

    def evaluating_nodes(self, strategy: flower.Strategy, server_round: int, grid: Grid) -> Grid:
        """Return the grid that the strategy may sample from: the nodes of the training round."""
        self._evaluating = frozenset()
        self._node_metrics = {}
        if self._session is None:
            return grid
        still = [node for node in sorted(grid.get_node_ids()) if node in (self._eligible or ())]
        if len(still) >= nodes_needed(strategy, "evaluate"):
            return GridView(grid, still)
        return self._wait(strategy, "evaluate", server_round, grid)

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
        rules = rules_of(strategy, self.config.max_examples, whole=False)
        return screen_evaluation(replies, self._evaluating, rules)

    def evaluated_by_nodes(self, metrics: MetricRecord | None) -> None:
        """Keep the nodes' metrics; without a function on the server they end the round."""
        self._node_metrics = plain_metrics(metrics)
        if not self._watched:
            self._end_round(self._node_metrics)

    def _use(self, session: Session) -> None:
        self._session = session
        chain = session.services.chain
        if chain is not None:
            self._identities = Identities(
                genesis=chain.client.genesis_hash,
                federation=chain.federation,
                dev=chain.embedded or session.config.coordinator.startswith("//"),
                challenge=self.challenge,
            )

    def _wait(
        self, strategy: flower.Strategy, phase: str, server_round: int, grid: Grid
    ) -> GridView:
        wanted = nodes_needed(strategy, phase)
        eligible = wait_for_nodes(
            grid,
            lambda connected: self._exclude(server_round, grid, connected),
            server_round=server_round,
            needed=max(wanted, self.config.min_nodes) if wanted else 0,
            wait_s=self.config.wait_s,
            clock=self.clock,
        )
        self._eligible = frozenset(eligible)
        return GridView(grid, eligible)

    def _exclude(self, server_round: int, grid: Grid, connected: tuple[int, ...]) -> dict[int, str]:
        session, identities = self._session, self._identities
        if session is None:
            return {}
        refs = tuple(NodeRef(NodeId(node)) for node in connected)
        if identities is not None:
            refs = identities.identify(grid, connected)
        left_out: dict[int, str] = {}
        for node, reason in session.hooks.eligible_nodes(
            self._run_info(), server_round, refs
        ).items():
            problem = None if identities is None else identities.problem(node)
            left_out[node] = reason if problem is None else f"{reason} ({problem})"
        return left_out

    def _node(self, node_id: NodeId) -> NodeRef:
        return NodeRef(node_id) if self._identities is None else self._identities.known(node_id)

    def _end_round(self, metrics: Mapping[str, Any]) -> None:
        ended, self._ended = self._ended, None
        if ended is not None and self._session is not None:
            scalars = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
            self._session.hooks.round_evaluated(ended, scalars)

    def _run_info(self) -> RunInfo:
        return RunInfo(0, 0) if self._run is None else self._run

    def _open_training(self) -> Training:
        if self._training is None:
            raise RoundNotConfigured(0)
        return self._training
