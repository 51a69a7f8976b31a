"""Attacks that are searched for against one given defense, which the attackers can run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Situation, require, unit
from bcfl_plugins.attacks.bounded import (
    DIRECTIONS,
    Direction,
    check_direction,
    honest_like_noise,
)
from bcfl_plugins.attacks.search import largest, maximise
from bcfl_plugins.defenses.base import Extras

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats
    from bcfl_plugins.defenses.base import Aggregate, Defense

_FAR = 64.0  # honest spreads: no defense that selects keeps what is farther out
_LEAST_EVALS = 2
_MOST = 0.9  # of a share: less of it at a larger deviation moves the result less


def outcome(defense: Defense, honest: Floats, bad: Floats) -> Aggregate:
    """Return what the defense makes of the honest rows with the bad ones after them.

    The attackers know no earlier state of the defense and no update of the server: they take it
    to start afresh, and the honest mean for the server's update.
    """
    rows = np.concatenate([honest, bad])
    extras = Extras(ids=tuple(range(len(rows))), trusted=honest.mean(axis=0))
    return defense.aggregate(rows, extras)


def deviation(defense: Defense, honest: Floats, bad: Floats) -> float:
    """Return how far the bad rows move the defense's result from the honest mean."""
    moved = np.asarray(outcome(defense, honest, bad).value) - honest.mean(axis=0)
    return float(np.linalg.norm(moved))


@dataclass(frozen=True, slots=True)
class OptimalIPM(ModelAttack):
    """Inner product manipulation with the epsilon that does this defense the most harm.

    ``x_k = -e * mean`` with e from a line search on ``||A(x) - mean||``.

    Parameters
    ----------
    defense : Defense
        A.
    evals : int
        Runs of the defense.
    """

    name: ClassVar[str] = "optimal_ipm"
    paper: ClassVar[str] = (
        "Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan. Fixing by mixing: a recipe for "
        "optimal Byzantine ML under heterogeneity. AISTATS 2023 (appendix)"
    )

    defense: Defense
    evals: int = 20

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=self.evals >= _LEAST_EVALS, field="evals", problem="at least 2")

    def _craft(self, at: Situation) -> Floats:
        mean = at.mean

        def rows(step: float) -> Floats:
            return np.tile(-step * mean, (at.count, 1))

        return rows(maximise(lambda e: deviation(self.defense, at.honest, rows(e)), self.evals))


@dataclass(frozen=True, slots=True)
class OptimalALIE(ModelAttack):
    """A little is enough with the z that does this defense the most harm.

    ``x_k = mean - z * std`` with z from a line search on ``||A(x) - mean||``.

    Parameters
    ----------
    defense : Defense
        A.
    evals : int
        Runs of the defense.
    """

    name: ClassVar[str] = "optimal_alie"
    paper: ClassVar[str] = OptimalIPM.paper

    defense: Defense
    evals: int = 20

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=self.evals >= _LEAST_EVALS, field="evals", problem="at least 2")

    def _craft(self, at: Situation) -> Floats:
        mean, std = at.mean, at.honest.std(axis=0)

        def rows(step: float) -> Floats:
            return np.tile(mean - step * std, (at.count, 1))

        return rows(maximise(lambda z: deviation(self.defense, at.honest, rows(z)), self.evals))


@dataclass(frozen=True, slots=True)
class Adaptive(ModelAttack):
    """Collude, and go as far as this defense still keeps the attackers.

    ``x_k = mean + g * p / ||p|| + e_k`` with e_k as in `NoisyMinMax`. For a defense that claims
    ``selects``, g is the largest found by bisection for which the attackers' share in the result
    is at least nine tenths of what it is at g = 0; for others g comes from a line search on
    ``||A(x) - mean||``.

    Parameters
    ----------
    defense : Defense
        A.
    direction : str
        p, as for `MinMax`.
    noise : float
        Length of the noise over the honest root mean square deviation.
    evals : int
        Runs of the defense.
    """

    name: ClassVar[str] = "adaptive"
    paper: ClassVar[str] = (
        "Shejwalkar, Houmansadr. Manipulating the Byzantine. NDSS 2021 (AGR-tailored); Fang, Cao, "
        "Jia, Gong. Local model poisoning attacks to Byzantine-robust federated learning. "
        "USENIX Security 2020"
    )

    defense: Defense
    direction: Direction = "unit"
    noise: float = 0.0
    evals: int = 24

    def __post_init__(self) -> None:
        """Check the settings."""
        check_direction(self.direction)
        require(ok=self.noise >= 0.0, field="noise", problem="must not be negative")
        require(ok=self.evals >= _LEAST_EVALS, field="evals", problem="at least 2")

    def _craft(self, at: Situation) -> Floats:
        push = unit(DIRECTIONS[self.direction](at.honest))
        base = np.tile(at.mean, (at.count, 1))
        if self.noise > 0.0:
            base += self.noise * honest_like_noise(at)
        first = max(at.spread, float(np.linalg.norm(at.mean)))

        def share(step: float) -> float:
            return _share(outcome(self.defense, at.honest, base + step * push), len(at.honest))

        def harm(step: float) -> float:
            return deviation(self.defense, at.honest, base + step * push)

        if self.defense.tags.selects and (full := share(0.0)) > 0.0:
            reach = largest(lambda g: share(g) >= _MOST * full, _FAR * first, self.evals - 1)
            return base + reach * push
        return base + maximise(harm, self.evals, first or 1.0) * push


def _share(result: Aggregate, honest: int) -> float:
    """Return the attackers' part of the weights, or of the kept updates where there are none."""
    decision = result.decision
    given = decision.weights if len(decision.weights) else decision.kept / len(decision.kept)
    return float(given[honest:].sum())


def _kept(result: Aggregate, honest: int) -> bool:
    weights = result.decision.weights[honest:]
    return bool(result.decision.kept[honest:].all()) and bool((weights > 0.0).all())


@dataclass(frozen=True, slots=True)
class Framing(ModelAttack):
    """Make one honest node look like the outlier, so that it is rejected, and in time slashed.

    With t the target and m the mean of the other honest updates, all attackers send
    ``x_k = m - a * (x_t - m)``. With a = 0 they tighten the cluster that t is not in; with a
    larger they also pull the centre away from t. Against a given defense the least a of the grid
    for which t is rejected and all attackers are kept; when there is none, the a that leaves t
    the least share.

    Parameters
    ----------
    target : int
        Row of the honest updates.
    defense : Defense or None
        Without one, a = 0.
    """

    name: ClassVar[str] = "framing"
    paper: ClassVar[str] = "none: slash griefing, the reason for evidence beside rejection"

    target: int = 0
    defense: Defense | None = None

    def _craft(self, at: Situation) -> Floats:
        require(
            ok=0 <= self.target < len(at.honest),
            field="target",
            problem=f"{self.target} is no row of {len(at.honest)} honest updates",
        )
        others = np.delete(at.honest, self.target, axis=0)
        centre = others.mean(axis=0) if len(others) else at.mean
        away = centre - at.honest[self.target]
        choices = [np.tile(centre + a * away, (at.count, 1)) for a in _FRAMING_GRID]
        if self.defense is None:
            return choices[0]
        defense = self.defense
        return min(choices, key=lambda rows: self._cost(defense, at.honest, rows))

    def _cost(self, defense: Defense, honest: Floats, rows: Floats) -> tuple[bool, float]:
        result = outcome(defense, honest, rows)
        framed = not result.decision.kept[self.target] and _kept(result, len(honest))
        weights = result.decision.weights
        share = float(weights[self.target]) if len(weights) else 0.0
        return (not framed, 0.0 if framed else share)


_FRAMING_GRID = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
