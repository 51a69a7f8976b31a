"""Which replies can be averaged: a malformed one costs its sender the round, never the run.

Pure decisions. Nothing is written into a message, and no answer depends on the order of arrival.

A reply is first examined alone (`strategies.server.reading.examine`), then among its peers
(`agreeing`): Flower's strategies end the run when two replies disagree in their names.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import NodeId, Rejection
from strategies._flower import SUPERLINK_NODE_ID
from strategies.errors import Unfit
from strategies.messages.records import sort_replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import Message
    from strategies.server.reading.examine import Reply

_DETAIL = 200
_OURS = 500


def screen(
    replies: Iterable[Message],
    asked: frozenset[int],
    examine: Callable[[Message], Reply],
    silence: tuple[Reason, str] = (Reason.MALFORMED, "it did not answer"),
) -> tuple[tuple[Reply, ...], tuple[Rejection, ...]]:
    """Sort the replies, examine each, and keep at most one a node.

    Parameters
    ----------
    replies : iterable of Message
        In any order, from anybody: a reply's source is what its sender wrote there.
    asked : frozenset of int
        The nodes that were sent a message.
    examine : callable
        Reads one reply or raises `Unfit`.
    silence : (Reason, str)
        What to say of a node that was asked and did not answer.

    Returns
    -------
    tuple of Reply, tuple of Rejection
        What can be used, and why the rest cannot; both ascending by node id. A node that was asked
        and did not answer is among the rest.
    """
    kept: list[Reply] = []
    dropped: dict[int, Rejection] = {}
    grouped = groupby(sort_replies(replies), key=lambda message: message.metadata.src_node_id)
    for source, group in grouped:
        if source not in asked:
            if source != SUPERLINK_NODE_ID:  # its errors are about others, who count as silent
                dropped[source] = _reject(source, Reason.MALFORMED, "it was not asked")
            continue
        outcome = _one_of(source, list(group), examine)
        if isinstance(outcome, Rejection):
            dropped[source] = outcome
        else:
            kept.append(outcome)
    for silent in asked - dropped.keys() - {reply.node_id for reply in kept}:
        dropped[silent] = _reject(silent, *silence)
    return tuple(kept), tuple(dropped[node] for node in sorted(dropped))


def agreeing(replies: Sequence[Reply]) -> tuple[tuple[Reply, ...], tuple[Rejection, ...]]:
    """Keep the replies whose records are called as those of most replies.

    A tie goes to the first in alphabetical order, so that the answer depends on the replies only.
    """
    if not replies:
        return (), ()
    counts = Counter(_names(reply) for reply in replies)
    common = min(counts, key=lambda names: (-counts[names], names))
    odd = tuple(
        Rejection(
            reply.node_id,
            Reason.MALFORMED,
            _difference(_names(reply), common),
            strike=False,
            commitment=reply.commitment,
        )
        for reply in replies
        if _names(reply) != common
    )
    return tuple(reply for reply in replies if _names(reply) == common), odd


def _names(reply: Reply) -> tuple[str, str]:
    return reply.array_name, reply.metric_name


def _difference(names: tuple[str, str], common: tuple[str, str]) -> str:
    kinds = zip(("ArrayRecord", "MetricRecord"), names, common, strict=True)
    return "; ".join(
        f"its {kind} is called {found[:40]!r}, the others' {wanted[:40]!r}"
        for kind, found, wanted in kinds
        if found != wanted
    )


def _one_of(
    source: int, group: list[Message], examine: Callable[[Message], Reply]
) -> Reply | Rejection:
    """Decide on the replies of one node, in any order: the same thing said twice counts once."""
    fit: list[Reply] = []
    problems: list[Rejection] = []
    for message in group:
        if message.has_error():
            detail = f"its app failed: {printable(message.error.reason or 'no reason given')}"
            problems.append(_reject(source, Reason.MALFORMED, detail))
            continue
        try:
            reply = examine(message)
        except Unfit as unfit:
            problems.append(unfit_reply(source, unfit))
            continue
        if not any(reply.says(other) for other in fit):
            fit.append(reply)
    if len(fit) == 1:
        return fit[0]
    if fit:
        detail = f"{len(fit)} different replies in its name"
        every = [reply.commitment for reply in fit if reply.commitment is not None]
        signed = min(every, key=_hash, default=None)
        return Rejection(NodeId(source), Reason.MALFORMED, detail, commitment=signed)
    # what is signed weighs more than what anybody could have sent
    return min(problems, key=lambda one: (one.commitment is None, one.reason, one.detail))


def unfit_reply(source: int, unfit: Unfit) -> Rejection:
    """Return how a reply that cannot be averaged is told to the plugins."""
    detail = printable(unfit.detail, _OURS)
    return Rejection(NodeId(source), unfit.reason, detail, commitment=unfit.signed)


def _hash(signed: CommittedUpdate) -> bytes:
    return signed.commitment


def _reject(source: int, reason: Reason, detail: str) -> Rejection:
    return Rejection(NodeId(source), reason, detail)


def printable(text: str, longest: int = _DETAIL) -> str:
    """Make text that a node had a part in fit for a log: one line, printable, of some length."""
    line = "".join(c if c.isprintable() else " " for c in text[: 2 * longest])
    return " ".join(line.split())[:longest]
