"""The rule `cluster`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.cluster.agreement import Tolerances, agreements, decide, log_norms
from bcfl_plugins.defenses.cluster.courses import advance, read_arrays
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.node_memory import recalled, stacked
from bcfl_plugins.defenses.parts.points import by_row, nodes
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats
    from bcfl_plugins.defenses.cluster.courses import ArrayCosines
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_LOW_TRUST = 0.05  # a node rejected last round still counts a little, or it could never come back


@dataclass(frozen=True, slots=True, eq=False)
class ArrayCourse:
    """What is remembered of one node: 32 KiB at most for each array, and four numbers.

    Parameters
    ----------
    pulls : tuple of Floats
        Of each array, the decayed sum of its updates at length one, as a sketch.
    agreement, length : float
        Decayed sums of agreement and of log norm; divide by `weight`.
    weight : float
        Decayed number of rounds.
    rejected : bool
        Whether its last update was rejected.
    """

    pulls: tuple[Floats, ...]
    agreement: float
    length: float
    weight: float
    rejected: bool


@dataclass(frozen=True, slots=True)
class Cluster(Rule):
    """The mean of the updates that pull with the others, and are not too long.

    Agreement is the cosine of an update with the course of the other nodes, where a course is the
    decayed sum of a node's past updates at length one. One round's cosines are noise under label
    skew; courses average it out. Arrays in which nodes agree count more: label skew lives in the
    output layer, common progress in the others. Agreement is averaged over a node's last rounds.
    Of long arrays only sketches are compared (see `core.sketch`): their cosines are off by about
    1.6 %.

    Parameters
    ----------
    agreement : float
        Least agreement with the others, as a fraction of the median; higher rejects more.
    spread : float
        Standard deviations below the median that are still honest; lower rejects more.
    norm_factor : float
        An update longer than this many median norms is rejected.
    course_decay : float
        What is left of a node's past direction after a round.
    smoothing : float
        What is left of a node's past agreement after a round.
    memory : int
        Rounds after which an absent node is forgotten.
    seed : int
        Of the sketches.
    """

    name: ClassVar[str] = "cluster"
    paper: ClassVar[str] = "own"
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True, stateful=True, layerwise=True)
    needs: ClassVar[Needs] = "rows"

    agreement: float = 0.25
    spread: float = 1.1
    norm_factor: float = 3.0
    course_decay: float = 0.8
    smoothing: float = 0.4
    memory: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("agreement", self.agreement, low=-1.0, high=1.0)
        check_range("spread", self.spread, low=0.0, high=10.0)
        check_range("norm_factor", self.norm_factor, low=1.0, high=1000.0)
        check_range("course_decay", self.course_decay, low=0.0, high=1.0)
        check_range("smoothing", self.smoothing, low=0.0, high=0.99)
        check_range("memory", self.memory, low=1)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; nothing is proved."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Judge the nodes that moved; scores are one minus the smoothed agreement."""
        ids = nodes(batch)
        memory = recalled(batch.extras.state, self.name)
        pasts: list[ArrayCourse | None] = memory.of(ids)
        squares, cosines, pulls = self._read(batch, pasts)
        reasons, scores = [Reason.NONE] * batch.m, np.ones(batch.m)
        note, news = "nobody moved", {}
        moving = np.flatnonzero(squares)
        if moving.size:
            measured = [one.take(moving) for one in cosines]
            some = [pasts[i] for i in moving.tolist()]
            found, sums, note = self._judged(measured, np.sqrt(squares[moving]), some)
            scores[moving] = 1.0 - sums[0] / sums[2]
            for k, i in enumerate(moving.tolist()):
                reasons[i] = found[k]
                pull = tuple(array[i].copy() for array in pulls)
                agreement, length, weight = sums[:, k].tolist()
                news[ids[i]] = ArrayCourse(
                    pull, agreement, length, weight, found[k] is not Reason.NONE
                )
        kept = np.array([reason is Reason.NONE for reason in reasons])
        return batch.weighted(
            kept / max(1, int(kept.sum())),
            scores,
            by_row(batch, reasons),
            kept=kept,
            note=note,
            state=memory.after(news, self.memory),
        )

    def _read(
        self, batch: Batch, pasts: Sequence[ArrayCourse | None]
    ) -> tuple[Floats, list[ArrayCosines], list[Floats]]:
        """Return (n,) squared norms, and the cosines and the (n, s) courses of each array."""
        count = len(batch.rows.judged)
        if any(past is not None and len(past.pulls) != count for past in pasts):
            raise BadUpdates("state", "the model has other arrays than before; start without state")
        squares, cosines, courses = np.zeros(batch.m), [], []
        for k, array in enumerate(read_arrays(batch, self.seed)):
            old = [None if past is None else past.pulls[k] for past in pasts]
            before = stacked(old, array.sketches.shape[1])
            one, course = advance(array, before, self.course_decay)
            squares += array.squares
            cosines.append(one)
            courses.append(course)
        return squares, cosines, courses

    def _judged(
        self, cosines: Sequence[ArrayCosines], lengths: Floats, pasts: Sequence[ArrayCourse | None]
    ) -> tuple[list[Reason], Floats, str]:
        """Return what is found of each node, (3, n) sums to remember, and a note."""
        trusted = np.array([_LOW_TRUST if p is not None and p.rejected else 1.0 for p in pasts])
        fresh = agreements(cosines, trusted)
        sums = self._smoothed(fresh, log_norms(lengths, trusted), pasts)
        agreement, length, weight = sums
        limits = Tolerances(self.agreement, self.spread, self.norm_factor)
        reasons, note = decide(agreement / weight, lengths, length / weight, trusted, limits)
        return reasons, sums, note

    def _smoothed(
        self, agreement: Floats, log_norm: Floats, pasts: Sequence[ArrayCourse | None]
    ) -> Floats:
        """Return (3, n) decayed sums of agreement and of log norm, and their weights."""
        was = np.array(
            [(0.0, 0.0, 0.0) if p is None else (p.agreement, p.length, p.weight) for p in pasts]
        )
        keep, new = self.smoothing, 1.0 - self.smoothing
        fresh = np.stack([agreement, np.clip(log_norm, -2.0, 3.0), np.ones(len(pasts))])
        sums: Floats = keep * was.T + new * fresh
        return sums
