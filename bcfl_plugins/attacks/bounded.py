"""Attacks that stay within the spread of the honest updates: Min-Max, Min-Sum, and with noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Situation, require, square_distances, unit
from bcfl_plugins.attacks.search import largest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.attacks.base import Floats

Direction: TypeAlias = Literal["std", "sign", "unit"]

DIRECTIONS: dict[str, Callable[[Floats], Floats]] = {
    "std": lambda honest: -honest.std(axis=0),
    "sign": lambda honest: -np.sign(honest.mean(axis=0)),
    "unit": lambda honest: -unit(honest.mean(axis=0)),
}
"""(h, d) -> (d,): where to push, as Shejwalkar & Houmansadr name it."""

_PAPER = (
    "Shejwalkar, Houmansadr. Manipulating the Byzantine: optimizing model poisoning attacks and "
    "defenses for federated learning. NDSS 2021"
)


def check_direction(direction: str) -> None:
    """Raise `BadUpdates` for a direction that is not known."""
    known = tuple(DIRECTIONS)
    require(ok=direction in known, field="direction", problem=f"one of {known}, got {direction!r}")


@dataclass(frozen=True, slots=True)
class MinMax(ModelAttack):
    """Go as far as no update is farther from it than the farthest two honest ones are apart.

    ``x_k = mean + g * p``, g the largest with
    ``max_i ||x_k - x_i|| <= max_ij ||x_i - x_j||`` over the honest; solved exactly.

    Parameters
    ----------
    direction : str
        p: ``"std"`` (minus the standard deviation), ``"sign"`` or ``"unit"`` (minus the mean's).
    """

    name: ClassVar[str] = "min_max"
    paper: ClassVar[str] = _PAPER

    direction: Direction = "std"

    def __post_init__(self) -> None:
        """Check the settings."""
        check_direction(self.direction)

    def _craft(self, at: Situation) -> Floats:
        push = DIRECTIONS[self.direction](at.honest)
        bound = float(square_distances(at.honest).max())
        away = at.mean - at.honest
        steps = _root(push, away @ push, np.square(away).sum(axis=1) - bound)
        return np.tile(at.mean + float(steps.min()) * push, (at.count, 1))


@dataclass(frozen=True, slots=True)
class MinSum(ModelAttack):
    """Go as far as the sum of squared distances stays below the largest such sum of an honest one.

    ``x_k = mean + g * p``, g the largest with
    ``sum_i ||x_k - x_i||^2 <= max_i sum_j ||x_i - x_j||^2``; solved exactly.

    Parameters
    ----------
    direction : str
        As for `MinMax`.
    """

    name: ClassVar[str] = "min_sum"
    paper: ClassVar[str] = _PAPER

    direction: Direction = "std"

    def __post_init__(self) -> None:
        """Check the settings."""
        check_direction(self.direction)

    def _craft(self, at: Situation) -> Floats:
        push = DIRECTIONS[self.direction](at.honest)
        bound = float(square_distances(at.honest).sum(axis=1).max())
        room = bound - float(np.square(at.honest - at.mean).sum())
        norm = len(at.honest) * float(push @ push)
        step = np.sqrt(max(room, 0.0) / norm) if norm > 0.0 else 0.0
        return np.tile(at.mean + step * push, (at.count, 1))


@dataclass(frozen=True, slots=True)
class NoisyMinMax(ModelAttack):
    """Min-Max by Sybils that differ from each other as honest nodes do.

    ``x_k = mean + g * p + e_k`` where ``e_k`` is a random combination of the honest deviations,
    ``noise`` times as long as they are. g is the largest for which no Sybil is farther from an
    honest update, and none has a smaller cosine with one, than the two honest ones that agree
    least. Filters that look for copies, or for one direction of large variance, see less of it.

    Parameters
    ----------
    direction : str
        As for `MinMax`.
    noise : float
        Length of the noise over the honest root mean square deviation. Halved until the noise
        alone keeps the bounds.
    """

    name: ClassVar[str] = "noisy_min_max"
    paper: ClassVar[str] = _PAPER + " (Min-Max); noise for each Sybil and a bound on the cosine"

    direction: Direction = "std"
    noise: float = 0.5

    def __post_init__(self) -> None:
        """Check the settings."""
        check_direction(self.direction)
        require(ok=self.noise >= 0.0, field="noise", problem="must not be negative")

    def _craft(self, at: Situation) -> Floats:
        push = DIRECTIONS[self.direction](at.honest)
        error = honest_like_noise(at)
        scale = self.noise
        base = at.mean + scale * error
        while scale > _LEAST_NOISE and not _Bounds(at.honest, base, push).hold(0.0):
            scale /= 2.0
            base = at.mean + scale * error
        bounds = _Bounds(at.honest, base, push)
        reach = bounds.far / max(float(np.linalg.norm(push)), np.finfo(float).tiny)
        return base + largest(bounds.hold, reach) * push


_LEAST_NOISE = 1e-3


def honest_like_noise(at: Situation) -> Floats:
    """Return (count, d) noise with the covariance of the honest updates and their spread."""
    mixed: Floats = at.rng.standard_normal((at.count, len(at.honest))) @ (at.honest - at.mean)
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    rays: Floats = np.divide(mixed, lengths, out=np.zeros_like(mixed), where=lengths > 0.0)
    return at.spread * rays


class _Bounds:
    """Says whether ``base + g * push`` keeps the bounds; inner products once, then only numbers."""

    def __init__(self, honest: Floats, base: Floats, push: Floats) -> None:
        centre = honest.mean(axis=0)
        rays = np.array([unit(row) for row in honest])
        moved, others = base - centre, honest - centre
        self.far = float(np.sqrt(square_distances(honest).max()))
        self._low = float((rays @ rays.T).min())
        self._gaps = (
            np.square(moved).sum(axis=1)[:, None]
            + np.square(others).sum(axis=1)[None, :]
            - 2.0 * moved @ others.T
        )
        self._slopes = (moved @ push)[:, None] - (others @ push)[None, :]
        self._base_rays, self._push_rays = base @ rays.T, push @ rays.T
        self._squares, self._along = np.square(base).sum(axis=1), base @ push
        self._square = float(push @ push)

    def hold(self, step: float) -> bool:
        """Check the farthest distance and the smallest cosine to an honest update."""
        gaps = self._gaps + 2.0 * step * self._slopes + step * step * self._square
        squares = self._squares + 2.0 * step * self._along + step * step * self._square
        norms = np.sqrt(np.maximum(squares, np.finfo(float).tiny))
        cosines = (self._base_rays + step * self._push_rays) / norms[:, None]
        return float(gaps.max()) <= self.far**2 and float(cosines.min()) >= self._low


def _root(push: Floats, slopes: Floats, constants: Floats) -> Floats:
    """Solve ``|p|^2 g^2 + 2 s g + c <= 0`` for the largest g of each row; 0 where p is zero."""
    square = float(push @ push)
    if square == 0.0:
        return np.zeros_like(slopes)
    inner = np.maximum(np.square(slopes) - square * constants, 0.0)
    found: Floats = (-slopes + np.sqrt(inner)) / square
    return np.maximum(found, 0.0)
