"""One round's decisions: what goes out, what of the replies may be averaged, what was settled.

Functions over frozen records; the plugins are handed in.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bcfl_plugins.merge import merge_verdicts
from bcfl_plugins.types import (
    ClientUpdate,
    Gathering,
    JudgedUpdate,
    Rejection,
    RoundContext,
    RoundResult,
)
from pallet_bridge.types import Reason
from strategies.contents import Shares, for_strategy
from strategies.records import all_finite, plain_metrics, sort_replies, to_arrays
from strategies.screen import Reply, Unfit, agreeing, examine_evaluate, examine_train, screen
from strategies.wire import read_commitment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from bcfl_plugins.manager import PluginManager
    from bcfl_plugins.types import NodeId, NodeRef, Verdict
    from strategies._flower import ArrayRecord, Message, MetricRecord
    from strategies.rules import Rules

    NDArray = np.ndarray[Any, np.dtype[Any]]

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class Training:
    """A training round whose messages are out.

    Parameters
    ----------
    ctx : RoundContext
        What was fixed before.
    rules : Rules
        What the strategy needs from a reply.
    asked : frozenset of int
        The nodes that were sent a message.
    """

    ctx: RoundContext
    rules: Rules
    asked: frozenset[int]


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
    """

    judged: tuple[JudgedUpdate, ...]
    unusable: tuple[Rejection, ...]
    notes: Mapping[str, str]
    states: Mapping[str, str]
    updates: tuple[ClientUpdate, ...]


class Replies:
    """The replies to a training round, each read once, however often it is asked for.

    Parameters
    ----------
    training : Training
        The round.
    node_of : callable
        What is known about a node.
    """

    def __init__(self, training: Training, node_of: Callable[[NodeId], NodeRef]) -> None:
        self._training = training
        self._node_of = node_of
        self._read: dict[int, tuple[Message, Reply | Unfit]] = {}
        self._heard: set[int] = set()
        self.gathering = Gathering(sealed=False)

    def examine(self, message: Message) -> Reply:
        """Read a reply with what its node signed.

        Raises
        ------
        Unfit
            If it cannot be averaged.
        """
        if id(message) not in self._read:  # it is kept beside: its id stays its own
            try:
                self._read[id(message)] = message, self._examined(message)
            except Unfit as unfit:
                self._read[id(message)] = message, unfit
        found = self._read[id(message)][1]
        if isinstance(found, Unfit):
            raise found
        return found

    def arrive(self, messages: Iterable[Message], hooks: PluginManager, *, last: bool) -> bool:
        """Hand what came to the plugins; say whether the round is sealed."""
        new = []
        for message in sort_replies(messages):
            source = message.metadata.src_node_id
            if message.has_error() or source in self._heard or source not in self._training.asked:
                continue
            try:
                reply = self.examine(message)
            except Unfit:
                continue
            self._heard.add(source)
            new.append(_update(reply, self._node_of(reply.node_id)))
        self.gathering = hooks.updates_arriving(self._training.ctx, tuple(new), last=last)
        return self.gathering.sealed

    def screen(self, messages: Iterable[Message]) -> tuple[Sequence[Reply], tuple[Rejection, ...]]:
        """Return what can be averaged, and why the rest cannot; both ascending by node id."""
        late = self.gathering.late
        silence = Reason.MALFORMED, "it did not answer"
        if self.gathering.sealed:
            silence = Reason.LATE, "it did not answer before the round was sealed on chain"
        fit, dropped = screen(messages, self._training.asked, self.examine, silence)
        missed = [
            Rejection(reply.node_id, Reason.LATE, late[reply.node_id])
            for reply in fit
            if reply.node_id in late
        ]
        fit, odd = agreeing([reply for reply in fit if reply.node_id not in late])
        unusable = sorted((*dropped, *missed, *odd), key=lambda rejection: rejection.node_id)
        return fit, tuple(unusable)

    def _examined(self, message: Message) -> Reply:
        ctx = self._training.ctx
        reply = examine_train(message, ctx.reference, self._training.rules)
        if ctx.opened is None:
            return reply
        node = self._node_of(reply.node_id)
        signed = read_commitment(message.content, reply.sent, reply.weight, ctx.opened, node)
        return replace(reply, commitment=signed)


def judge(
    training: Training,
    replies: Iterable[Message],
    node_of: Callable[[NodeId], NodeRef],
    hooks: PluginManager | None,
    read: Replies | None = None,
) -> tuple[Judged, list[Message]]:
    """Screen the replies, let the plugins judge the rest, and make what may be averaged.

    Parameters
    ----------
    training : Training
        The round.
    replies : iterable of Message
        In any order, from anybody.
    node_of : callable
        What is known about a node.
    hooks : PluginManager or None
        The plugins.
    read : Replies or None
        What was read of them while they came in.

    Returns
    -------
    Judged, list of Message
        The verdicts, and new messages with the accepted updates in ascending order of node.
    """
    ctx = training.ctx
    fit, unusable = (read or Replies(training, node_of)).screen(replies)
    for rejection in unusable:
        _warn(f"round {ctx.server_round}", rejection.node_id, "left out", rejection.detail)
    updates = tuple(_update(reply, node_of(reply.node_id)) for reply in fit)
    verdicts: tuple[Verdict, ...] = ()
    if hooks is not None:
        hooks.updates_received(ctx, updates)
        verdicts = hooks.judge_updates(ctx, updates)
    judged = merge_verdicts(updates, verdicts)
    for update in judged:
        if not update.accepted:
            _warn(f"round {ctx.server_round}", update.node.node_id, "rejected", update.detail)
    accepted = {update.node.node_id for update in judged if update.accepted}
    parts = {u.node.node_id: u.share for u in judged if u.accepted and u.share is not None}
    shares = Shares(training.rules.weight_key, parts, ctx.reference) if parts else None
    notes = {verdict.plugin: verdict.note for verdict in verdicts if verdict.note}
    states = {verdict.plugin: verdict.state for verdict in verdicts if verdict.state}
    return (
        Judged(judged, unusable, MappingProxyType(notes), MappingProxyType(states), updates),
        for_strategy([reply for reply in fit if reply.node_id in accepted], shares),
    )


def screen_evaluation(
    replies: Iterable[Message], asked: frozenset[int], rules: Rules
) -> list[Message]:
    """Return the replies to an evaluation that may be averaged, as new messages."""
    fit, dropped = screen(replies, asked, lambda message: examine_evaluate(message, rules))
    fit, odd = agreeing(fit)
    for rejection in (*dropped, *odd):
        _warn("evaluation", rejection.node_id, "left out", rejection.detail)
    return for_strategy(fit)


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
    )


def _update(reply: Reply, node: NodeRef) -> ClientUpdate:
    return ClientUpdate(
        node=node,
        arrays=MappingProxyType(dict(reply.arrays)),
        num_examples=max(1, int(reply.weight)),
        metrics=reply.metrics,
        commitment=reply.commitment,
    )


def _warn(where: str, node_id: int, what: str, detail: str) -> None:
    _log.warning("bcfl: %s: node %d is %s: %s", where, node_id, what, detail)
