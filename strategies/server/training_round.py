"""One training round, from its opening to its settling."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bcfl_plugins.hooks.merge import weigh
from bcfl_plugins.types import NodeRef
from strategies.messages.records import halved, restored, to_arrays
from strategies.server.judging import finite_model, judge, result_of, tell_standstill
from strategies.server.masked.judging import judge_masked
from strategies.server.replies import Replies
from strategies.unprotected import Unprotected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bcfl_plugins.types import RoundResult
    from strategies._flower import ArrayRecord, Message, MetricRecord
    from strategies.server.judging import Judged
    from strategies.server.masked.halves import HalvesRound
    from strategies.server.masked.phases import MaskedRound
    from strategies.server.open_run import OpenRun
    from strategies.server.optimizer import StepWatch
    from strategies.server.replies import Training
    from strategies.server.sketched.phases import SketchedRound
    from strategies.server.spool import Spool


@dataclass(slots=True)
class TrainingRound:
    """A training round whose messages are out. It is made by opening, and dropped by settling.

    Parameters
    ----------
    training : Training
        What was fixed when it was opened.
    run : OpenRun or None
        The run with the plugins; `None` without plugins.
    step : StepWatch or None
        The strategy's own optimizer, where it has one that is known.
    masked : MaskedRound, HalvesRound or None
        How its updates are masked; `None`: they are not.
    sketched : SketchedRound or None
        How nodes sign sketches of their updates; `None`: they do not.
    spool : Spool or None
        Where its replies wait; `None`: in memory.
    """

    training: Training
    run: OpenRun | None
    step: StepWatch | None = None
    masked: MaskedRound | HalvesRound | None = None
    sketched: SketchedRound | None = None
    spool: Spool | None = None
    replies: Replies = field(init=False)
    _gathering: bool = True

    def __post_init__(self) -> None:
        self.replies = Replies(self.training, NodeRef if self.run is None else self.run.node)

    def refuse_skipped(self, plugin_names: Sequence[str]) -> None:
        """Refuse to go on when the replies never came to the plugins.

        Raises
        ------
        Unprotected
            Naming the round.
        """
        if self._gathering and plugin_names and self.training.asked:
            raise Unprotected(
                ", ".join(plugin_names),
                f"the replies of round {self.training.ctx.server_round} went past aggregate_train "
                f"of this strategy (was it replaced on the object? A class below ours may override "
                f"it)",
            )

    def follows(self, messages: Sequence[Message]) -> bool:
        """Say whether these are the round's messages, and its replies are still awaited."""
        asked = {message.metadata.dst_node_id for message in messages}
        return self._gathering and bool(asked) and asked == self.training.asked

    def arrived(self, replies: Sequence[Message], *, last: bool) -> bool:
        """Hand replies to the plugins as they come; say whether the round is sealed."""
        if self.run is None or not self._gathering:
            return False
        return self.replies.arrive(replies, self.run.hooks, last=last)

    def judge(self, replies: Iterable[Message]) -> tuple[Judged, list[Message]]:
        """Screen and judge the replies; return the verdicts, and what may be averaged."""
        self._gathering = False
        if self.run is not None and self.masked is not None:
            return judge_masked(replies, self.replies, self.run.hooks, self.masked)
        hooks = None if self.run is None else self.run.hooks
        unsigned = None if self.sketched is None else self.sketched.unsigned
        return judge(replies, self.replies, hooks, unsigned)

    def result(
        self, judged: Judged, arrays: ArrayRecord | None, metrics: MetricRecord | None
    ) -> tuple[ArrayRecord | None, RoundResult | None]:
        """Return the new model and, where plugins are, the round's result with the rewards.

        An aggregate that is not finite is not taken: the model stays as it was.
        """
        if arrays is not None and self.training.expected.wide:
            arrays = halved(arrays, self.training.ctx.reference)
        model = finite_model(arrays, self.training.ctx.server_round)
        if model is None:
            arrays = None
        if self.run is None:
            return arrays, None
        if arrays is not None:
            kept = {update.node.node_id for update in judged.judged if update.accepted}
            averaged = [one.arrays for one in judged.updates if one.node.node_id in kept]
            if self.masked is not None:
                averaged = []
            arrays = restored(arrays, self.training.ctx.reference, averaged)
            model = to_arrays(arrays)
        tell_standstill(self.training, judged, model)
        result = result_of(self.training, judged, model, metrics)
        if self.step is not None:
            result = replace(result, step=self.step.taken(self.training.ctx.server_round))
        if self.sketched is not None:
            result = replace(result, sketches=self.sketched.published(result))
        if model is not None:
            weights = self.run.hooks.reward_weights(result, judged.updates)
            result = replace(result, judged=weigh(result.judged, weights))
        return arrays, result
