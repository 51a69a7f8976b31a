"""The rule `cluster_guard`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.cluster_guard.course import Course, before
from bcfl_plugins.defenses.cluster_guard.decisions import (
    NodeDecisions,
    decide,
    slopes_of,
)
from bcfl_plugins.defenses.cluster_guard.features import (
    agreement,
    course_group,
    standing,
    unit_rows,
    votes,
    weighted_median,
)
from bcfl_plugins.defenses.cluster_guard.influence import believed, influence, more_than_usual, size
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.core.tiles import inner
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.node_memory import recalled
from bcfl_plugins.defenses.parts.points import by_row, nodes, norms
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats, Ints
    from bcfl_plugins.defenses.core.batch import Batch, Needs

MOVING = 4
"""So many nodes that move are heard beside any number that stand still."""


@dataclass(frozen=True, slots=True)
class ClusterGuard(Rule):
    """Weigh nodes by what their courses say, reject few, and let no update drag the centre far.

    A node's course is the decayed sum of sketches of its updates. One round's cosines are noise
    under label skew; courses average it out. Three things follow from courses and from the
    norms of the round:

    1. **Votes.** Nodes whose courses are alike beyond what is usual among all share their votes
       (see `features.votes`). This costs colluders nearly all influence, with noise or without, and
       costs honest clones little, since what they send is sent by several.
    2. **Rejection**, apart from influence and rare: only of nodes that kept pulling against the
       others over their rounds, by more than label skew explains, or are absurdly long (see
       `decisions.decide`). Being alike, or far, is no ground. Without a common direction, or with
       half of the nodes against the other half, the rule abstains.
    3. **Influence**: an update counts by its node's votes, less what nodes with the opposite course
       cancel (see `features.standing`), and the less the longer it is (see `influence.influence`):
       who is far this round has little pull, whoever it is. Where nodes claim numbers of examples
       it counts by these too, as far as they are borne out (see `influence.size`).

    A node that sends no change has no vote.

    There is no f to set: any f below n / 2 is withstood in the sense of the tag ``bounded``.

    Parameters
    ----------
    decay : float
        What is left of a course after a round.
    evidence_decay : float
        What is left of a node's agreement and evidence after a round.
    tolerance : float
        Standard deviations below the median agreement at which rejection begins.
    room : float
        Median norms that an update may be long before its share falls. At 1 the only holder of a
        class, whose updates are long because nobody hears them, stays unheard; at 4, with a great
        `tolerance`, it is heard, and so is an attacker as long.
    agreed_room : float
        The same for a node that has agreed with the others so far: new data or a new instrument
        make its updates long, and it is heard.
    memory : int
        Rounds after which an absent node is forgotten.
    seed : int
        Of the sketch.
    """

    name: ClassVar[str] = "cluster_guard"
    paper: ClassVar[str] = (
        "own; parts after FoolsGold (Fung, Yoon, Beschastnikh, RAID 2020) and centered clipping "
        "(Karimireddy, He, Jaggi, ICML 2021)"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        scale=True, bounded=True, selects=True, stateful=True, claims=True
    )
    needs: ClassVar[Needs] = "norms"

    decay: float = 0.95
    evidence_decay: float = 0.99
    tolerance: float = 3.5
    room: float = 1.0
    agreed_room: float = 4.0
    memory: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("decay", self.decay, low=0.0, high=1.0)
        check_range("evidence_decay", self.evidence_decay, low=0.0, high=1.0)
        check_range("tolerance", self.tolerance, low=0.0)
        check_range("room", self.room, low=1.0, high=100.0)
        check_range("agreed_room", self.agreed_room, low=1.0, high=100.0)
        check_range("memory", self.memory, low=1)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2."""
        return minority(n)

    @property
    def evenly(self) -> bool:
        """See `Rule.evenly`."""
        return True

    @property
    def sketch_seed(self) -> int | None:
        """See `Rule.sketch_seed`."""
        return self.seed

    def decide(self, batch: Batch) -> Aggregate:
        """Weigh, decide, and take the centre; scores are one minus the relative agreement."""
        ids = nodes(batch)
        memory = recalled(batch.extras.state, self.name)
        lengths = norms(batch)
        who = voters(lengths)
        pasts = memory.of([ids[i] for i in who.tolist()])
        claims = _claims(batch)[who]
        far = np.maximum(self.room, more_than_usual(claims))
        found, shares, courses = self._judged(batch.sketches[who], lengths[who], pasts, far)
        weights, scores = np.zeros(batch.m), np.zeros(batch.m)
        kept, reasons = np.ones(batch.m, dtype=np.bool_), [Reason.NONE] * batch.m
        kept[who], scores[who] = ~found.rejected, found.scores
        for place, reason in zip(who.tolist(), found.reasons, strict=True):
            reasons[place] = reason
        belief = believed(found.slopes)
        factor, room = size(claims, lengths[who], belief)
        room = np.maximum(room, 1.0 + (self.agreed_room - 1.0) * belief)
        room = np.maximum(room, self.room)
        weights[who] = influence(lengths[who], shares * factor, kept[who], room)
        note = found.note
        if len(who) < batch.m:
            note = f"{batch.m - len(who)} of {batch.m} sent no change and have no vote; {note}"
        news = {ids[i]: course for i, course in zip(who.tolist(), courses, strict=True)}
        return batch.weighted(
            weights,
            scores,
            by_row(batch, reasons),
            kept=kept,
            note=note,
            state=memory.after(news, self.memory),
        )

    def _judged(
        self, fresh: Floats, lengths: Floats, pasts: Sequence[Course | None], room: Floats
    ) -> tuple[NodeDecisions, Floats, list[Course]]:
        """Return what is found of the nodes that vote, their votes, and what to remember."""
        courses, agreements, evidence = before(pasts, fresh.shape[1])
        past = slopes_of(agreements, evidence)
        courses *= self.decay
        courses += _capped(fresh, lengths)
        cosines, shares, group, found = _features(fresh, courses)
        common = max(weighted_median(found, group), 0.0)
        agreements = self.evidence_decay * agreements + common * found
        evidence = self.evidence_decay * evidence + common**2
        news = [
            Course(courses[i].copy(), float(agreements[i]), float(evidence[i]))
            for i in range(len(lengths))
        ]
        decisions = decide(
            agreements, evidence, lengths, shares, self.tolerance, past=past, room=room
        )
        return decisions, shares * standing(cosines) * decisions.trust, news


def voters(lengths: Floats) -> Ints:
    """Return the places of the nodes that have a vote.

    Who sends the model back as it came has trained on nothing, and says nothing about where to go.
    It has no vote, unless fewer than `MOVING` move: nobody knows then whether they should.
    """
    moving = np.flatnonzero(lengths > 0.0)
    return moving if len(moving) >= MOVING else np.arange(len(lengths))


def _claims(batch: Batch) -> Floats:
    """Return (n,) claimed numbers of examples; ones where none are given."""
    given = batch.extras.claims
    if given is None:
        return np.ones(batch.m)
    claims = np.array(given, dtype=np.float64)
    if claims.shape != (batch.rows.total,) or not (np.isfinite(claims) & (claims >= 0.0)).all():
        raise BadUpdates("claims", "there must be one for each update, finite and not negative")
    found: Floats = claims[batch.rows.origin]
    return found


def _features(fresh: Floats, courses: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return cosines and votes of courses, the group of most of them, and agreement with it."""
    rays = unit_rows(courses)
    cosines = inner(rays)
    shares = votes(cosines)
    group = course_group(cosines, shares)
    return cosines, shares, group, agreement(unit_rows(fresh), rays, group)


def _capped(fresh: Floats, lengths: Floats) -> Floats:
    """Return the sketches in median norms, those of longer updates at length one."""
    scale = np.maximum(lengths, np.median(lengths))
    capped: Floats = fresh * np.divide(1.0, scale, np.zeros_like(scale), where=scale > 0)[:, None]
    return capped
