"""Attacks from the mean and spread of the honest updates, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Situation

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats

_LEAST = 1e-6  # keeps the quantile of the paper's formula finite


@dataclass(frozen=True, slots=True)
class IPM(ModelAttack):
    """Inner product manipulation: ``x_k = -epsilon * mean``.

    Parameters
    ----------
    epsilon : float
        0.1 slips through Krum and the median; 100 breaks a mean.
    """

    name: ClassVar[str] = "ipm"
    paper: ClassVar[str] = (
        "Xie, Koyejo, Gupta. Fall of empires: breaking Byzantine-tolerant SGD by inner product "
        "manipulation. UAI 2019"
    )

    epsilon: float = 0.1

    def _craft(self, at: Situation) -> Floats:
        return np.tile(-self.epsilon * at.mean, (at.count, 1))


@dataclass(frozen=True, slots=True)
class ALIE(ModelAttack):
    """A little is enough: ``x_k = mean - z * std``, coordinate by coordinate.

    Parameters
    ----------
    z : float or None
        1.5 as in ByzFL. ``None`` takes the paper's largest z that a majority still covers:
        ``z = Phi^-1((n - f - s) / (n - f))`` with ``s = floor(n / 2 + 1) - f``.
    """

    name: ClassVar[str] = "alie"
    paper: ClassVar[str] = (
        "Baruch, Baruch, Goldberg. A little is enough: circumventing defenses for distributed "
        "learning. NeurIPS 2019"
    )

    z: float | None = 1.5

    def _craft(self, at: Situation) -> Floats:
        z = covered(len(at.honest), at.count) if self.z is None else self.z
        return np.tile(at.mean - z * at.honest.std(axis=0), (at.count, 1))


def covered(honest: int, byzantine: int) -> float:
    """Return the paper's z for ALIE; at most 4.75, which is where too few attackers end up."""
    supporters = (honest + byzantine) // 2 + 1 - byzantine
    share = (honest - supporters) / honest
    return NormalDist().inv_cdf(min(max(share, _LEAST), 1.0 - _LEAST))
