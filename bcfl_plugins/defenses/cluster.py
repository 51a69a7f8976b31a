"""Tell updates that pull against the majority from updates that are merely different.

Three measurements decide, none of which looks at a coordinate by itself:

* **agreement**: the cosine of an update with the course of the other nodes, where a node's course
  is the decayed sum of its past unit updates. One round's cosines are too noisy under label skew
  (on scikit-learn digits, Dirichlet 0.5, an honest node's cosine to the centre of the others is
  negative in one round of ten); courses average that noise away. Arrays in which nodes agree count
  more: label skew lives in the output layer, common progress in the others.
* **smoothing**: agreement is averaged over a node's last rounds.
* **norm**: the length of an update against the median length of those in agreement.

The threshold moves with the round: it lies at a fraction of the median agreement, or lower when
honest nodes spread more. The spread is that of the upper half, which attackers cannot widen by
being far out. A longer update needs more agreement. The rule abstains rather than guess: below
four nodes, without a common direction, or when it would reject half of the nodes.

All functions are pure; what lasts from round to round is passed in and returned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.gram import ArrayGram, Floats, array_gram, squared_norms
from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import SCORE_ONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.types import Array, ClientUpdate, NodeId

Flags = np.ndarray[Any, np.dtype[np.bool_]]

MIN_NODES = 4
"""Fewer nodes have no clear majority."""

_POWER_STEPS = 300
_SETTLED = 1e-9
_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_LOW_TRUST = 0.05  # a node rejected last round still counts a little, or it could never come back
_SHARPNESS = 4  # how much more an array counts in which nodes agree more


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The constants of the rule; the defaults need no tuning.

    Parameters
    ----------
    agreement : float
        Least agreement, as a fraction of the median agreement.
    spread : float
        How many standard deviations below the median an honest node may lie.
    norm_factor : float
        An update longer than this many median norms is rejected whatever its direction.
    length_slope, length_free : float
        Each unit of log norm above `length_free` raises the least agreement by `length_slope`.
    course_decay : float
        What is left of a node's course after a round.
    smoothing : float
        What is left of a node's past agreement after a round.
    weak : float
        A median agreement below this is no common direction: the rule abstains.
    memory : int
        Rounds after which an absent node is forgotten.
    """

    agreement: float = 0.25
    spread: float = 1.1
    norm_factor: float = 3.0
    length_slope: float = 0.6
    length_free: float = 0.4
    course_decay: float = 0.8
    smoothing: float = 0.4
    weak: float = 0.02
    memory: int = 50


@dataclass(frozen=True, slots=True)
class NodePast:
    """What is remembered of one node.

    Parameters
    ----------
    course : Mapping[str, Array]
        Decayed sum of unit deltas of each float array; flat float32.
    agreement, length : float
        Decayed sums of agreement and of log norm; divide by `weight`.
    weight : float
        Decayed number of rounds.
    rejected : bool
        Whether its last update was rejected.
    seen : int
        The last round it took part in, counted by the state.
    """

    course: Mapping[str, Array]
    agreement: float
    length: float
    weight: float
    rejected: bool
    seen: int


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What lasts from round to round. Memory: one float32 model for each node remembered."""

    round: int = 0
    nodes: Mapping[NodeId, NodePast] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Finding:
    """What the rule says about one node.

    Parameters
    ----------
    reason : Reason
        ``NONE``: nothing against it.
    detail : str
        One sentence; empty for ``NONE``.
    score : int
        Smoothed agreement, or for ``OUTLIER_NORM`` the norm in median norms; parts of 1e-6.
    """

    reason: Reason
    detail: str
    score: int


@dataclass(frozen=True, slots=True)
class _Measured:
    agreement: Floats  # (n,) cosine with the course of the others
    lengths: Floats  # (n,) Euclidean norms


def judge(
    reference: Mapping[str, Array],
    updates: Sequence[ClientUpdate],
    state: ClusterState,
    settings: ClusterSettings,
) -> tuple[Mapping[NodeId, Finding], str, ClusterState]:
    """Judge one round.

    Parameters
    ----------
    reference : Mapping[str, Array]
        The model that went out.
    updates : sequence of ClientUpdate
        One a node, in any order; the answer does not depend on it.
    state : ClusterState
        What the last call returned; ``ClusterState()`` at first.
    settings : ClusterSettings
        The constants.

    Returns
    -------
    (Mapping[NodeId, Finding], str, ClusterState)
        A finding for each update, a note for people (thresholds, or why the rule abstained), and
        the state for the next call.
    """
    ordered = sorted(updates, key=lambda update: update.node.node_id)
    norms = squared_norms(reference, [update.arrays for update in ordered])
    total = np.sum([*norms.values()], axis=0) if norms else np.zeros(len(ordered))
    finite = np.isfinite(total)
    findings = {
        update.node.node_id: Finding(Reason.NON_FINITE, "its arrays are not finite numbers", 0)
        for update, good in zip(ordered, finite, strict=True)
        if not good
    }
    moving = [update for update, t, f in zip(ordered, total, finite, strict=True) if f and t > 0]
    for update, t in zip(ordered, total, strict=True):
        if t == 0:
            findings[update.node.node_id] = Finding(Reason.NONE, "", 0)
    number = state.round + 1
    alive = {
        node_id: past
        for node_id, past in state.nodes.items()
        if number - past.seen <= settings.memory
    }
    if not moving:
        return findings, "nobody moved", ClusterState(number, MappingProxyType(alive))
    rows = finite & (total > 0)
    squared = {name: values[rows] for name, values in norms.items()}
    ids = [update.node.node_id for update in moving]
    pasts = [alive.get(node_id) for node_id in ids]
    trusted = np.array([_LOW_TRUST if p is not None and p.rejected else 1.0 for p in pasts])
    grams, courses = _grams(reference, moving, squared, pasts, settings.course_decay)
    measured = _Measured(_agreement(grams, trusted), np.sqrt(total[rows]))
    smooth, length, weight = _smoothed(measured, trusted, pasts, settings.smoothing)
    agreement = smooth / weight
    reasons, ratio, note = _decide(agreement, measured.lengths, length / weight, trusted, settings)
    for i, node_id in enumerate(ids):
        findings[node_id] = _finding(reasons[i], float(agreement[i]), float(ratio[i]))
        alive[node_id] = NodePast(
            MappingProxyType({name: courses[name][i] for name in courses}),
            float(smooth[i]),
            float(length[i]),
            float(weight[i]),
            reasons[i] is not Reason.NONE,
            number,
        )
    return MappingProxyType(findings), note, ClusterState(number, MappingProxyType(alive))


def _grams(
    reference: Mapping[str, Array],
    updates: Sequence[ClientUpdate],
    squared: Mapping[str, Floats],
    pasts: Sequence[NodePast | None],
    decay: float,
) -> tuple[list[ArrayGram], dict[str, tuple[Array, ...]]]:
    grams, courses = [], {}
    for name, values in squared.items():
        gram, courses[name] = array_gram(
            reference[name],
            [update.arrays[name] for update in updates],
            values,
            [None if past is None else past.course.get(name) for past in pasts],
            decay,
        )
        grams.append(gram)
    return grams, courses


def _agreement(grams: Sequence[ArrayGram], trusted: Floats) -> Floats:
    """Return (n,) cosines of each update with the course of the others, all arrays weighed.

    Weights grow with the median agreement within the array, and with the root of its size: in d
    dimensions unrelated directions have cosines of about the inverse of that root.
    """
    common = [float(np.median(_leave_one_out(g.fresh, g.past, trusted))) for g in grams]
    shares = np.array(
        [max(0.0, c) ** _SHARPNESS * np.sqrt(g.size) for c, g in zip(common, grams, strict=True)]
    )
    if shares.sum() == 0:
        shares = np.ones(len(grams))
    shares /= shares.sum()
    fresh = np.sum([w * g.fresh for w, g in zip(shares, grams, strict=True)], axis=0)
    past = np.sum([w * g.past for w, g in zip(shares, grams, strict=True)], axis=0)
    return _leave_one_out(fresh, past, _centre(past, trusted))


def _leave_one_out(fresh: Floats, past: Floats, weights: Floats) -> Floats:
    """Return (n,) cosines of update i with the weighted sum of all courses but its own."""
    others = np.tile(weights, (len(weights), 1))  # (n, n): row i weighs the others of node i
    np.fill_diagonal(others, 0.0)
    length = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", others, past, others), 0.0))
    dots = np.einsum("ij,ij->i", fresh, others)
    cosines: Floats = np.divide(dots, length, out=np.zeros(len(weights)), where=length > 0)
    return cosines


def _centre(past: Floats, trusted: Floats) -> Floats:
    """Return (n,) weights of the largest group that pulls one way.

    The non-negative leading eigenvector of the courses' cosines without their diagonal: a node
    that points against the group gets weight zero, and no node more than the median.
    """
    links = past - np.diag(np.diag(past))
    weights = trusted.copy()
    for _ in range(_POWER_STEPS):
        moved = np.maximum(links @ weights, 0.0)
        size = float(np.linalg.norm(moved))
        if size == 0.0:
            return trusted
        moved /= size
        moved = np.minimum(moved, float(np.median(moved[moved > 0])))
        if float(np.abs(moved - weights).max()) < _SETTLED:
            return moved
        weights = moved
    return weights


def _smoothed(
    measured: _Measured, trusted: Floats, pasts: Sequence[NodePast | None], keep: float
) -> tuple[Floats, Floats, Floats]:
    """Return (n,) decayed sums of agreement and log norm, and (n,) their weights."""
    was = np.array(
        [(0.0, 0.0, 0.0) if p is None else (p.agreement, p.length, p.weight) for p in pasts]
    )
    log_norm = np.clip(_log_norms(measured.lengths, trusted), -2.0, 3.0)
    new = 1.0 - keep
    return (
        keep * was[:, 0] + new * measured.agreement,
        keep * was[:, 1] + new * log_norm,
        keep * was[:, 2] + new,
    )


def _log_norms(lengths: Floats, trusted: Floats) -> Floats:
    """Return (n,) log norms over the median of the trusted, or of all when those are few."""
    logs = np.log(lengths)
    good = trusted == 1.0
    base: Floats = logs[good] if good.sum() > len(logs) / 2 else logs
    centred: Floats = logs - np.median(base)
    return centred


def _decide(
    agreement: Floats,
    lengths: Floats,
    smooth_log_norm: Floats,
    trusted: Floats,
    settings: ClusterSettings,
) -> tuple[list[Reason], Floats, str]:
    """Return each node's reason, (n,) norms in median norms, and a note."""
    n = len(agreement)
    log_norm = _log_norms(lengths, trusted)
    clean = [Reason.NONE] * n
    if n < MIN_NODES:
        return clean, np.exp(log_norm), f"abstained: {n} updates, {MIN_NODES} are needed"
    middle = float(np.median(agreement))
    shorter = -log_norm[log_norm <= 0]
    reach = max(np.log(settings.norm_factor), 2.5 * _MAD_TO_SIGMA * float(np.median(shorter)))
    long = log_norm > reach
    note = f"median agreement {middle:.3f}, longest norm {np.exp(reach):.1f} medians"
    if middle < settings.weak:
        astray: Flags = np.zeros(n, dtype=np.bool_)
        note += "; direction not judged: no common direction"
    else:
        above = agreement[agreement >= middle] - middle
        spread = _MAD_TO_SIGMA * float(np.median(above))
        extra = settings.length_slope * np.maximum(smooth_log_norm - settings.length_free, 0.0)
        least = np.minimum((settings.agreement + extra) * middle, middle - settings.spread * spread)
        astray = agreement < least
        note += f", least agreement {float(least.min()):.3f}"
    if int((long | astray).sum()) > (n - 1) // 2:
        return clean, np.exp(log_norm), f"abstained: no clear majority ({note})"
    reasons = [
        Reason.OUTLIER_NORM if lng else Reason.OUTLIER_CLUSTER if off else Reason.NONE
        for lng, off in zip(long, astray, strict=True)
    ]
    return reasons, np.exp(log_norm), note


def _finding(reason: Reason, agreement: float, ratio: float) -> Finding:
    if reason is Reason.OUTLIER_NORM:
        detail = f"its update is {ratio:.1f} times as long as the median"
        return Finding(reason, detail, round(min(ratio, 1e6) * SCORE_ONE))
    score = round(agreement * SCORE_ONE)
    if reason is Reason.NONE:
        return Finding(reason, "", score)
    if agreement < 0:
        reason = Reason.OUTLIER_DIRECTION
        return Finding(reason, f"it pulls against the others: agreement {agreement:.2f}", score)
    return Finding(reason, f"it does not pull with the others: agreement {agreement:.2f}", score)
