"""Attacks by copying: mimic one honest node, or be many nodes at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bcfl_plugins.attacks.base import ModelAttack, Situation, require
from bcfl_plugins.attacks.simple import SignFlip

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats


@dataclass(frozen=True, slots=True)
class Mimic(ModelAttack):
    """All attackers send the update of one honest node: ``x_k = x_t``.

    t is the honest node that lies farthest along the direction in which the honest updates vary
    most. Every update is honest to look at; what suffers is the voice of the other nodes.

    Parameters
    ----------
    target : int or None
        Row to copy in place of that one.
    """

    name: ClassVar[str] = "mimic"
    paper: ClassVar[str] = (
        "Karimireddy, He, Jaggi. Byzantine-robust learning on heterogeneous datasets via "
        "bucketing. ICLR 2022"
    )

    target: int | None = None

    def _craft(self, at: Situation) -> Floats:
        row = most_extreme(at.honest) if self.target is None else self.target
        require(
            ok=0 <= row < len(at.honest),
            field="target",
            problem=f"{row} is no row of {len(at.honest)} honest updates",
        )
        return np.tile(at.honest[row], (at.count, 1))


def most_extreme(rows: Floats) -> int:
    """Return the row with the largest part along the top principal direction of the rows."""
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(centred @ centred.T)
    return int(np.abs(vectors[:, -1]).argmax())


@dataclass(frozen=True, slots=True)
class Sybil(ModelAttack):
    """One attacker as many nodes: copies of one crafted update, on request with noise.

    ``x_k = b + noise * s * e_k`` with b the base attack's update, s the honest spread and e_k of
    length one. The e_k come in pairs of opposite sign, so that the noise leaves the mean of the
    Sybils alone, as in the paper's "intelligent perturbation".

    Parameters
    ----------
    base : ModelAttack
        What the one attacker sends; `create_attack` takes its name too.
    noise : float
        0 for exact copies.
    """

    name: ClassVar[str] = "sybil"
    paper: ClassVar[str] = (
        "Fung, Yoon, Beschastnikh. The limitations of federated learning in Sybil settings. "
        "RAID 2020"
    )

    base: ModelAttack = field(default_factory=SignFlip)
    noise: float = 0.0

    def _craft(self, at: Situation) -> Floats:
        one = replace(at, own=at.own[:1], previous=None if at.previous is None else at.previous[:1])
        sent = np.repeat(self.base._craft(one), at.count, axis=0)  # noqa: SLF001 - same class
        if self.noise > 0.0:
            error = at.rng.standard_normal(((at.count + 1) // 2, sent.shape[1]))
            error /= np.maximum(np.linalg.norm(error, axis=1, keepdims=True), np.finfo(float).tiny)
            pairs = np.stack([error, -error], axis=1).reshape(-1, sent.shape[1])
            sent += self.noise * at.spread * pairs[: at.count]
        return sent
