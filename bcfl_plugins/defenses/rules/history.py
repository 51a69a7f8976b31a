"""FLDetector: a node whose updates do not follow from its last one and the model's move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.defenses.base import Aggregate, RuleTags
from bcfl_plugins.defenses.core.rule import Rule
from bcfl_plugins.defenses.core.sketch import ENTRIES, reference_sketch
from bcfl_plugins.defenses.parts.bounds import minority
from bcfl_plugins.defenses.parts.checks import check_range
from bcfl_plugins.defenses.parts.kmeans import cluster_count, kmeans
from bcfl_plugins.defenses.parts.lbfgs import hessian_product
from bcfl_plugins.defenses.parts.node_memory import NodeMemory
from bcfl_plugins.defenses.parts.points import by_row, nodes, norms, overlong
from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.defenses.base import Flags, Floats, Key
    from bcfl_plugins.defenses.core.batch import Batch, Needs

_FEWEST = 4  # nodes among which clusters are looked for: fewer have no clear majority


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """What is remembered of one node: its last update, the model it came from, its last errors."""

    update: Floats
    model: Floats
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """What is remembered of a run. All vectors are sketches of s entries, 32 KiB at most.

    Parameters
    ----------
    referenced : bool
        Whether `model` is the model that went out, or the sum of the results.
    model, result : Floats
        (s,) of the last round; empty before the first.
    steps, changes : Floats
        (k, s) how the model moved and how the result changed, oldest first.
    memory : NodeMemory
        Of each node, and the rounds so far.
    """

    memory: NodeMemory[_Node]
    referenced: bool = False
    model: Floats = field(default_factory=lambda: np.zeros(0))
    result: Floats = field(default_factory=lambda: np.zeros(0))
    steps: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    changes: Floats = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True, slots=True)
class FLDetector(Rule):
    """The mean of all but the nodes whose updates are badly predicted, where these stand out.

    A node's update is predicted as its last one plus the Hessian times the model's move since; the
    Hessian is that of L-BFGS over the last rounds. The error, in mean errors, is averaged over a
    node's last rounds. When the gap statistic sees more than one cluster among the averages, the
    worse of two is rejected, unless it has more than f members.

    A node is judged once it has `window` errors, so nobody is rejected in the first rounds: the
    rule needs long runs in which the same nodes take part, and the paper's server then starts the
    training again without the attackers. Here training goes on, and a node is judged anew each
    round. Only an update over a thousand median norms is rejected at once.

    The paper holds n + 2 * window models in memory. All steps but the error's norm are linear, and
    the norm survives a sketch (see `bcfl_plugins.defenses.core.sketch`), so 2 * (n + window)
    sketches of at most 32 KiB are held instead; up to 4096 parameters that is the same algorithm,
    beyond it errors are off by about 1.6 %.

    The model's move is taken from ``extras.reference``; without one, from the results of the last
    rounds, as if the caller had added them.

    Parameters
    ----------
    window : int
        Rounds that the Hessian and the average error look back; at least 2.
    references : int
        Reference sets of the gap statistic.
    memory : int
        Rounds after which an absent node is forgotten.
    seed : int
        Of sketch and clustering.
    """

    name: ClassVar[str] = "fldetector"
    paper: ClassVar[str] = (
        "Zhang, Cao, Jia, Gong, FLDetector: Defending Federated Learning Against Model Poisoning "
        "Attacks via Detecting Malicious Clients, KDD 2022"
    )
    tags: ClassVar[RuleTags] = RuleTags(selects=True, stateful=True)
    needs: ClassVar[Needs] = "norms"

    window: int = 10
    references: int = 20
    memory: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the hyper-parameters."""
        check_range("window", self.window, low=2)
        check_range("references", self.references, low=2)
        check_range("memory", self.memory, low=1)
        check_range("seed", self.seed, low=0)

    def max_byzantine(self, n: int) -> int:
        """Return the greatest f under n / 2; the paper proves none."""
        return minority(n)

    @property
    def sketch_seed(self) -> int | None:
        """See `Rule.sketch_seed`."""
        return self.seed

    def decide(self, batch: Batch) -> Aggregate:
        """Reject who is badly predicted; scores are mean errors, 1 for the average node."""
        ids = nodes(batch)
        course = _course(batch.extras.state, batch, self.name)
        fresh = batch.sketches
        model = _model(batch, course, self.seed)
        long = overlong(norms(batch))
        errors = _errors(course, ids, np.where(long[:, None], np.nan, fresh), model, self.window)
        scores = np.array([float(np.mean(past)) if past else 0.0 for past in errors])
        judged = np.array([len(past) == self.window for past in errors]) & ~long
        astray, note = self._astray(scores, judged, batch.f)
        kept = ~long & ~astray
        weights = kept / max(1, int(kept.sum()))
        news = {
            node: _Node(fresh[i], model, errors[i]) for i, node in enumerate(ids) if not long[i]
        }
        reasons = [Reason.OUTLIER_NORM if one else Reason.OUTLIER_CLUSTER for one in long]
        return batch.weighted(
            weights,
            scores,
            by_row(batch, reasons),
            note=note,
            state=self._next(course, model, weights @ fresh, news),
        )

    def _astray(self, scores: Floats, judged: Flags, most: int) -> tuple[Flags, str]:
        astray = np.zeros(len(scores), dtype=np.bool_)
        places = np.flatnonzero(judged)
        if len(places) < _FEWEST:
            return astray, f"abstained: {len(places)} nodes have {self.window} errors"
        points = scores[places][:, None]
        rng = np.random.Generator(np.random.PCG64(self.seed))
        if cluster_count(points, 2, self.references, rng) == 1:
            return astray, "one cluster of errors"
        labels = kmeans(points, 2, rng)
        worse = labels == int(points[labels == 1].mean() > points[labels == 0].mean())
        if int(worse.sum()) > most:
            return astray, f"abstained: {worse.sum()} nodes stand out, over f = {most}"
        astray[places[worse]] = True
        return astray, "two clusters of errors"

    def _next(
        self, course: _Course, model: Floats, result: Floats, news: Mapping[Key, _Node]
    ) -> _Course:
        steps, changes = course.steps, course.changes
        if course.memory.round == 0:
            steps = changes = np.zeros((0, len(model)))
        else:
            steps = np.concatenate([steps, [model - course.model]])[-self.window :]
            changes = np.concatenate([changes, [result - course.result]])[-self.window :]
        memory = course.memory.after(news, self.memory)
        return _Course(memory, course.referenced, model, result, steps, changes)


def _errors(
    course: _Course, ids: tuple[Key, ...], fresh: Floats, model: Floats, window: int
) -> list[tuple[float, ...]]:
    """Return each node's last errors, this round's included, in mean errors of the round.

    A row of `fresh` that is not a number gets no error.
    """
    found = course.memory.of(ids)
    errors = [() if past is None else past.errors for past in found]
    known = [i for i, past in enumerate(found) if past is not None]
    if not known or not len(course.steps):
        return errors
    pasts = [past for past in found if past is not None]
    moves = model - np.stack([past.model for past in pasts])
    predicted = np.stack([past.update for past in pasts])
    predicted += hessian_product(course.steps, course.changes, moves)
    away = np.linalg.norm(fresh[known] - predicted, axis=1)
    middle = float(np.mean(away[~np.isnan(away)])) if not np.isnan(away).all() else 0.0
    for i, error in zip(known, away / middle if middle > 0 else np.ones(len(known)), strict=True):
        if not np.isnan(error):
            errors[i] = (*errors[i], float(error))[-window:]
    return errors


def _course(state: object, batch: Batch, rule: str) -> _Course:
    if state is None:
        return _Course(NodeMemory(rule), batch.rows.referenced)
    if not isinstance(state, _Course):
        raise BadUpdates("state", f"{rule} did not return this; pass what its last call returned")
    if len(state.model) != min(batch.rows.d, ENTRIES):
        raise BadUpdates("state", "the model has another size than before; start without state")
    if state.referenced != batch.rows.referenced:
        raise BadUpdates("state", "pass a reference in all rounds or in none")
    return state


def _model(batch: Batch, course: _Course, seed: int) -> Floats:
    """Return (s,) where the model stands."""
    if batch.rows.referenced:
        return reference_sketch(batch.rows, seed)
    if course.memory.round == 0:
        return np.zeros(batch.sketches.shape[1])
    return course.model + course.result
