"""A random mixture of a round's updates: one look at it shows who signed a false sketch.

It is made beside the wait for the seal and for the answers: it takes nothing that is known only
then. Its shares are drawn by the server and told to nobody: one lie is always seen, and several
that are meant to cancel do so by luck. Of four nodes whose lies of 200 tolerances each add up to
nothing, one draw in 160 sees nothing; the longer the lies, the fewer.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from bcfl_plugins.published.sketches import check_sum
from bcfl_plugins.secure.signed_sketches import fixed, float_names, sketched
from bcfl_plugins.secure.sketches import SketchSize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bcfl_plugins.secure.signed_sketches import SketchedUpdate
    from bcfl_plugins.types import Array, ClientUpdate
    from pallet_bridge.types import AccountId

    Updates = Mapping[AccountId, ClientUpdate]

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Mixture:
    """A sum of the model and the updates, each with a share of its own.

    Parameters
    ----------
    base : Mapping
        The model that went out.
    updates : Mapping
        The updates.
    shares : Mapping
        How much of the mixture each of them is; they add up to 1.
    mixed : Mapping
        The mixture: the arrays that are sketched.
    """

    base: Mapping[str, Array]
    updates: Updates
    shares: Mapping[AccountId, float]
    mixed: Mapping[str, Array]

    @classmethod
    def of(cls, base: Mapping[str, Array], updates: Updates) -> Self:
        """Draw the shares, and mix."""
        drawn = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
        weights = drawn.uniform(0.5, 1.5, len(updates))
        shares = dict(zip(updates, (weights / weights.sum()).tolist(), strict=True))
        rows = [(updates[who].arrays, share) for who, share in shares.items()]
        return cls(
            base, updates, shares, {name: _sum(name, base, rows) for name in float_names(base)}
        )

    def false_sketches(
        self, found: Mapping[AccountId, SketchedUpdate], seed: bytes
    ) -> list[AccountId]:
        """Return who signed something else than the sketch of its update.

        One such would make the server's honest statistics and model look false. All are looked at
        in the mixture, and each by itself only where that does not fit.
        """
        accounts = [who for who in self.updates if who in found]
        if not accounts:
            return []
        shares = {who: self.shares[who] for who in accounts}
        if check_sum(self.base, self._of(shares), shares, found, seed).holds:
            return []
        return [
            who for who in accounts if not _is_of(self.base, self.updates[who], found[who], seed)
        ]

    def _of(self, shares: Mapping[AccountId, float]) -> Mapping[str, Array]:
        """Return the mixture with the model in the place of those who are not asked for."""
        gone = [
            (one.arrays, self.shares[who]) for who, one in self.updates.items() if who not in shares
        ]
        if not gone:
            return self.mixed
        rows = [
            (self.base, sum(share for _, share in gone)),
            *((one, -share) for one, share in gone),
        ]
        return {name: mixed + _sum(name, self.base, rows) for name, mixed in self.mixed.items()}


@contextmanager
def mixing(base: Mapping[str, Array], updates: Updates) -> Iterator[Callable[[], Mixture]]:
    """Mix in another thread; what is given waits for the mixture."""
    with ThreadPoolExecutor(1, "bcfl-mixture") as beside:
        yield beside.submit(Mixture.of, base, updates).result


def _sum(
    name: str, base: Mapping[str, Array], rows: Sequence[tuple[Mapping[str, Array], float]]
) -> Array:
    """Return the weighted sum of one array, in pieces that fit a cache."""
    like = base[name]
    parts = [(arrays[name].reshape(-1), like.dtype.type(share)) for arrays, share in rows]
    total = np.zeros(like.size, like.dtype)
    room = np.empty(min(_PIECE, like.size), like.dtype)
    for at in range(0, like.size, _PIECE):
        piece = total[at : at + _PIECE]
        for row, share in parts:
            piece += np.multiply(row[at : at + _PIECE], share, out=room[: piece.size])
    return total.reshape(like.shape)


def _is_of(
    base: Mapping[str, Array], update: ClientUpdate, signed: SketchedUpdate, seed: bytes
) -> bool:
    tables, width = signed.sketch.shape
    vector = fixed(base, update.arrays if update.sent is None else update.sent, width)
    made = sketched(vector, SketchSize(tables, width), seed)
    return vector.bits == signed.bits and bool(np.array_equal(made, signed.sketch))
