"""One round's decisions: what goes out, what of the replies may be averaged, what was settled.

Functions over frozen records; the plugins are handed in.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.published.average import NO_LIMITS, limits, medians
from bcfl_plugins.published.numbers import all_finite
from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import ClientUpdate, JudgedUpdate, Rejection, RoundResult
from pallet_bridge.run.judgements import Judgement
from strategies.messages.records import plain_metrics, to_arrays
from strategies.server.contents import NOTHING, Shares, for_strategy
from strategies.server.reading.examine import examine_evaluate
from strategies.server.reading.screen import agreeing, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.types import NodeId, RoundContext, Verdict
    from strategies._flower import ArrayRecord, Message, MetricRecord
    from strategies.server.reading.expectations import Expectations
    from strategies.server.replies import Replies, Training

    NDArray = np.ndarray[Any, np.dtype[Any]]
    Unsigned = Callable[[RoundContext, Sequence[ClientUpdate]], Mapping[int, str]]

_log = logging.getLogger("flwr.bcfl")
_TOLD = 10
_STILL = 1e-6
"""Of an array's length: less is no step of training."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A training round whose replies are judged.

    Parameters
    ----------
    judged : tuple of JudgedUpdate
        The merged verdict on each well formed reply.
    unusable : tuple of Rejection
        The other nodes that were asked, or that answered unasked.
    notes, states : Mapping[str, str]
        Each judging plugin's note and state.
    updates : tuple of ClientUpdate
        The well formed replies.
    medians : tuple of str
        Arrays of which the strategy gets the median.
    judgements : tuple of Judgement
        How each judging plugin came to its verdict.
    clip : float or None
        The least that a verdict says, see `Verdict.clip`.
    """

    judged: tuple[JudgedUpdate, ...]
    unusable: tuple[Rejection, ...]
    notes: Mapping[str, str]
    states: Mapping[str, str]
    updates: tuple[ClientUpdate, ...]
    medians: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    clip: float | None = None


def judge(
    messages: Iterable[Message],
    replies: Replies,
    hooks: PluginManager | None,
    unsigned: Unsigned | None = None,
) -> tuple[Judged, list[Message]]:
    """Screen the replies, let the plugins judge the rest, and make what may be averaged.

    Parameters
    ----------
    messages : iterable of Message
        The replies, in any order, from anybody.
    replies : Replies
        Reads them, and knows what was read while they came in.
    hooks : PluginManager or None
        The plugins.
    unsigned : callable or None
        Takes the round and its well formed updates once their commitments are on their way;
        returns those that must not be judged, with the reasons.

    Returns
    -------
    Judged, list of Message
        The verdicts, and new messages with the accepted updates in ascending order of node.
    """
    training = replies.training
    ctx = training.ctx
    fit, unusable = replies.screen(messages)
    for rejection in unusable:
        _warn(f"round {ctx.server_round}", rejection.node_id, "left out", rejection.detail)
    updates = tuple(replies.update(reply) for reply in fit)
    verdicts: tuple[Verdict, ...] = ()
    if hooks is not None:
        hooks.updates_received(ctx, updates, unusable)
        if unsigned is not None:
            left = unsigned(ctx, updates)
            unusable = (*unusable, *_left_out(updates, left))
            fit = [reply for reply in fit if reply.node_id not in left]
            updates = tuple(one for one in updates if one.node.node_id not in left)
        verdicts = hooks.judge_updates(ctx, updates)
    judged = merge_verdicts(updates, verdicts)
    for update in judged:
        if not update.accepted:
            _warn(f"round {ctx.server_round}", update.node.node_id, "rejected", update.detail)
    accepted = {update.node.node_id for update in judged if update.accepted}
    parts = {u.node.node_id: u.share for u in judged if u.accepted and u.share is not None}
    shares = Shares(training.expected.weight_key, parts, ctx.reference) if parts else None
    notes = {verdict.plugin: verdict.note for verdict in verdicts if verdict.note}
    states = {verdict.plugin: verdict.state for verdict in verdicts if verdict.state}
    good = [reply for reply in fit if reply.node_id in accepted]
    named = {name for verdict in verdicts for name in verdict.medians}
    settled = medians(named, good, parts) if good and named else NOTHING
    reaches = [verdict.clip for verdict in verdicts if verdict.clip is not None]
    room = NO_LIMITS
    if good and reaches:
        room = limits(min(reaches), updates, ctx.reference, settled)
    messages, remarks = for_strategy(good, shares, settled, room, wide=training.expected.wide)
    _tell(f"round {ctx.server_round}", remarks)
    told = MappingProxyType(notes), MappingProxyType(states)
    judgements = tuple(verdict.judgement or _untold(verdict) for verdict in verdicts)
    clip = min(reaches, default=None)
    found = Judged(judged, unusable, *told, updates, tuple(sorted(named)), judgements, clip)
    return found, messages


def screen_evaluation(
    replies: Iterable[Message], asked: frozenset[int], expected: Expectations
) -> list[Message]:
    """Return the replies to an evaluation that may be averaged, as new messages."""
    fit, dropped = screen(replies, asked, lambda message: examine_evaluate(message, expected))
    fit, odd = agreeing(fit)
    for rejection in (*dropped, *odd):
        _warn("evaluation", rejection.node_id, "left out", rejection.detail)
    messages, remarks = for_strategy(fit)
    _tell("evaluation", remarks)
    return messages


def finite_model(arrays: ArrayRecord | None, server_round: int) -> Mapping[str, NDArray] | None:
    """Read an aggregate; None if there is none, or if it holds a NaN or an infinity."""
    model = None if arrays is None else to_arrays(arrays)
    if model is None or all_finite(model):
        return model
    _log.warning(
        "bcfl: round %d: the aggregate is not finite; the model stays as it was", server_round
    )
    return None


def result_of(
    training: Training,
    judged: Judged,
    model: Mapping[str, NDArray] | None,
    metrics: MetricRecord | None,
) -> RoundResult:
    """Put a finished round together for the plugins."""
    return RoundResult(
        ctx=training.ctx,
        model=model,
        judged=judged.judged,
        unusable=judged.unusable,
        notes=judged.notes,
        states=judged.states,
        metrics=plain_metrics(metrics),
        medians=judged.medians,
        judgements=judged.judgements,
        clip=judged.clip,
    )


def tell_standstill(
    training: Training, judged: Judged, model: Mapping[str, NDArray] | None
) -> None:
    """Say so when the model stands still although nodes trained: it looks like a run that works."""
    reference = training.ctx.reference
    if model is None or _moved(model, reference, _STILL):
        return
    accepted = {one.node.node_id for one in judged.judged if one.accepted}
    sent = [one.arrays for one in judged.updates if one.node.node_id in accepted]
    trained = sum(_moved(arrays, reference, 0.0) for arrays in sent)
    if trained:
        notes = "; ".join(f"{plugin}: {note}" for plugin, note in judged.notes.items())
        _log.warning(
            "bcfl: round %d: the model stands still: %d of %d accepted updates are the model as it "
            "came, and those of the other %d count for nothing%s",
            training.ctx.server_round,
            len(sent) - trained,
            len(sent),
            trained,
            f" ({notes})" if notes else "",
        )


def _left_out(updates: Sequence[ClientUpdate], left: Mapping[int, str]) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(
            one.node.node_id,
            Reason.MALFORMED,
            left[one.node.node_id],
            strike=False,
            commitment=one.commitment,
        )
        for one in updates
        if one.node.node_id in left
    )


def _untold(verdict: Verdict) -> Judgement:
    return Judgement(verdict.plugin, gap="the plugin does not say what it decides on")


def _moved(arrays: Mapping[str, NDArray], reference: Mapping[str, NDArray], part: float) -> bool:
    """Say whether an array of floats moved by more than a part of its length."""
    return any(
        array.dtype.kind == "f"
        and name in reference
        and _length(array - reference[name]) > part * _length(reference[name])
        for name, array in arrays.items()
    )


def _length(array: NDArray) -> float:
    """Return an array's Euclidean length, without BLAS.

    After one product of long vectors the threads of BLAS spin for more: tens of milliseconds of
    CPU for each round.
    """
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def _warn(where: str, node_id: int, what: str, detail: str) -> None:
    _log.warning("bcfl: %s: node %d is %s: %s", where, node_id, what, detail)


def _tell(where: str, remarks: Sequence[tuple[NodeId, str]]) -> None:
    """Say which metrics of a reply are left out of the average; of many, the first ten."""
    for node_id, remark in remarks[:_TOLD]:
        _log.warning("bcfl: %s: node %d: %s and left out", where, node_id, remark)
    if len(remarks) > _TOLD:
        _log.warning("bcfl: %s: and %d more metrics", where, len(remarks) - _TOLD)
