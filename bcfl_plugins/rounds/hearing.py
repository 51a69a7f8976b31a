"""Whom a round hears although its defense does not, and whose update would break any average."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.apportion import ONE, split
from bcfl_plugins.evidence import judge_help
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.published.inputs import RoundInputs
    from bcfl_plugins.types import NodeId, Rejection, Verdict

BREAKING = 1000.0
"""An update is harmful without a measurement when it is this many times as long as the longest that
is accepted: in an average of up to as many nodes it counts more than all others together. Unequal
data and other scanners give tens; inputs that are not scaled give 255."""

MOST = 4.0
"""An update that helps counts up to this many times, by its claim."""

UNHEARD = 0.5
"""An update that counts less than this share of what it would in a mean is unheard."""

HEARD = 10.0
"""An update this many times as long as the median of those that are heard is not looked at."""

LOOKS = 16
"""Updates that are looked at in a round; where more are unheard, they take turns."""


def with_helpful(inputs: RoundInputs, verdict: Verdict, slots: Floats) -> Verdict:
    """Return a verdict that also hears the updates which make the model better.

    Looked at are those that are rejected, or count less than half of what they would in a mean,
    unless they are not finite, or longer than `HEARD` times the median of the others.

    Parameters
    ----------
    inputs : RoundInputs
        The round, with the server's own measure of a model.
    verdict : Verdict
        Of the defense.
    slots : Floats
        (n,) how many slots of the mean each update fills when it is heard.
    """
    nodes = [node.node_id for node in inputs.nodes]
    reasons = {one.node_id: one.reason for one in verdict.rejections}
    given = np.array([verdict.shares.get(node, 0) / ONE for node in nodes])
    if not verdict.shares:
        kept = np.array([node not in reasons for node in nodes], np.float64)
        given = kept / max(1.0, kept.sum())
    unheard = given < UNHEARD / len(nodes)
    if not unheard.any() or unheard.all():
        return verdict
    lengths = inputs.lengths(verdict.medians)
    most = HEARD * float(np.median(lengths[~unheard]))
    whole = np.array([reasons.get(node) != Reason.NON_FINITE for node in nodes])
    unheard &= whole & np.isfinite(lengths) & (lengths > 0.0) & (lengths <= most)
    losses = inputs.losses(verdict.medians)
    helps = judge_help(losses, given, _in_turn(unheard, inputs.server_round), slots)
    if not helps.any():
        return verdict
    heard = {node for node, one in zip(nodes, helps.tolist(), strict=True) if one}
    others = int((given > 0.0).sum())
    taken = np.where(helps, slots, 0.0) / (others + float(slots[helps].sum()))
    shares = np.where(helps, taken, given * (1.0 - float(taken.sum())))
    rejections = tuple(one for one in verdict.rejections if one.node_id not in heard)
    note = f"{verdict.note}; heard, since they help: {', '.join(map(str, sorted(heard)))}"
    return replace(
        verdict,
        rejections=rejections,
        note=note,
        shares=_parts(nodes, shares, {one.node_id for one in rejections}) if verdict.shares else {},
    )


def breaking(
    inputs: RoundInputs,
    against: Mapping[NodeId, Rejection],
    held: Sequence[bool],
    medians: Sequence[str],
) -> list[bool]:
    """Say which rejected updates would break any average: not finite, or `BREAKING` times too long.

    Too long beside the longest of the others, which have to be most of the round.

    Parameters
    ----------
    inputs : RoundInputs
        The round.
    against : Mapping[NodeId, Rejection]
        What there is against nodes.
    held : sequence of bool
        (n,) whether it is held against the node.
    medians : sequence of str
        Arrays that are not averaged.
    """
    reasons = [
        against[node.node_id].reason if one else Reason.NONE
        for node, one in zip(inputs.nodes, held, strict=True)
    ]
    broken = [reason == Reason.NON_FINITE for reason in reasons]
    if 2 * sum(held) >= len(inputs.nodes) or Reason.OUTLIER_NORM not in reasons:
        return broken
    lengths = inputs.lengths(medians)
    longest = float(lengths[~np.array(held, np.bool_)].max())
    return [
        bad or (reason == Reason.OUTLIER_NORM and length > BREAKING * longest > 0.0)
        for length, reason, bad in zip(lengths.tolist(), reasons, broken, strict=True)
    ]


def _in_turn(unheard: Flags, server_round: int) -> Flags:
    """Return `LOOKS` of the unheard, others in each round."""
    places = np.flatnonzero(unheard)
    some = np.zeros_like(unheard)
    some[np.roll(places, -LOOKS * server_round)[:LOOKS]] = True
    return some


def _parts(
    nodes: Sequence[NodeId], shares: Floats, out: AbstractSet[NodeId]
) -> Mapping[NodeId, int]:
    """Return the shares of those that are not out, in parts of 10^9."""
    kept = {n: Fraction(one) for n, one in zip(nodes, shares.tolist(), strict=True) if n not in out}
    total = min(round(ONE * sum(kept.values())), ONE)
    return dict(zip(kept, split([*kept.values()], total), strict=True))
