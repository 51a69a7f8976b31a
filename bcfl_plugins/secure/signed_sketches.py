"""Sketches that nodes sign: fixed point, seeds, and what is hashed and signed.

A node's movement of the model becomes integers, its sketch exact. The seed is drawn after the round
was sealed, so no node can choose its update by it. A second seed depends on the model that the
server made, so the server cannot choose the model by it, but by trying: each try is another model.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses.base import BUFFERS
from bcfl_plugins.defenses.core.arrays.buffers import is_buffer
from bcfl_plugins.secure.sketches import Sketching
from pallet_bridge.encoding import blake2_256, round_bytes
from pallet_bridge.scale import hash32, scale_str, uint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bcfl_plugins.secure.sketches import SketchSize
    from bcfl_plugins.secure.statements import Sealed
    from pallet_bridge.types import AccountId, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]

MOST_BITS = 1100
"""Fractional bits, of either sign: what float64 can tell from zero and from infinity."""

_ROOM = (1 << 31) - 1
_CHUNK = 1 << 14
_NORMAL = 1000
"""A power of two of so many bits is a float64 of full precision."""
_OFFSET = 1 << 15


@dataclass(frozen=True, slots=True)
class FixedVector:
    """How far a model moved, as integers.

    Parameters
    ----------
    words : numpy array
        (d,) uint32, two's complement: ``rint((end - start) * 2^bits)`` of the arrays that
        are sketched, in the order of the model that went out.
    bits : int
        As many as fit: no cell of a sketch wraps, whatever the signs.
    """

    words: NDArray
    bits: int


@dataclass(frozen=True, slots=True)
class SketchedUpdate:
    """The sketch of one update, signed by its account.

    Parameters
    ----------
    account : AccountId
        Whose.
    bits : int
        Fractional bits.
    sketch : numpy array
        (tables, width) uint32.
    signature : bytes
        Over `sketch_payload`.
    """

    account: AccountId
    bits: int
    sketch: NDArray
    signature: bytes

    def numbers(self) -> NDArray:
        """Return (tables, width) float64: the sketch in the unit of the model."""
        return as_numbers(self.sketch, self.bits)


def float_names(base: Mapping[str, NDArray]) -> list[str]:
    """Return the arrays that are sketched, in the model's order: floats that are no buffers."""
    return [
        name
        for name, array in base.items()
        if array.dtype.kind == "f" and not is_buffer(name, BUFFERS)
    ]


def fixed(base: Mapping[str, NDArray], moved: Mapping[str, NDArray], width: int) -> FixedVector:
    """Return how far a model moved, in the most bits with which no cell of a sketch can wrap.

    Parameters
    ----------
    base, moved
        Start and end; the end has the arrays of `float_names`, in the shapes of the start.
    width
        Cells of a table.

    Raises
    ------
    ValueError
        If an array is missing or of another shape, or an entry is not finite.
    """
    names = float_names(base)
    for name in names:
        if name not in moved or moved[name].shape != base[name].shape:
            raise ValueError(f"the array {name[:40]!r} is not there in the model's shape")
    length = sum(base[name].size for name in names)
    pairs = [(base[name].reshape(-1), moved[name].reshape(-1)) for name in names]
    ends = [float(end) for part in _differences(pairs) for end in (part.min(), part.max())]
    if not all(map(math.isfinite, ends)):
        raise ValueError("an entry is not finite")
    bits = _bits(max(map(abs, ends), default=0.0), most_words(length, width))
    words, place = np.empty(length, np.int32), 0
    for part in _differences(pairs):
        words[place : place + part.size] = np.rint(_times_power(part, bits))
        place += part.size
    return FixedVector(words.view(np.uint32), bits)


def most_words(length: int, width: int) -> int:
    """Return the greatest word with which no cell of a sketch of so many entries can wrap."""
    return _ROOM // max(-(-length // width), 1)


def as_numbers(sketch: NDArray, bits: int) -> NDArray:
    """Return a sketch of integers in the unit of the model, in float64."""
    return _times_power(sketch.view(np.int32).astype(np.float64), -bits)


def sketched(vector: FixedVector, size: SketchSize, seed: bytes) -> NDArray:
    """Return the (tables, width) uint32 sketch of a vector."""
    return Sketching(size, seed).of_vector(vector.words)


def model_seed(seed: bytes, model: bytes) -> bytes:
    """Return the second seed of a round: of the first, and of the digest of the model it gave."""
    return blake2_256(
        scale_str("bcfl/sketch-model-seed/v1") + hash32("seed", seed) + hash32("model", model)
    )


def seed_of(sealed: Sealed, place: RoundKey, model: bytes | None) -> bytes:
    """Return a round's first seed, or its second where the digest of the model is given."""
    first = sealed.seed(place)
    return first if model is None else model_seed(first, model)


def sketch_payload(  # noqa: PLR0917 - all that a signature stands for
    place: RoundKey,
    account: AccountId,
    seed: bytes,
    commitment: bytes,
    bits: int,
    sketch: NDArray,
) -> bytes:
    """Return the 32 bytes by which an account stands by the sketch of its update.

    Parameters
    ----------
    place, account
        The round, and whose update.
    seed
        Of the sketch.
    commitment
        Of the update, as it is on chain.
    bits
        Fractional bits.
    sketch
        (tables, width) uint32.
    """
    written = np.ascontiguousarray(sketch, "<u4").tobytes()
    return blake2_256(
        scale_str("bcfl/signed-sketch/v1")
        + round_bytes(place)
        + account.raw
        + hash32("seed", seed)
        + hash32("commitment", commitment)
        + uint(bits + _OFFSET, 4)
        + b"".join(uint(one, 4) for one in sketch.shape)
        + hashlib.sha256(written).digest()
    )


def question_payload(
    place: RoundKey, sealed: Sealed, size: SketchSize, model: bytes | None
) -> bytes:
    """Return what the coordinator signs to let nodes sketch their updates.

    With the digest of a model it also says which model it made of the round.
    """
    return blake2_256(
        scale_str("bcfl/ask-signed-sketch/v1")
        + round_bytes(place)
        + hash32("seed", sealed.seed(place))
        + uint(size.tables, 4)
        + uint(size.width, 4)
        + (b"\0" if model is None else b"\1" + hash32("model", model))
    )


def _differences(pairs: Sequence[tuple[NDArray, NDArray]]) -> Iterator[NDArray]:
    """Give how far each start is from its end, in float64, in pieces that fit a cache."""
    for start, end in pairs:
        for at in range(0, start.size, _CHUNK):
            moved = end[at : at + _CHUNK].astype(np.float64)
            with np.errstate(all="ignore"):
                moved -= start[at : at + _CHUNK]
            yield moved


def _times_power(values: NDArray, bits: int) -> NDArray:
    """Multiply float64 numbers by 2^bits, in place where that is the same as `np.ldexp`."""
    with np.errstate(all="ignore"):
        if abs(bits) > _NORMAL:
            scaled: NDArray = np.ldexp(values, bits)
            return scaled
        values *= 2.0**bits
    return values


def _bits(largest: float, most: int) -> int:
    """Return the most bits with ``rint(largest * 2^bits) <= most``."""
    if largest == 0.0:
        return 0
    if most < 1:
        raise ValueError("the model has too many parameters for tables of this width")
    bits = most.bit_length() - 1 - math.frexp(largest)[1]
    return max(-MOST_BITS, min(MOST_BITS, bits))
