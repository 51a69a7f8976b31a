"""Attacks that stay short, and last: projected training, Neurotoxin, PoisonedFL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Repeats, Situation, require, unit

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats


def within(rows: Floats, honest: Floats, factor: float) -> Floats:
    """Return rows shortened to so many median norms of the honest updates."""
    bound = factor * float(np.median(np.linalg.norm(honest, axis=1)))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    shorter: Floats = np.divide(bound, lengths, out=np.ones_like(lengths), where=lengths > bound)
    return rows * shorter


@dataclass(frozen=True, slots=True)
class ProjectedTraining(ModelAttack):
    """Send the own update within the length of the honest ones: the last step of projected descent.

    ``x_k = own_k * min(1, factor * m / ||own_k||)``, m the median norm of the honest updates. The
    own update is that of poisoned data, trained as long as it takes; the paper also projects
    within the training.

    Parameters
    ----------
    factor : float
        Median norms that it may be long.
    """

    name: ClassVar[str] = "projected_training"
    paper: ClassVar[str] = (
        "Wang, Sreenivasan, Rajput, Vishwakarma, Agarwal, Sohn, Lee, Papailiopoulos. Attack of the "
        "tails: yes, you really can backdoor federated learning. NeurIPS 2020 (PGD)"
    )

    factor: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=self.factor >= 0.0, field="factor", problem="must not be negative")

    def _craft(self, at: Situation) -> Floats:
        return within(at.own, at.honest, self.factor)


@dataclass(frozen=True, slots=True)
class Neurotoxin(ModelAttack):
    """Move only the coordinates that the others hardly move, so that the backdoor is not undone.

    ``x_k`` is ``own_k`` without the share `heavy` of the coordinates in which the last aggregate is
    largest, then within the length of the honest updates as in `ProjectedTraining`. The paper masks
    the gradients of each step, which sums to the same for plain gradient descent. In a first round
    nothing is known to be masked.

    Parameters
    ----------
    heavy : float
        Share of the coordinates that are left alone.
    factor : float
        Median norms that it may be long.
    """

    name: ClassVar[str] = "neurotoxin"
    paper: ClassVar[str] = (
        "Zhang, Panda, Song, Yang, Mahoney, Mittal, Gonzalez, Ramchandran. Neurotoxin: durable "
        "backdoors in federated learning. ICML 2022"
    )
    repeats: ClassVar[Repeats] = "aggregate"

    heavy: float = 0.05
    factor: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=0.0 <= self.heavy <= 1.0, field="heavy", problem="must lie in [0, 1]")
        require(ok=self.factor >= 0.0, field="factor", problem="must not be negative")

    def _craft(self, at: Situation) -> Floats:
        sent = at.own.copy()
        count = round(self.heavy * sent.shape[1])
        if at.previous is not None and count:
            order = np.argsort(-np.abs(at.previous), axis=1, kind="stable")[:, :count]
            np.put_along_axis(sent, order, 0.0, axis=1)
        return within(sent, at.honest, self.factor)


@dataclass(frozen=True, slots=True)
class PoisonedFL(ModelAttack):
    """Pull the same random way in every round, each coordinate as far as the others move it.

    ``x_k = scale * ||g|| * v * s``: s are random signs that stay for the run, g the last aggregate,
    and v the sizes of its entries without what s explains of them, at length one. Rounds that
    cancel other attacks add up here. In a first round, before there is an aggregate, the honest
    mean stands for g.

    The paper lowers the scale when a test over 50 rounds says that the model does not follow. An
    attack here has no memory of its own, so the scale stays.

    Parameters
    ----------
    scale : float
        Where the paper begins: 8.
    seed : int
        Of the signs: the same for all attackers.
    """

    name: ClassVar[str] = "poisonedfl"
    paper: ClassVar[str] = (
        "Xie, Fang, Gong. Model poisoning attacks to federated learning via multi-round "
        "consistency. CVPR 2025"
    )
    repeats: ClassVar[Repeats] = "aggregate"

    scale: float = 8.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=self.scale >= 0.0, field="scale", problem="must not be negative")
        require(ok=self.seed >= 0, field="seed", problem="must not be negative")

    def _craft(self, at: Situation) -> Floats:
        size = at.own.shape[1]
        signs = np.random.Generator(np.random.PCG64(self.seed)).choice([-1.0, 1.0], size)
        moved = at.mean if at.previous is None else at.previous.mean(axis=0)
        rest = moved - (float(moved @ signs) / max(size, 1)) * signs
        sizes = unit(np.abs(rest)) * float(np.linalg.norm(moved))
        return np.tile(self.scale * sizes * signs, (at.count, 1))
