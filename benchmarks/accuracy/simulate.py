"""One federated run: honest updates, then the attack, then the rule, then the next model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bcfl_plugins.defenses.base import Extras
from benchmarks.accuracy.adversaries import backdoor
from benchmarks.accuracy.data import CLASSES, Array, Data, split
from benchmarks.accuracy.training import Cohort, Recipe, initial, predict

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.attacks.data import DataAttack
    from bcfl_plugins.defenses.base import Decision, Defense
    from benchmarks.accuracy.adversaries import Adversary

EVALUATIONS = 5
_TRIGGERED = 2000  # test images that measure a backdoor


@dataclass(frozen=True, slots=True)
class Setting:
    """One federation.

    Parameters
    ----------
    n, f : int
        Clients, and how many of them attack; with no attack all are honest.
    alpha : float or None
        Dirichlet label skew; ``None`` for equally distributed data.
    rounds : int
        Aggregations.
    seed : int
        Of the split, the first model, the batches and the attackers' places.
    recipe : Recipe
        How clients train.
    """

    n: int = 20
    f: int = 4
    alpha: float | None = 0.5
    rounds: int = 200
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run; all numbers are percent.

    Parameters
    ----------
    accuracy : float
        On test data; the mean over evaluations in the last tenth of the rounds.
    backdoor : float
        Triggered test images of other classes that are taken for the target.
    honest_rejected : float
        Honest updates that were not kept.
    worst_rejected : float
        Rounds in which the most rejected honest client was not kept.
    byzantine_rejected : float or None
        Attackers' updates that were not kept; ``None`` without attackers.
    """

    accuracy: float
    backdoor: float
    honest_rejected: float
    worst_rejected: float
    byzantine_rejected: float | None


def run(
    data: Data,
    setting: Setting,
    rule: Defense,
    adversary: Adversary | None,
    watch: Callable[[int, Decision], None] | None = None,
) -> Outcome:
    """Train under attack and return what came of it.

    Parameters
    ----------
    data : Data
        From `load`.
    setting : Setting
        The federation. Equal seeds give equal data, batches and first models to every rule.
    rule : Defense
        Called each round with the (n, d) deltas, ids, and what it remembered.
    adversary : Adversary or None
        The colluding attackers; ``None`` for a run in which everyone is honest.
    watch : callable or None
        Called with each round's number and decision.
    """
    dice = _dice(setting, 3)
    evil = np.zeros(setting.n, dtype=np.bool_)
    evil[dice.permutation(setting.n)[: setting.f]] = adversary is not None
    ids = [int(one) for one in dice.permutation(setting.n)]
    feed = _Feed(data, setting, evil, None if adversary is None else adversary.data)
    plot = None if adversary is None else _Plot(adversary, _dice(setting, 4))
    cohort = Cohort(setting.n, setting.recipe)
    weights, state = initial(setting.seed), None
    rejected = np.zeros(setting.n)
    last = setting.rounds - 1
    marks = set(np.linspace(min(0.9 * setting.rounds, last), last, EVALUATIONS).round().tolist())
    scores = []
    for number in range(setting.rounds):
        updates = cohort.deltas(weights, feed.round()).numpy()
        if plot is not None:
            updates[evil] = plot.craft(updates[~evil], updates[evil], number)
        made = rule.aggregate(updates, Extras(ids=ids, state=state))
        state, step = made.state, np.asarray(made.value, dtype=np.float32)
        if plot is not None:
            plot.saw(step)
        weights = weights + torch.from_numpy(step)
        rejected += ~made.decision.kept
        if watch is not None:
            watch(number, made.decision)
        if number in marks:
            scores.append(_evaluate(weights, data))
    shares = 100 * rejected / setting.rounds
    accuracy, success = np.mean(scores, axis=0)
    return Outcome(
        round(float(accuracy), 2),
        round(float(success), 2),
        round(float(shares[~evil].mean()), 2),
        round(float(shares[~evil].max()), 2),
        round(float(shares[evil].mean()), 2) if evil.any() else None,
    )


def _dice(setting: Setting, purpose: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([setting.seed, purpose]))


class _Plot:
    """The attackers, with what they remember."""

    def __init__(self, adversary: Adversary, rng: np.random.Generator) -> None:
        self._attack, self._rng = adversary.model, rng
        self._sent: Array | None = None
        self._step: Array | None = None

    def craft(self, honest: Array, own: Array, number: int) -> Array:
        if self._attack is None:
            return own
        known = {"nothing": None, "aggregate": self._step, "own": self._sent}
        self._sent = self._attack.craft(
            honest,
            len(own),
            rng=self._rng,
            own=own,
            previous=known[self._attack.repeats],
            server_round=number + 1,
        )
        return self._sent

    def saw(self, step: Array) -> None:
        self._step = step


class _Feed:
    """Draws batches; the same seed draws the same rows whatever the model."""

    def __init__(
        self, data: Data, setting: Setting, evil: Array, poison: DataAttack | None
    ) -> None:
        recipe = setting.recipe
        self._recipe, self._rng = recipe, _dice(setting, 5)
        rows = split(data.train_y, setting.n, setting.alpha, 2 * recipe.batch, setting.seed)
        images, labels = [data.train_x], [data.train_y]
        total, spoilers = len(data.train_y), np.flatnonzero(evil).tolist()
        for part, client in enumerate(spoilers if poison is not None else []):
            own = rows[client]
            x, y = _poisoned(poison, data, own, (part, len(spoilers)), _dice(setting, 6 + part))
            images.append(x)
            labels.append(y)
            rows[client] = np.arange(total, total + len(own))
            total += len(own)
        self._rows = rows
        self._images = torch.from_numpy(np.concatenate(images) if poison else data.train_x)
        self._labels = torch.from_numpy(np.concatenate(labels))

    def round(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [self._batch() for _ in range(self._recipe.local_steps)]

    def _batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        size = self._recipe.batch
        drawn = [rows[self._rng.integers(0, len(rows), size)] for rows in self._rows]
        index = torch.from_numpy(np.stack(drawn))
        return self._images[index], self._labels[index]


def _poisoned(
    attack: Any,  # noqa: ANN401 - not None, which the loop around it shows
    data: Data,
    rows: Array,
    part: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    x, y = attack.poison(
        data.train_x[rows],
        data.train_y[rows],
        rng=rng,
        classes=CLASSES,
        part=part[0],
        parts=part[1],
    )
    return x, y


def _evaluate(weights: torch.Tensor, data: Data) -> tuple[float, float]:
    """Return accuracy and backdoor success, percent."""
    trigger = backdoor()
    accuracy = 100 * np.mean(predict(weights, torch.from_numpy(data.test_x)) == data.test_y)
    others = trigger.stamp(data.test_x[data.test_y != trigger.target][:_TRIGGERED])
    hit = 100 * np.mean(predict(weights, torch.from_numpy(others)) == trigger.target)
    return float(accuracy), float(hit)
