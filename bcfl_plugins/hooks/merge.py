"""Merge what several plugins say into one answer. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from bcfl_plugins.apportion import ONE, split
from bcfl_plugins.errors import PluginError
from bcfl_plugins.types import JudgedUpdate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bcfl_plugins.types import ClientUpdate, NodeId, Rejection, Verdict


_WEIGHTS = 2**32


def merge_exclusions(answers: Iterable[Mapping[NodeId, str]]) -> dict[NodeId, str]:
    """Join the reasons of all plugins that leave a node out, in the order of calls."""
    reasons: dict[NodeId, list[str]] = {}
    for answer in answers:
        for node_id, reason in answer.items():
            reasons.setdefault(node_id, []).append(reason)
    return {node_id: "; ".join(reasons[node_id]) for node_id in sorted(reasons)}


def merge_verdicts(
    updates: Sequence[ClientUpdate], verdicts: Sequence[Verdict]
) -> tuple[JudgedUpdate, ...]:
    """Judge each update by all verdicts: any rejection stands.

    Parameters
    ----------
    updates : sequence of ClientUpdate
        One a node, in any order.
    verdicts : sequence of Verdict
        In the order of calls. The first that rejects a node gives its reason and score; for an
        accepted node the first that has a score gives it. Details of all rejections are joined.

    Returns
    -------
    tuple of JudgedUpdate
        Ascending by node id, one for each update. Shares of several verdicts are multiplied, and
        those of rejected updates go to the others.

    Raises
    ------
    PluginError
        If a verdict names an unknown node, rejects one node twice, or has shares that are none.
    """
    known = {update.node.node_id for update in updates}
    rejections: dict[NodeId, list[Rejection]] = {}
    scores: dict[NodeId, int] = {}
    for verdict in verdicts:
        _check(verdict, known)
        for rejection in verdict.rejections:
            rejections.setdefault(rejection.node_id, []).append(rejection)
        for node_id, score in verdict.scores.items():
            scores.setdefault(node_id, score)
    judged = tuple(
        _judge(update, rejections.get(update.node.node_id, []), scores)
        for update in sorted(updates, key=lambda update: update.node.node_id)
    )
    return _shared(judged, [verdict.shares for verdict in verdicts if verdict.shares])


def weigh(
    judged: Sequence[JudgedUpdate], weights: Mapping[NodeId, int] | None
) -> tuple[JudgedUpdate, ...]:
    """Give accepted nodes the weights that a plugin said; evenly when it said nothing.

    Raises
    ------
    PluginError
        If a weight is no integer from 0 to 2^32 - 1, or is for a node that sent no update.
    """
    if weights is None:
        return tuple(judged)
    hook, known = "bcfl_reward_weights", {update.node.node_id for update in judged}
    for node_id, weight in weights.items():
        if node_id not in known:
            raise PluginError("a plugin", hook, f"node {node_id} sent no update in this round")
        if type(weight) is not int or not 0 <= weight < _WEIGHTS:
            raise PluginError("a plugin", hook, f"node {node_id} has the weight {weight!r}")
    return tuple(
        replace(update, weight=weights.get(update.node.node_id, 0)) if update.accepted else update
        for update in judged
    )


def _check(verdict: Verdict, known: set[NodeId]) -> None:
    named = [rejection.node_id for rejection in verdict.rejections]
    strangers = sorted(({*named} | {*verdict.scores}) - known)
    if strangers:
        raise PluginError(
            verdict.plugin,
            "bcfl_judge_updates",
            f"its verdict names node {strangers[0]}, which sent no update in this round",
        )
    if len(named) != len({*named}):
        twice = next(node_id for node_id in named if named.count(node_id) > 1)
        raise PluginError(
            verdict.plugin, "bcfl_judge_updates", f"its verdict rejects node {twice} twice"
        )
    if verdict.shares:
        _check_shares(verdict, known - {*named})


def _check_shares(verdict: Verdict, kept: set[NodeId]) -> None:
    problem = None
    if verdict.shares.keys() != kept:
        odd = min(verdict.shares.keys() ^ kept)
        problem = f"its shares are not of the updates that it keeps; see node {odd}"
    elif any(type(share) is not int or share < 0 for share in verdict.shares.values()):
        problem = "a share is no integer from 0 to 10^9"
    elif sum(verdict.shares.values()) > ONE:
        problem = "its shares are together more than 10^9"
    if problem is not None:
        raise PluginError(verdict.plugin, "bcfl_judge_updates", problem)


def _shared(
    judged: Sequence[JudgedUpdate], answers: Sequence[Mapping[NodeId, int]]
) -> tuple[JudgedUpdate, ...]:
    """Give each accepted update its share; at least 1, as no strategy divides by nothing."""
    accepted = [update.node.node_id for update in judged if update.accepted]
    if not answers or not accepted:
        return tuple(judged)
    weights = [prod(answer[node] for answer in answers) for node in accepted]
    total = round(ONE * prod(Fraction(sum(answer.values()), ONE) for answer in answers))
    parts = split(weights, total)
    shares = dict(zip(accepted, (max(part, 1) for part in parts), strict=True))
    return tuple(replace(update, share=shares.get(update.node.node_id, 0)) for update in judged)


def _judge(
    update: ClientUpdate, rejections: Sequence[Rejection], scores: Mapping[NodeId, int]
) -> JudgedUpdate:
    node = update.node
    if not rejections:
        score = scores.get(node.node_id, 0)
        return JudgedUpdate(
            node, update.num_examples, update.commitment, accepted=True, score=score, weight=1
        )
    return JudgedUpdate(
        node,
        update.num_examples,
        update.commitment,
        accepted=False,
        reason=rejections[0].reason,
        detail="; ".join(rejection.detail for rejection in rejections),
        score=rejections[0].score,
        strike=any(rejection.strike for rejection in rejections),
    )
