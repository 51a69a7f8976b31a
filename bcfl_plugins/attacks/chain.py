"""The chain attack on clusterings that merge neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Situation, require, square_distances, unit

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats


@dataclass(frozen=True, slots=True)
class ChainAttack(ModelAttack):
    """Lay a chain of attackers from the edge of the honest cluster outwards.

    No link is longer than the honest updates are from their nearest neighbours, so a clustering
    that merges neighbours takes the chain for a part of the honest cluster. ``euclidean``: the
    chain starts at the honest update farthest along p (minus the mean's direction) and goes along
    p. ``cosine``: it starts at the update of the greatest angle to the mean, turns on away from
    the mean, and has the median honest norm.

    Parameters
    ----------
    metric : str
        ``"cosine"`` or ``"euclidean"``: what the clustering measures.
    slack : float
        Length of a link over the longest nearest-neighbour distance of the honest updates.
    """

    name: ClassVar[str] = "chain"
    paper: ClassVar[str] = (
        "Li, Ngai, Voigt. Byzantine-robust aggregation in federated learning empowered industrial "
        "IoT. IEEE TII 2023 (its Blades benchmark attacks single linkage in this way)"
    )

    metric: str = "cosine"
    slack: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        metrics = ("cosine", "euclidean")
        require(
            ok=self.metric in metrics,
            field="metric",
            problem=f"one of {metrics}, got {self.metric!r}",
        )
        require(ok=self.slack > 0.0, field="slack", problem="must be more than zero")

    def _craft(self, at: Situation) -> Floats:
        links = np.arange(1, at.count + 1)[:, None] * self.slack
        if self.metric == "euclidean":
            push = -unit(at.mean)
            start = at.honest[int((at.honest @ push).argmax())]
            line: Floats = start + links * np.sqrt(_longest_link(at.honest)) * push
            return line
        rays = np.array([unit(row) for row in at.honest])
        centre = unit(at.mean)
        edge = rays[int((rays @ centre).argmin())]
        turn = unit((edge @ centre) * edge - centre)
        # Chord c between unit vectors spans the angle 2 asin(c / 2).
        angle = 2.0 * np.arcsin(np.clip(np.sqrt(_longest_link(rays)) / 2.0, 0.0, 1.0))
        angles = np.minimum(links * angle, np.pi - np.arccos(np.clip(edge @ centre, -1.0, 1.0)))
        norm = float(np.median(np.linalg.norm(at.honest, axis=1)))
        arc: Floats = norm * (np.cos(angles) * edge + np.sin(angles) * turn)
        return arc


def _longest_link(rows: Floats) -> float:
    """Return the largest squared distance of a row to its nearest neighbour; 0 for one row."""
    if len(rows) == 1:
        return 0.0
    gaps = square_distances(rows)
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min(axis=1).max())
