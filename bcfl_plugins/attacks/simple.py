"""Attacks that need no look at the others: flipped, scaled, random, repeated or broken updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Repeats, Situation, require, unit

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats


@dataclass(frozen=True, slots=True)
class NoAttack(ModelAttack):
    """Honest training: ``x_k = own_k``. The control of every experiment."""

    name: ClassVar[str] = "none"
    paper: ClassVar[str] = "none: the control"

    def _craft(self, at: Situation) -> Floats:
        return at.own.copy()


@dataclass(frozen=True, slots=True)
class SignFlip(ModelAttack):
    """Send the own update reversed: ``x_k = -factor * own_k``.

    Parameters
    ----------
    factor : float
        1 flips only; 10 and more are crude and easy to see.
    """

    name: ClassVar[str] = "sign_flip"
    paper: ClassVar[str] = (
        "Li, Xu, Chen, Giannakis, Ling. RSA: Byzantine-robust stochastic aggregation methods for "
        "distributed learning from heterogeneous datasets. AAAI 2019"
    )

    factor: float = 1.0

    def _craft(self, at: Situation) -> Floats:
        return -self.factor * at.own


@dataclass(frozen=True, slots=True)
class Scaling(ModelAttack):
    """Send the own update enlarged: ``x_k = factor * own_k``.

    With an own update from poisoned data and ``factor = n`` this is model replacement.
    """

    name: ClassVar[str] = "scaling"
    paper: ClassVar[str] = (
        "Bagdasaryan, Veit, Hua, Estrin, Shmatikov. How to backdoor federated learning. "
        "AISTATS 2020"
    )

    factor: float = 10.0

    def _craft(self, at: Situation) -> Floats:
        return self.factor * at.own


@dataclass(frozen=True, slots=True)
class Gaussian(ModelAttack):
    """Send noise: ``x_k ~ N(0, (sigma * r)^2 I)``, r the root mean square entry of the honest.

    Parameters
    ----------
    sigma : float
        1 gives noise as long as an honest update. The paper's noise is far longer.
    """

    name: ClassVar[str] = "gaussian"
    paper: ClassVar[str] = (
        "Blanchard, El Mhamdi, Guerraoui, Stainer. Machine learning with adversaries: Byzantine "
        "tolerant gradient descent. NeurIPS 2017"
    )

    sigma: float = 1.0

    def _craft(self, at: Situation) -> Floats:
        scale = self.sigma * float(np.sqrt(np.square(at.honest).mean())) if at.honest.size else 0.0
        noise: Floats = np.asarray(at.rng.standard_normal(at.own.shape))
        return scale * noise


@dataclass(frozen=True, slots=True)
class FreeRider(ModelAttack):
    """Send an update without training.

    ``zero``: ``x_k = 0``, the model as it came. ``repeat``: ``x_k = g``, the last aggregate.
    ``disguised``: ``x_k = g + noise * rms(g) * N(0, I)``. In a first round g is zero.

    Parameters
    ----------
    kind : str
        ``"zero"``, ``"repeat"`` or ``"disguised"``.
    noise : float
        For ``disguised``: length of the noise over the length of g.
    """

    name: ClassVar[str] = "free_rider"
    paper: ClassVar[str] = (
        "Lin, Du, Liu. Free-riders in federated learning: attacks and defenses. 2019; Fraboni, "
        "Vidal, Lorenzi. Free-rider attacks on model aggregation in federated learning. "
        "AISTATS 2021"
    )
    repeats: ClassVar[Repeats] = "aggregate"

    kind: Literal["zero", "repeat", "disguised"] = "repeat"
    noise: float = 0.1

    def __post_init__(self) -> None:
        """Check the settings."""
        kinds = ("zero", "repeat", "disguised")
        require(ok=self.kind in kinds, field="kind", problem=f"one of {kinds}, got {self.kind!r}")

    def _craft(self, at: Situation) -> Floats:
        if self.kind == "zero" or at.previous is None:
            return np.zeros(at.own.shape)
        sent = at.previous.copy()
        if self.kind == "disguised" and sent.size:
            lengths = np.sqrt(np.square(sent).mean(axis=1, keepdims=True))
            sent += self.noise * lengths * at.rng.standard_normal(sent.shape)
        return sent


@dataclass(frozen=True, slots=True)
class TunedFreeRider(ModelAttack):
    """Do no work, and look like those who do: as long as they are, and as much along the aggregate.

    ``x_k = m (c g / ||g|| + sqrt(1 - c^2) e_k)``: g the last aggregate, m the median norm of the
    honest updates, c their median cosine with the mean of the others, and e_k noise of length one
    across g. In a first round the honest mean stands for g. Without knowledge of the others the
    attackers take c and m from what they saw in earlier runs.

    Parameters
    ----------
    cosine : float or None
        c; ``None``: as above.
    """

    name: ClassVar[str] = "tuned_free_rider"
    paper: ClassVar[str] = (
        "after Lin, Du, Liu. Free-riders in federated learning: attacks and defenses. 2019 "
        "(advanced delta weights); Fraboni, Vidal, Lorenzi. AISTATS 2021"
    )
    repeats: ClassVar[Repeats] = "aggregate"

    cosine: float | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        known = self.cosine is None or -1.0 <= self.cosine <= 1.0
        require(ok=known, field="cosine", problem="must lie in [-1, 1]")

    def _craft(self, at: Situation) -> Floats:
        length = float(np.median(np.linalg.norm(at.honest, axis=1)))
        way = unit(at.mean if at.previous is None else at.previous.mean(axis=0))
        along = self._along(at) if self.cosine is None else self.cosine
        across = np.asarray(at.rng.standard_normal(at.own.shape))
        across = across - np.outer(across @ way, way)
        noise: Floats = np.stack([unit(row) for row in across])
        sent: Floats = length * (along * way + np.sqrt(1.0 - along * along) * noise)
        return sent

    @staticmethod
    def _along(at: Situation) -> float:
        if len(at.honest) == 1:
            return 1.0
        total = at.honest.sum(axis=0)
        found = [unit(row) @ unit(total - row) for row in at.honest]
        return float(np.clip(np.median(found), -1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Replay(ModelAttack):
    """Send an earlier own update again: ``x_k = previous_k``; in a first round the honest one."""

    name: ClassVar[str] = "replay"
    paper: ClassVar[str] = (
        "none: the classic replay; a signed round number stops copies of old signatures, not of "
        "old updates"
    )
    repeats: ClassVar[Repeats] = "own"

    def _craft(self, at: Situation) -> Floats:
        return (at.own if at.previous is None else at.previous).copy()


@dataclass(frozen=True, slots=True)
class NonFinite(ModelAttack):
    """Replace a share of the entries of the own update by NaN or an infinity.

    Parameters
    ----------
    value : str
        ``"nan"``, ``"inf"`` or ``"-inf"``.
    share : float
        Share of the entries, in (0, 1]; at least one entry is replaced.
    """

    name: ClassVar[str] = "non_finite"
    paper: ClassVar[str] = "none: a byzantine node may send any vector, so also one of NaN"

    value: Literal["nan", "inf", "-inf"] = "nan"
    share: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        values = ("nan", "inf", "-inf")
        require(
            ok=self.value in values, field="value", problem=f"one of {values}, got {self.value!r}"
        )
        require(ok=0.0 < self.share <= 1.0, field="share", problem="must lie in (0, 1]")

    def _craft(self, at: Situation) -> Floats:
        sent = at.own.copy()
        if sent.size:
            struck = max(1, round(self.share * sent.shape[1]))
            for row in sent:
                row[at.rng.permutation(len(row))[:struck]] = float(self.value)
        return sent


@dataclass(frozen=True, slots=True)
class Overflow(ModelAttack):
    """Send entries that are finite but whose square is not: ``x_k = -sign(own_k) * magnitude``.

    Parameters
    ----------
    magnitude : float or None
        ``None`` takes the largest number of the dtype of the honest updates.
    """

    name: ClassVar[str] = "overflow"
    paper: ClassVar[str] = "as non_finite, but it passes a check for values that are not finite"

    magnitude: float | None = None

    def _craft(self, at: Situation) -> Floats:
        size = float(np.finfo(np.float64).max) if self.magnitude is None else self.magnitude
        return np.where(at.own > 0.0, -size, size)
