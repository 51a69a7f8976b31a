"""The signed sketches of a round as they are published, and the check of a sum by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.published.reading import UNREADABLE, raw
from bcfl_plugins.secure.signed_sketches import (
    MOST_BITS,
    SketchedUpdate,
    as_numbers,
    fixed,
    float_names,
    most_words,
    sketched,
)
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    NDArray = np.ndarray[Any, np.dtype[Any]]

FORMAT = "bcfl-sketches/1"
SKETCHED_SUM = "sketched_sum/1"
"""How reports call a model of which signed sketches say that it is the weighted sum."""

SLACK = 2.0
"""Rounding errors may look so many times as long in a sketch as they are."""
SIGMAS = 6.0
"""So many standard deviations of a sketched inner product a published one may be off."""
_PAIR = 2.0
_SIGNATURE_BYTES = 64
_PIECE = 1 << 14
_COARSEST = 4.0
"""Half a unit, where the longest of some entries has a quarter of the greatest word; twice that."""


@dataclass(frozen=True, slots=True)
class RoundSketches:
    """The signed sketches of one round.

    Parameters
    ----------
    block : bytes
        Hash of the block in which the round was sealed, of which seeds are drawn.
    number : int
        Its number.
    size : SketchSize
        Of the sketches.
    sealed : tuple of SketchedUpdate
        By the first seed: of each update that was judged, ascending by account.
    averaged : tuple of SketchedUpdate
        By the second: of those that were accepted, ascending by account.
    """

    block: bytes
    number: int
    size: SketchSize
    sealed: tuple[SketchedUpdate, ...]
    averaged: tuple[SketchedUpdate, ...]

    def plain(self) -> dict[str, object]:
        """Return what is stored of them."""
        return {
            "format": FORMAT,
            "block": self.block,
            "number": self.number,
            "tables": self.size.tables,
            "width": self.size.width,
            "sealed": [_plain(one) for one in self.sealed],
            "averaged": [_plain(one) for one in self.averaged],
        }

    @classmethod
    def read(cls, plain: object) -> RoundSketches:
        """Read what `plain` returned.

        Raises
        ------
        EncodingError
            If it is something else, or not in ascending order of account.
        """
        try:
            return cls._read(plain)
        except UNREADABLE as error:
            raise EncodingError(f"these are no sketches of a round: {error}") from error

    @classmethod
    def _read(cls, plain: Any) -> RoundSketches:  # noqa: ANN401 - whatever was stored
        if plain["format"] != FORMAT:
            raise EncodingError(f"their format is {plain['format']!r}, not {FORMAT}")
        size = SketchSize(int(plain["tables"]), int(plain["width"]))
        if not size.is_possible:
            raise EncodingError(f"there are no sketches of {size.tables} tables of {size.width}")
        if len(plain["block"]) != HASH_BYTES:
            raise EncodingError(f"the hash of a block has {HASH_BYTES} bytes")
        return cls(
            raw(plain["block"]),
            int(plain["number"]),
            size,
            _listed(plain["sealed"], size),
            _listed(plain["averaged"], size),
        )


@dataclass(frozen=True, slots=True)
class SumCheck:
    """How far a model is from the weighted sum of updates, as one seed shows it.

    Parameters
    ----------
    off : float
        Euclidean length of what is left over, in the table where it is longest.
    tolerance : float
        How long it may be from rounding: a lie of four times this length or more passes with a
        probability of `passing` at most.
    """

    off: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the model is the sum, as far as can be seen."""
        return self.off <= self.tolerance


def passing(size: SketchSize) -> float:
    """Return a bound of the probability with which a lie passes that does not know the seed.

    A lie is at least four tolerances long, and seen when some table shows half of its length. The
    squared length in a table has the mean of the true one, and at most 2 / width of its square as
    variance. So Chebyshev's inequality gives ``(2 / width) / (3 / 4)^2`` a table.
    """
    return min(1.0, 32.0 / (9.0 * size.width)) ** size.tables


def tolerance(width: int, entries: int | None = None) -> float:
    """Return how far a published inner product may be off, as a share of both lengths' product.

    A table of w cells gives an inner product with a standard deviation of ``sqrt(2 / w)`` of the
    product of both lengths at most; the median over tables is taken.

    Parameters
    ----------
    width
        Cells of a table.
    entries
        Where the published one is of sketches itself, of so many entries.
    """
    own = 0.0 if entries is None else _PAIR / entries
    return SIGMAS * float(np.sqrt(_PAIR / width + own))


def inner_products(numbers: Sequence[NDArray] | NDArray) -> NDArray:
    """Return (n, n) estimates of inner products of n updates, of (n, tables, width) sketches."""
    rows = np.asarray(numbers)
    found: NDArray = np.median(np.matmul(rows.swapaxes(0, 1), rows.transpose(1, 2, 0)), axis=0)
    return found


def check_sum(
    base: Mapping[str, NDArray],
    model: Mapping[str, NDArray],
    parts: Mapping[AccountId, float],
    updates: Mapping[AccountId, SketchedUpdate],
    seed: bytes,
) -> SumCheck:
    """Check ``sum_i w_i S d_i = S (model - base)``.

    Parameters
    ----------
    base, model
        What went out, and what came of the round.
    parts
        w_i: how much of the sum each update is. What is missing to one is the base.
    updates
        The sketches of the same accounts, by this seed; one at least.
    seed
        Of the sketches.

    Raises
    ------
    ValueError
        If the model is not one that came of the base.
    """
    tables, width = next(iter(updates.values())).sketch.shape
    moved = fixed(base, model, width)
    most = most_words(moved.words.size, width)
    shown = as_numbers(sketched(moved, SketchSize(tables, width), seed), moved.bits)
    left, step = -shown, _step(shown, moved.bits, most)
    for account in sorted(parts, key=lambda one: one.raw):
        one, part = updates[account], parts[account]
        numbers = one.numbers()
        left += part * numbers
        step += abs(part) * _step(numbers, one.bits, most)
    off = float(np.sqrt(np.square(left).sum(axis=1)).max())
    wrong = step * float(np.sqrt(moved.words.size)) + _rounding(base, model, len(parts))
    return SumCheck(off, SLACK * wrong)


def _step(numbers: NDArray, bits: int, most: int) -> float:
    """Return how far an entry may be off from rounding: no farther than in an honest sketch.

    Who has rounded more than it had to would otherwise make room for a lie.
    """
    with np.errstate(all="ignore"):
        half = float(np.ldexp(0.5, -bits))
    longest = float(np.sqrt(np.square(numbers).sum(axis=1)).max())
    return min(half, _COARSEST * longest / most)


def _rounding(base: Mapping[str, NDArray], model: Mapping[str, NDArray], count: int) -> float:
    """Return how long the rounding errors of an average of so many updates usually are at most."""
    total = 0.0
    for name in float_names(base):
        start, end = base[name].reshape(-1), model[name].reshape(-1)
        squares = 0.0
        for at in range(0, start.size, _PIECE):
            reach = np.abs(start[at : at + _PIECE], dtype=np.float64)
            reach += np.abs(end[at : at + _PIECE])
            squares += float(np.square(reach, out=reach).sum())
        total += float(np.finfo(base[name].dtype).eps) ** 2 * squares
    return (2.0 + float(np.sqrt(count))) * float(np.sqrt(total))


def _plain(one: SketchedUpdate) -> tuple[object, ...]:
    return str(one.account), one.bits, one.sketch, one.signature


def _listed(plain: Any, size: SketchSize) -> tuple[SketchedUpdate, ...]:  # noqa: ANN401
    found = tuple(_one(size, *one) for one in plain)
    accounts = [one.account.raw for one in found]
    if accounts != sorted({*accounts}):
        raise EncodingError("accounts are not in ascending order")
    return found


def _one(
    size: SketchSize, account: str, bits: int, sketch: NDArray, signature: bytes
) -> SketchedUpdate:
    if sketch.dtype != np.uint32 or sketch.shape != (size.tables, size.width):
        raise EncodingError(f"a sketch is {sketch.shape} of {sketch.dtype}")
    if len(signature) != _SIGNATURE_BYTES or abs(int(bits)) > MOST_BITS:
        raise EncodingError("a signature or a scale is none")
    return SketchedUpdate(AccountId.parse(account), int(bits), sketch, raw(signature))
