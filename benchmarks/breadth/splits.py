"""Who has which rows, and what each site's instrument does to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.breadth.data import Data

    Array = np.ndarray[Any, Any]

SPLITS = (
    "iid", "dirichlet .5", "dirichlet .1", "shards", "sizes", "shift", "lone", "scanner",
)  # fmt: skip
LEAST = 2
"""Rows of a site: whoever has fewer is given some of the largest site's."""
CHANGE = 0.3
"""The share of the rounds after which the first site has another scanner."""


def deal(data: Data, split: str, n: int, rng: np.random.Generator) -> list[Array]:
    """Return the row numbers of each of n sites.

    ``shards`` are two of 2n pieces of the rows in order of their class. ``sizes`` go in a geometric
    row from 1 to 100, in any order. ``lone``: the first site holds all rows of one class and no
    other. ``shift`` and ``scanner`` are dealt evenly.
    """
    rows = rng.permutation(data.train)
    labels = data.y[rows]
    if split.startswith("dirichlet"):
        parts = _dirichlet(rows, labels, n, float(split.split()[1]), rng)
    elif split == "shards":
        pieces = np.array_split(rows[np.argsort(labels, kind="stable")], 2 * n)
        order = rng.permutation(2 * n)
        parts = [np.concatenate([pieces[i] for i in order[2 * k : 2 * k + 2]]) for k in range(n)]
    elif split == "sizes":
        sizes = rng.permutation(np.geomspace(1.0, 100.0, n))
        parts = np.split(rows, (np.cumsum(sizes / sizes.sum())[:-1] * len(rows)).astype(int))
    elif split == "lone":
        alone = labels == lone_class(data, rng)
        parts = [rows[alone], *np.array_split(rows[~alone], n - 1)]
    else:
        parts = np.array_split(rows, n)
    return topped_up(parts)


def lone_class(data: Data, rng: np.random.Generator) -> int:
    """Return the class that the first site alone holds."""
    return int(rng.integers(0, data.classes))


def topped_up(parts: list[Array]) -> list[Array]:
    """Return the same rows with `LEAST` for everybody, taken from whoever has most."""
    parts = list(parts)
    for poor in range(len(parts)):
        while len(parts[poor]) < LEAST:
            rich = max(range(len(parts)), key=lambda i: len(parts[i]))
            if len(parts[rich]) <= LEAST:
                raise ValueError(f"too few rows for {len(parts)} sites: {sum(map(len, parts))}")
            parts[poor] = np.append(parts[poor], parts[rich][-1])
            parts[rich] = parts[rich][:-1]
    return parts


def _dirichlet(
    rows: Array, labels: Array, n: int, alpha: float, rng: np.random.Generator
) -> list[Array]:
    parts: list[list[Array]] = [[] for _ in range(n)]
    for label in np.unique(labels):
        mine = rows[labels == label]
        shares = np.cumsum(rng.dirichlet(np.full(n, alpha)))[:-1]
        for part, some in zip(parts, np.split(mine, (shares * len(mine)).astype(int)), strict=True):
            part.append(some)
    return [np.concatenate(part) for part in parts]


@dataclass(frozen=True, slots=True, eq=False)
class Instruments:
    """What the instrument of each site does to a feature: ``x * gain + offset``.

    Parameters
    ----------
    gains, offsets : Array
        (n, features) float32.
    """

    gains: Array
    offsets: Array

    def seen(self, x: Array, site: int) -> Array:
        """Return rows as a site sees them."""
        found: Array = x * self.gains[site] + self.offsets[site]
        return found


def instruments(split: str, n: int, features: int, rng: np.random.Generator) -> Instruments:
    """Draw them: all differ for ``shift``, the first does for ``scanner``, else none does."""
    gains = np.exp(0.4 * rng.standard_normal((n, features))).astype(np.float32)
    offsets = (0.4 * rng.standard_normal((n, features))).astype(np.float32)
    same = np.full(n, split != "shift")
    if split == "scanner":
        same[0] = False
        gains[0], offsets[0] = -gains[0], 2.0 * offsets[0]  # it shows what was bright as dark
    gains[same], offsets[same] = 1.0, 0.0
    return Instruments(gains, offsets)
