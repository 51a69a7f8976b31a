"""One generated round as a value: what a check is given, and what a failure shows.

The ``repr`` of a case is code that makes it again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.defenses.base import Floats

Matrix = np.ndarray[Any, np.dtype[Any]]


def _matrix(rows: Any, width: int) -> Floats:  # noqa: ANN401 - nested lists or an array
    found = np.array(rows, dtype=np.float64)
    found = found.reshape(len(found), -1) if found.size else found.reshape(len(found), width)
    found.setflags(write=False)
    return found


def minority(n: int) -> int:
    """Return the greatest f below one half of n: no rule withstands more without help."""
    return (n - 1) // 2


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One round: honest updates, byzantine ones, and how they are mixed.

    Parameters
    ----------
    honest : (h, d) array or nested list
        Updates of the honest nodes.
    byzantine : (b, d) array or nested list
        Updates of the byzantine ones.
    f : int or None
        The f that the rule is told; the number of byzantine updates when ``None``.
    at : tuple of int
        Places of the byzantine updates among all, ascending; the last ones by default.
    attack : str
        How the byzantine updates were made; for people.
    dtype : str
        The dtype in which the rule gets the updates.
    twist : tuple of float
        What else the check drew: a shift, a factor, an order.
    recipe : str
        The call that made a case too large to print.
    """

    honest: Any
    byzantine: Any = ()
    f: int | None = None
    at: tuple[int, ...] = ()
    attack: str = ""
    dtype: str = "float64"
    twist: tuple[float, ...] = ()
    recipe: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        honest = _matrix(self.honest, 0)
        byzantine = _matrix(self.byzantine, honest.shape[1])
        object.__setattr__(self, "honest", honest)
        object.__setattr__(self, "byzantine", byzantine)
        if self.f is None:
            object.__setattr__(self, "f", len(byzantine))
        if not self.at:
            last = tuple(range(len(honest), len(honest) + len(byzantine)))
            object.__setattr__(self, "at", last)

    @property
    def n(self) -> int:
        """Number of updates."""
        return len(self.honest) + len(self.byzantine)

    @property
    def d(self) -> int:
        """Number of coordinates."""
        return int(self.honest.shape[1])

    @property
    def told(self) -> int:
        """The f that the rule is told."""
        return len(self.byzantine) if self.f is None else self.f

    @property
    def is_byzantine(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(n,) flags in the order of `rows`."""
        flags = np.zeros(self.n, dtype=np.bool_)
        flags[list(self.at)] = True
        return flags

    def rows(self) -> Matrix:
        """Return all updates: a new (n, d) array of the case's dtype."""
        table = np.empty((self.n, self.d))
        flags = self.is_byzantine
        table[flags] = self.byzantine
        table[~flags] = self.honest
        with np.errstate(over="ignore"):
            return table.astype(self.dtype)

    def heard(self) -> Floats:
        """Return the honest updates as the rule gets them: (h, d), rounded to the dtype."""
        rows: Floats = self.rows()[~self.is_byzantine].astype(np.float64)
        return rows

    def __repr__(self) -> str:
        if self.recipe:
            return self.recipe
        parts = [_literal(self.honest)]
        if len(self.byzantine):
            parts.append(_literal(self.byzantine))
            if self.at != tuple(range(len(self.honest), self.n)):
                parts.append(f"at={self.at!r}")
        if self.told != len(self.byzantine):
            parts.append(f"f={self.told}")
        if self.dtype != "float64":
            parts.append(f"dtype={self.dtype!r}")
        if self.attack:
            parts.append(f"attack={self.attack!r}")
        if self.twist:
            parts.append(f"twist={tuple(self.twist)!r}")
        return f"Case({', '.join(parts)})"


def _literal(rows: Floats) -> str:
    """Return nested lists as code; ``inf`` and ``nan`` are names of `math`."""
    return repr([[_number(value) for value in row] for row in rows.tolist()])


def _number(value: float) -> float | int:
    whole = math.isfinite(value) and value == int(value) and abs(value) <= 1e6  # noqa: PLR2004
    return int(value) if whole and math.copysign(1, value) > 0 else value


def shuffled(case: Case, order: Sequence[int]) -> Matrix:
    """Return the rows of a case in another order of arrival."""
    return case.rows()[list(order)]


def large_case(
    *,
    seed: int,
    n: int,
    f: int,
    d: int,
    size: float = 0.0,
    told: int | None = None,
    twist: tuple[float, ...] = (),
) -> Case:
    """Return a round of many coordinates: a common direction, honest noise, colluding attackers.

    Parameters
    ----------
    seed : int
        Of the generator.
    n, f, d : int
        Updates, byzantine ones among them, coordinates.
    size : float
        Length of the byzantine updates, in typical honest lengths.
    told : int or None
        The f that the rule is told, when it is another.
    twist : tuple of float
        As in `Case`.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    honest = rng.normal(size=d) + rng.normal(size=(n - f, d))
    way = rng.normal(size=d)
    way *= size * math.sqrt(2 * d) / float(np.linalg.norm(way))
    byzantine = way + 0.01 * rng.normal(size=(f, d))
    more = "" if told is None else f", told={told}"
    more += f", twist={tuple(twist)!r}" if twist else ""
    recipe = f"large_case(seed={seed}, n={n}, f={f}, d={d}, size={size!r}{more})"
    made = Case(honest, byzantine, told, at=tuple(range(f)), attack="collusion", twist=twist)
    return replace(made, recipe=recipe)
