"""What an attack is: a frozen rule that says what byzantine nodes send in place of their updates.

An attack is a value, as a defense is: its fields are its settings, and it draws random numbers
only from the generator that it is given. Attacks are for tests and for studies of defenses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from bcfl_plugins.errors import BadUpdates

Matrix: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Repeats: TypeAlias = Literal["nothing", "aggregate", "own"]


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """What the attackers know in one round. All matrices are float64 and must not be written to.

    Parameters
    ----------
    honest : Floats
        (h, d) the honest updates, as far as the attackers know them.
    own : Floats
        (count, d) what the attackers' own honest training would have sent.
    previous : Floats or None
        (count, d) what the attack may repeat, see `ModelAttack.repeats`.
    rng : numpy.random.Generator
        The only source of chance.
    server_round : int
        The round, from 1.
    """

    honest: Floats
    own: Floats
    previous: Floats | None
    rng: np.random.Generator
    server_round: int

    @property
    def count(self) -> int:
        """How many updates to craft."""
        return len(self.own)

    @property
    def mean(self) -> Floats:
        """(d,) mean of the honest updates."""
        mean: Floats = self.honest.mean(axis=0)
        return mean

    @property
    def spread(self) -> float:
        """Root mean square distance of the honest updates to their mean."""
        return float(np.sqrt(np.square(self.honest - self.mean).sum(axis=1).mean()))


@dataclass(frozen=True, slots=True)
class ModelAttack(ABC):
    """One attack on updates. Subclasses are frozen dataclasses whose fields are the settings."""

    name: ClassVar[str]
    """As in ``create_attack(name)``."""
    paper: ClassVar[str]
    """Authors, title, venue, year."""
    repeats: ClassVar[Repeats] = "nothing"
    """What `previous` is for this attack: the last aggregate, or the attackers' earlier updates."""

    def craft(
        self,
        honest: Matrix,
        count: int,
        *,
        rng: np.random.Generator,
        own: Matrix | None = None,
        previous: Matrix | None = None,
        server_round: int = 1,
    ) -> Matrix:
        """Return what `count` attackers send.

        Parameters
        ----------
        honest : Matrix
            (h, d) floats, h >= 1: the honest updates (deltas) of this round that the attackers
            know.
        count : int
            Number of attackers, at least 1.
        rng : numpy.random.Generator
            The only source of chance: equal generators give equal updates.
        own : Matrix or None
            (count, d) what honest training on the attackers' own data would have sent. Without
            it the honest mean stands in for each row.
        previous : Matrix or None
            (d,) or (count, d) what the attack repeats, see `repeats`; ``None`` in a first round.
        server_round : int
            The round, from 1.

        Returns
        -------
        Matrix
            (count, d) in the dtype of `honest`.

        Raises
        ------
        BadUpdates
            If a shape or dtype does not fit.
        """
        seen = _matrix(honest, "updates")
        if count < 1:
            raise BadUpdates("count", f"there must be at least one attacker, got {count}")
        mine = np.broadcast_to(seen.mean(axis=0), (count, seen.shape[1]))
        if own is not None:
            mine = _like(own, (count, seen.shape[1]), "own")
        before = None
        if previous is not None:
            before = _like(previous, (count, seen.shape[1]), "previous")
        crafted = self._craft(Situation(seen, mine, before, rng, server_round))
        return _cast(crafted, honest.dtype)

    @abstractmethod
    def _craft(self, at: Situation) -> Floats:
        """Return the (count, d) updates in float64."""

    def settings(self) -> dict[str, object]:
        """Return the settings by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def unit(vector: Floats) -> Floats:
    """Return the vector with norm one; zero stays zero."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else vector


def square_distances(rows: Floats) -> Floats:
    """Return the (n, n) squared Euclidean distances, from deltas to the mean of the rows."""
    centred = rows - rows.mean(axis=0)
    gram = centred @ centred.T
    squares = np.diagonal(gram)
    found: Floats = np.maximum(squares[:, None] + squares[None, :] - 2.0 * gram, 0.0)
    np.fill_diagonal(found, 0.0)
    return found


def require(*, ok: bool, field: str, problem: str) -> None:
    """Check a setting.

    Raises
    ------
    BadUpdates
        If it is not `ok`.
    """
    if not ok:
        raise BadUpdates(field, problem)


def _matrix(given: Matrix, field: str) -> Floats:
    array = np.asarray(given)
    if array.ndim != 2 or not len(array) or array.dtype.kind != "f":  # noqa: PLR2004 - (h, d)
        raise BadUpdates(
            field, f"expected an (h, d) matrix of floats, got {array.dtype} {array.shape}"
        )
    return array.astype(np.float64)


def _like(given: Matrix, shape: tuple[int, int], field: str) -> Floats:
    array = np.asarray(given, dtype=np.float64)
    if array.shape not in {shape, shape[1:]}:
        raise BadUpdates(field, f"expected the shape {shape} or {shape[1:]}, got {array.shape}")
    return np.broadcast_to(array, shape)


def _cast(crafted: Floats, dtype: np.dtype[Any]) -> Matrix:
    """Cast without a warning; what is finite stays finite."""
    limit = float(np.finfo(dtype).max)
    finite = np.isfinite(crafted)
    held = np.where(finite, np.clip(np.where(finite, crafted, 0.0), -limit, limit), crafted)
    return held.astype(dtype)
