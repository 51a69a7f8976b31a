"""Rules that trust a node for what it sends: next to the server's own, or unlike the others'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core import finish
from bcfl_plugins.defenses.core.gram import combine
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.node_memory import recalled, stacked
from bcfl_plugins.defenses.parts.points import by_row, nodes, norms, overlong, pivot
from bcfl_plugins.defenses.parts.weighing import (
    aligned_weights,
    clone_weights,
    cosines,
    nearest,
)
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Flags, Floats
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_LEAST = 1e-20
"""An update that is shorter, in lengths of the server's own, points nowhere: it cannot be brought
to length in float32."""


@dataclass(frozen=True, slots=True)
class Monna(Rule):
    """The mean of the n - f updates nearest to the server's own.

    The paper's nodes have no server: each takes its own update as the pivot. Here that is
    ``extras.trusted``. What the rule claims holds where the pivot lies among the honest updates.
    """

    name: ClassVar[str] = "monna"
    paper: ClassVar[str] = (
        "Farhadkhani, Guerraoui, Gupta, Hoang, Pinot, Stephan, Robust Collaborative Learning with "
        "Linear Gradient Overhead, ICML 2023"
    )
    tags: ClassVar[RuleTags] = RuleTags(
        translation=True,
        scale=True,
        unanimity=True,
        mean_without_byzantine=True,
        bounded=True,
        selects=True,
        monotone=True,
    )
    needs_trusted: ClassVar[bool] = True

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f below n / 2."""
        return minority(n)

    def decide(self, batch: Batch) -> Aggregate:
        """Average the nearest updates; scores are distances to the pivot."""
        dots, length = pivot(batch)
        squared = np.maximum(batch.squares - 2.0 * dots + length**2, 0.0)
        kept = nearest(squared, batch.m - batch.f)
        scores = np.sqrt(squared)
        note = f"{kept.sum()} updates within {scores[kept].max():.3g} of the server's own"
        return batch.weighted(kept / kept.sum(), scores, note=note)


@dataclass(frozen=True, slots=True)
class FLTrust(Rule):
    """Updates weighed by the cosine with the server's own, and brought to its length.

    Updates that point away from ``extras.trusted`` have no share. When all do, the result is the
    zero update. Any number of nodes may be byzantine: the result is never longer than the server's
    own update, and as good as the server's data.
    """

    name: ClassVar[str] = "fltrust"
    paper: ClassVar[str] = (
        "Cao, Fang, Liu, Gong, FLTrust: Byzantine-robust Federated Learning via Trust "
        "Bootstrapping, NDSS 2021"
    )
    tags: ClassVar[RuleTags] = RuleTags(scale=True, selects=True)
    needs: ClassVar[Needs] = "norms"
    needs_trusted: ClassVar[bool] = True

    def max_byzantine(self, n: int) -> int:
        """Return all but one."""
        return n - 1

    def decide(self, batch: Batch) -> Aggregate:
        """Average by trust; scores are one minus the cosine.

        The weights are what each update was multiplied with. Where updates are lengthened so much
        that these sum to more than one, they are no shares, and left out.
        """
        dots, length = pivot(batch)
        lengths = norms(batch)
        moving = lengths > _LEAST * length
        cosine = np.divide(
            dots, lengths * length, out=np.zeros(batch.m), where=moving & (length > 0)
        )
        trust = np.clip(cosine, 0.0, 1.0)
        total = float(trust.sum())
        trust = trust / total if total > 0 else trust
        factors = np.divide(length * trust, lengths, out=np.zeros(batch.m), where=moving)
        factors = batch.shares(factors)
        decision = finish.decide(
            batch.rows,
            kept=factors > 0,
            weights=factors if factors.sum() <= 1.0 else np.zeros(0),
            scores=batch.per_row(1.0 - cosine),
            reason=Reason.OUTLIER_DIRECTION,
            note=f"sum of trust {total:.3g}" if total > 0 else "no update points the server's way",
        )
        return finish.aggregate(batch.rows, combine(batch.rows, factors), decision)


@dataclass(frozen=True, slots=True)
class FoolsGold(Rule):
    """Updates weighed by how unlike the node's history is to that of every other node.

    Made against clones of one attacker, any number of them; a lone attacker passes, and honest
    nodes with equal data lose weight. A history is the sum of a node's updates, kept as a sketch
    of 32 KiB (see `bcfl_plugins.defenses.core.sketch`): clones keep a cosine of exactly one, other
    cosines are off by about 1.6 %. Rates are divided by their sum, since updates are differences of
    models here and not gradients to add up. An update over a thousand median norms is rejected,
    and not remembered.

    Parameters
    ----------
    confidence : float
        The paper's kappa: how sharply likeness is punished.
    memory : int
        Rounds after which an absent node is forgotten.
    seed : int
        Of the sketch.
    """

    name: ClassVar[str] = "foolsgold"
    paper: ClassVar[str] = (
        "Fung, Yoon, Beschastnikh, The Limitations of Federated Learning in Sybil Settings, "
        "RAID 2020"
    )
    tags: ClassVar[RuleTags] = RuleTags(selects=True, stateful=True)
    needs: ClassVar[Needs] = "norms"

    confidence: float = 1.0
    memory: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("confidence", self.confidence, low=0.0)
        check_range("memory", self.memory, low=1)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return all but one: clones, of one attacker."""
        return n - 1

    @property
    def sketch_seed(self) -> int | None:
        """See `Rule.sketch_seed`."""
        return self.seed

    def decide(self, batch: Batch) -> Aggregate:
        """Average by unlikeness; scores are the likeness to the nearest other, 1 for a clone."""
        ids = nodes(batch)
        memory = recalled(batch.extras.state, self.name)
        long, histories = _histories(batch, memory.of(ids))
        rates, likeness = clone_weights(cosines(histories @ histories.T), self.confidence)
        news = {node: histories[i] for i, node in enumerate(ids) if not long[i]}
        state = memory.after(news, self.memory)
        return _weighed(batch, np.where(long, 0.0, rates), likeness, long, state)


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """What `Contra` remembers of one node: the (s,) sum of its updates, and its reputation."""

    history: Floats
    reputation: float


@dataclass(frozen=True, slots=True)
class Contra(Rule):
    """Updates weighed by alignment of histories and by a reputation built from it.

    As in `FoolsGold`, but alignment is the mean of the greatest cosines with others, and each
    round a node's reputation rises or falls by a step as its alignment is below or above a
    threshold. The paper also draws nodes by reputation; a rule cannot choose who trains, so a rate
    is multiplied by the reputation instead, which is what a node would get on average.

    Parameters
    ----------
    top : int
        k: how many nearest others alignment looks at.
    threshold : float
        Alignment from 0 to 1 above which reputation falls.
    step : float
        By how much it changes in a round, from 0 to 1.
    memory : int
        Rounds after which an absent node is forgotten.
    seed : int
        Of the sketch.
    """

    name: ClassVar[str] = "contra"
    paper: ClassVar[str] = (
        "Awan, Luo, Li, CONTRA: Defending against Poisoning Attacks in Federated Learning, "
        "ESORICS 2021"
    )
    tags: ClassVar[RuleTags] = RuleTags(selects=True, stateful=True)
    needs: ClassVar[Needs] = "norms"

    top: int = 1
    threshold: float = 0.5
    step: float = 0.1
    memory: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        check_range("top", self.top, low=1)
        check_range("threshold", self.threshold, low=0.0, high=1.0)
        check_range("step", self.step, low=0.0, high=1.0)
        check_range("memory", self.memory, low=1)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return all but one: colluders that send alike."""
        return n - 1

    @property
    def sketch_seed(self) -> int | None:
        """See `Rule.sketch_seed`."""
        return self.seed

    def decide(self, batch: Batch) -> Aggregate:
        """Average by rate and reputation; scores are alignments, 1 for a clone."""
        ids = nodes(batch)
        memory = recalled(batch.extras.state, self.name)
        pasts: list[_Standing | None] = memory.of(ids)
        sums = [None if past is None else past.history for past in pasts]
        long, histories = _histories(batch, sums)
        rates, alignment = aligned_weights(cosines(histories @ histories.T), self.top)
        reputation = np.array([1.0 if past is None else past.reputation for past in pasts])
        reputation += np.where(alignment > self.threshold, -self.step, self.step)
        reputation = np.clip(reputation, 0.0, 1.0)
        news = {
            node: _Standing(histories[i], float(reputation[i]))
            for i, node in enumerate(ids)
            if not long[i]
        }
        state = memory.after(news, self.memory)
        return _weighed(batch, np.where(long, 0.0, rates * reputation), alignment, long, state)


def _histories(batch: Batch, so_far: Sequence[Floats | None]) -> tuple[Flags, Floats]:
    """Return (n,) which updates are too long to remember, and (n, s) sums of updates so far."""
    long = overlong(norms(batch))
    fresh = np.where(long[:, None], 0.0, batch.sketches)
    return long, stacked(so_far, fresh.shape[1]) + fresh


def _weighed(
    batch: Batch, rates: Floats, likeness: Floats, long: Flags, state: object
) -> Aggregate:
    total = float(rates.sum())
    return batch.weighted(
        rates / total if total > 0 else np.zeros(batch.m),
        likeness,
        by_row(batch, [Reason.OUTLIER_NORM if x else Reason.OUTLIER_CLUSTER for x in long]),
        note=f"rates sum to {total:.3g}" if total > 0 else "all nodes look like one",
        state=state,
    )
