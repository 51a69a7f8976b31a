"""Triggers that are made for the model that they shall work on: A3FL and IBA.

Both need a model that answers, a `Victim`: `victims.TorchVictim` makes one of a torch module. They
are fitted anew each round to the model that went out, and begin where they were::

    trigger = A3FL(target=7).fitted(victim, x, y, rng=rng, before=trigger)
    x, y = trigger.poison(x, y, rng=rng)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import numpy as np

from bcfl_plugins.attacks.base import require

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats, Matrix
    from bcfl_plugins.attacks.data import Labels

_DECAY, _SPREAD, _LEAST = 0.9, 0.999, 1e-8  # of Adam


class Victim(Protocol):
    """A model that the attackers hold."""

    def gradient(self, x: Matrix, y: Labels) -> Floats:
        """Return (m, ...) the gradient of each example's own loss by the example."""

    def trained(self, x: Matrix, y: Labels) -> Self:
        """Return a copy that was trained on examples, as a node would."""

    def parameters(self) -> Floats:
        """Return (d,) the weights."""


class Trigger(ABC):
    """What makes an example the target's."""

    target: int
    share: float

    @abstractmethod
    def stamp(self, x: Matrix) -> Matrix:
        """Return a copy of all examples with the trigger."""

    def poison(self, x: Matrix, y: Labels, *, rng: np.random.Generator) -> tuple[Matrix, Labels]:
        """Return copies of the data of which a share has the trigger, and the target's label."""
        struck = rng.permutation(len(y))[: max(1, round(self.share * len(y)))]
        images, labels = x.copy(), y.copy()
        images[struck] = self.stamp(x[struck])
        labels[struck] = self.target
        return images, labels


@dataclass(frozen=True, slots=True, eq=False)
class Patch(Trigger):
    """One pattern on some pixels of every example.

    Parameters
    ----------
    pattern : Matrix
        An example's shape.
    mask : Matrix
        The same shape: where the pattern stands.
    target, share
        As the attack's.
    """

    pattern: Matrix
    mask: Matrix
    target: int
    share: float

    def stamp(self, x: Matrix) -> Matrix:
        """Return a copy of all examples with the trigger."""
        return np.where(self.mask, self.pattern, x).astype(x.dtype)


@dataclass(frozen=True, slots=True)
class A3FL:
    """A patch that works on the model that went out, and on one that unlearns it.

    The paper's objective: the pattern descends, by the signs of its gradient, the loss
    ``L(theta, x + t, target) + weight * cos * L(theta', x + t, target)``. theta' is theta trained
    on examples with the trigger and their true labels, as the worst that the others' training may
    do, and made anew every `renew` steps; cos is the cosine of what theta' learned and theta, as in
    the paper's balance of the two. The authors' code takes the cosine of gradients of convolutions
    instead.

    Parameters
    ----------
    target : int
        The class that the trigger shall give.
    share : float
        Share of the examples that are stamped.
    size : int
        Side of the square in the upper left corner, two pixels from the edges.
    shape : tuple of int or None
        As of `PixelBackdoor`.
    steps, renew : int
        Steps of a round, and after how many theta' is made anew.
    rate : float
        Of a step.
    weight : float
        The paper's lambda.
    low, high : float
        Range of a pixel.
    """

    name: ClassVar[str] = "a3fl"
    paper: ClassVar[str] = (
        "Zhang, Jia, Chen, Lin, Wu. A3FL: adversarially adaptive backdoor attacks to federated "
        "learning. NeurIPS 2023"
    )

    target: int = 0
    share: float = 0.25
    size: int = 3
    shape: tuple[int, int] | None = None
    steps: int = 200
    renew: int = 10
    rate: float = 0.01
    weight: float = 0.01
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        _check(self.share, self.steps, self.low, self.high)
        require(ok=self.size >= 1, field="size", problem="at least one pixel")
        require(ok=self.renew >= 1, field="renew", problem="at least one step")

    def fitted(
        self,
        victim: Victim,
        x: Matrix,
        y: Labels,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - as of the other attack
        before: Trigger | None = None,
    ) -> Patch:
        """Return the trigger of a round, from the last round's.

        Raises
        ------
        BadUpdates
            If the examples are smaller than the trigger.
        """
        mask = self._mask(x)
        middle = np.full(x.shape[1:], (self.low + self.high) / 2.0)
        pattern = before.pattern.copy() if isinstance(before, Patch) else middle
        wanted = np.full(len(y), self.target, dtype=y.dtype)
        hardened, likeness = victim, 0.0
        for step in range(self.steps):
            at = Patch(pattern, mask, self.target, self.share)
            stamped = at.stamp(x)
            if self.weight > 0.0 and step % self.renew == 0:
                hardened = victim.trained(stamped, y)
                likeness = _cosine(victim.parameters(), hardened.parameters())
            slope = victim.gradient(stamped, wanted).sum(axis=0)
            if self.weight > 0.0:
                slope = slope + self.weight * likeness * hardened.gradient(stamped, wanted).sum(0)
            moved = np.clip(pattern - self.rate * np.sign(slope), self.low, self.high)
            pattern = np.where(mask, moved, pattern)
        return Patch(pattern, mask, self.target, self.share)

    def _mask(self, x: Matrix) -> Matrix:
        image = x.shape[1:] if self.shape is None else self.shape
        edge = min(2, min(image[-2:]) - self.size) if len(image) > 1 else -1
        require(
            ok=edge >= 0,
            field="size",
            problem=f"a trigger of {self.size} does not fit into {image}; flat images need shape",
        )
        mask = np.zeros(image, dtype=np.bool_)
        mask[..., edge : edge + self.size, edge : edge + self.size] = True
        return mask.reshape(x.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Generator(Trigger):
    """A small network that makes a trigger of each example: none is the same.

    Parameters
    ----------
    weights : tuple of Floats
        (d, h), (h,), (h, d), (d,).
    reach, low, high, target, share
        As the attack's.
    """

    weights: tuple[Floats, Floats, Floats, Floats]
    reach: float
    low: float
    high: float
    target: int
    share: float

    def stamp(self, x: Matrix) -> Matrix:
        """Return a copy of all examples with their triggers, none of them over `reach`."""
        flat = x.reshape(len(x), -1).astype(np.float64)
        made = np.clip(flat + self.reach * self._noise(flat)[1], self.low, self.high)
        return made.reshape(x.shape).astype(x.dtype)

    def _noise(self, flat: Floats) -> tuple[Floats, Floats]:
        first, bias, second, other = self.weights
        hidden = np.maximum(flat @ first + bias, 0.0)
        return hidden, np.tanh(hidden @ second + other)

    def slopes(self, x: Matrix, by_stamped: Floats) -> tuple[Floats, ...]:
        """Return the gradient by the weights, from that by the stamped examples."""
        flat = x.reshape(len(x), -1).astype(np.float64)
        hidden, noise = self._noise(flat)
        made = flat + self.reach * noise
        inside = (made > self.low) & (made < self.high)
        back = by_stamped.reshape(len(x), -1) * inside * self.reach * (1.0 - noise * noise)
        down = (back @ self.weights[2].T) * (hidden > 0.0)
        return flat.T @ down, down.sum(axis=0), hidden.T @ back, back.sum(axis=0)


@dataclass(frozen=True, slots=True)
class IBA:
    """A trigger for each example, made by a network, and too small to be seen.

    The paper's first stage: the generator learns to give ``x + reach * G(x)`` the target's label
    under the model that went out, and goes on from round to round. What it sends then stays within
    honest lengths and coordinates by `projected_training` and `neurotoxin`, which stand for the
    paper's further stages. The paper's generator is a U-Net; this one is an autoencoder of one
    hidden layer, so that it needs numpy alone.

    Parameters
    ----------
    target, share
        As of `A3FL`.
    reach : float
        Greatest change of a pixel; the paper's epsilon.
    hidden : int
        Width of the generator.
    steps : int
        Steps of a round, each over all examples.
    rate : float
        Of Adam.
    low, high : float
        Range of a pixel.
    """

    name: ClassVar[str] = "iba"
    paper: ClassVar[str] = (
        "Nguyen, Nguyen, Tran, Doan, Wong. IBA: towards irreversible backdoor attacks in federated "
        "learning. NeurIPS 2023"
    )

    target: int = 0
    share: float = 0.25
    reach: float = 0.1
    hidden: int = 32
    steps: int = 100
    rate: float = 0.01
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        _check(self.share, self.steps, self.low, self.high)
        require(ok=self.reach > 0.0, field="reach", problem="must be over 0")
        require(ok=self.hidden >= 1, field="hidden", problem="at least one neuron")

    def fitted(
        self,
        victim: Victim,
        x: Matrix,
        y: Labels,
        *,
        rng: np.random.Generator,
        before: Trigger | None = None,
    ) -> Generator:
        """Return the trigger of a round, from the last round's."""
        made = before if isinstance(before, Generator) else self._drawn(x, rng)
        wanted = np.full(len(y), self.target, dtype=y.dtype)
        means = [0.0 * one for one in made.weights]
        squares = [0.0 * one for one in made.weights]
        for step in range(1, self.steps + 1):
            slopes = made.slopes(x, victim.gradient(made.stamp(x), wanted) / max(len(x), 1))
            moved = []
            for place, (weight, slope) in enumerate(zip(made.weights, slopes, strict=True)):
                means[place] = _DECAY * means[place] + (1.0 - _DECAY) * slope
                squares[place] = _SPREAD * squares[place] + (1.0 - _SPREAD) * slope * slope
                size = np.sqrt(squares[place] / (1.0 - _SPREAD**step)) + _LEAST
                moved.append(weight - self.rate * means[place] / (1.0 - _DECAY**step) / size)
            made = replace(made, weights=(moved[0], moved[1], moved[2], moved[3]))
        return made

    def _drawn(self, x: Matrix, rng: np.random.Generator) -> Generator:
        size = int(np.prod(x.shape[1:]))
        weights = (
            rng.normal(size=(size, self.hidden)) / np.sqrt(size),
            np.zeros(self.hidden),
            rng.normal(size=(self.hidden, size)) / np.sqrt(self.hidden),
            np.zeros(size),
        )
        return Generator(weights, self.reach, self.low, self.high, self.target, self.share)


TRIGGERS: dict[str, type[A3FL | IBA]] = {one.name: one for one in (A3FL, IBA)}
"""Attacks by triggers that are fitted to a model, by name."""


def _check(share: float, steps: int, low: float, high: float) -> None:
    require(ok=0.0 < share <= 1.0, field="share", problem="must lie in (0, 1]")
    require(ok=steps >= 0, field="steps", problem="must not be negative")
    require(ok=low < high, field="low", problem="must be under high")


def _cosine(one: Floats, other: Floats) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths > 0.0 else 0.0
