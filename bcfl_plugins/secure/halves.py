"""Updates in two halves, one for each of two servers: neither tells anything of the update.

``u = s1 + s2 mod 2^32``. The first half is the stream of a seed, the second the vector that is
left. A node commits to both at once, and to the way in which they were made. All of it is integers,
so sums and sketches of halves are exact. Every encoding is versioned; vectors pin it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.sketches import Sketching
from bcfl_plugins.secure.streams import add_streams
from pallet_bridge.encoding import blake2_256, commitment_hash, round_bytes, update_digest
from pallet_bridge.scale import hash32, scale_str, uint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.sketches import SketchSize
    from pallet_bridge.types import AccountId, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]

LEAST_SUMMED = 3
"""With fewer updates in a sum, the sum and one's own update tell the other one."""

COMMITTED = "bcfl-halves"
"""The name of the array that a node commits to."""

COMMITTED_BYTES = 32 + 32 + 32 + 2


@dataclass(frozen=True, slots=True)
class HalvesWay:
    """How the updates of a round are halved: the same for all nodes.

    Parameters
    ----------
    aggregator : AccountId
        Who gets the vectors.
    key : bytes
        Its public key (X25519), for which vectors are sealed.
    scale : MaskScale
        How entries become integers.
    sketch : SketchSize
        Of the sketches, which both servers make of each half.
    length : int
        Parameters of the model.
    """

    aggregator: AccountId
    key: bytes
    scale: MaskScale
    sketch: SketchSize
    length: int

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for all of it."""
        return blake2_256(
            scale_str("bcfl/halves-way/v1")
            + self.aggregator.raw
            + hash32("key", self.key)
            + struct.pack("<d", self.scale.clip)
            + uint(self.scale.bits, 4)
            + uint(self.sketch.tables, 4)
            + uint(self.sketch.width, 4)
            + uint(self.length, 4)
        )

    def payload(self, place: RoundKey) -> bytes:
        """Return the 32 bytes that the coordinator signs to let nodes halve their updates."""
        return blake2_256(
            scale_str("bcfl/halves-ask/v1") + round_bytes(place) + hash32("way", self.digest)
        )


@dataclass(frozen=True, slots=True)
class Halved:
    """What a node commits to, and no more: both servers learn it.

    Parameters
    ----------
    way : bytes
        Digest of the way.
    seed : bytes
        `seed_digest` of the first half.
    vector : bytes
        `vector_digest` of the second half.
    least : int
        How many updates must be in a sum at least, as the node asks.
    """

    way: bytes
    seed: bytes
    vector: bytes
    least: int

    def array(self) -> NDArray:
        """Return (98,) uint8: the array that stands for the update."""
        written = (
            hash32("way", self.way)
            + hash32("seed", self.seed)
            + hash32("vector", self.vector)
            + uint(self.least, 2)
        )
        return np.frombuffer(written, np.uint8)

    @classmethod
    def read(cls, array: NDArray) -> Halved:
        """Read what `array` returned.

        Raises
        ------
        ValueError
            If it is something else.
        """
        if array.dtype != np.uint8 or array.shape != (COMMITTED_BYTES,):
            raise ValueError(f"it is no array of {COMMITTED_BYTES} bytes")
        data = array.tobytes()
        return cls(data[:32], data[32:64], data[64:96], int.from_bytes(data[96:], "little"))

    def commitment(self, account: AccountId, salt: bytes) -> bytes:
        """Return what the chain has of it."""
        return commitment_hash(account, update_digest({COMMITTED: self.array()}), salt)


def seed_digest(place: RoundKey, account: AccountId, seed: bytes) -> bytes:
    """Return what stands for the seed of a first half; the seed is 32 random bytes."""
    return _hidden("bcfl/halves-seed/v1", place, account, seed)


def vector_digest(place: RoundKey, account: AccountId, blind: bytes, vector: NDArray) -> bytes:
    """Return what stands for a second half.

    The 32 random bytes of `blind` go to the aggregator only: without them the other server, which
    has the seed, could confirm a guess of the update.

    Parameters
    ----------
    place, account
        The round, and whose half.
    blind
        32 secret bytes.
    vector
        (d,) uint32.
    """
    words = np.ascontiguousarray(vector, "<u4").tobytes()
    return _hidden("bcfl/halves-vector/v1", place, account, hash32("blind", blind) + words)


def halve(vector: NDArray, seed: bytes) -> None:
    """Make the second half of an update in place: take the stream of the seed off, mod 2^32."""
    add_streams(vector, (), (seed,))


def first_halves(seeds: Iterable[bytes], length: int) -> NDArray:
    """Return (d,) uint32 the sum of the first halves of some seeds."""
    total = np.zeros(length, np.uint32)
    for seed in seeds:
        add_streams(total, (seed,))
    return total


def half_payload(
    place: RoundKey, account: AccountId, seed: bytes, half: bytes, sketch: NDArray
) -> bytes:
    """Return the 32 bytes by which a server stands by the sketch of one half.

    Parameters
    ----------
    place, account
        The round, and whose update.
    seed
        Of the sketch.
    half
        The digest of the half, as its node committed to it.
    sketch
        (tables, width) uint32.
    """
    written = np.ascontiguousarray(sketch, "<u4").tobytes()
    return blake2_256(
        scale_str("bcfl/halves-sketch/v1")
        + round_bytes(place)
        + account.raw
        + hash32("seed", seed)
        + hash32("half", half)
        + b"".join(uint(one, 4) for one in sketch.shape)
        + hashlib.sha256(written).digest()
    )


def is_sketch_of_vector(sketch: NDArray, seed: bytes, size: SketchSize, vector: NDArray) -> bool:
    """Say whether a sketch is that of a second half; with its opening a false one is proved."""
    return np.array_equal(sketch, Sketching(size, seed).of_vector(vector))


def is_sketch_of_seed(
    sketch: NDArray, seed: bytes, size: SketchSize, half: bytes, length: int
) -> bool:
    """Say whether a sketch is that of the first half that the seed `half` gives."""
    return np.array_equal(sketch, Sketching(size, seed).of_seeds([half], length)[0])


def total_payload(place: RoundKey, aggregator: AccountId, asked: bytes, total: NDArray) -> bytes:
    """Return the 32 bytes by which the aggregator stands by a sum of second halves.

    Parameters
    ----------
    place, aggregator
        The round, and who sums.
    asked
        The payload of what the coordinator asked: it names who is in the sum.
    total
        (d,) uint32.
    """
    return digested_total(place, aggregator, asked, total_digest(total))


def total_digest(total: NDArray) -> bytes:
    """Return the SHA-256 of a sum, (d,) uint32, little-endian."""
    return hashlib.sha256(np.ascontiguousarray(total, "<u4").tobytes()).digest()


def digested_total(place: RoundKey, aggregator: AccountId, asked: bytes, digest: bytes) -> bytes:
    """Return what `total_payload` does, from the `total_digest` of the sum."""
    return blake2_256(
        scale_str("bcfl/halves-sum/v1")
        + round_bytes(place)
        + aggregator.raw
        + hash32("asked", asked)
        + hash32("digest", digest)
    )


def receipt_payload(place: RoundKey, account: AccountId, commitment: bytes) -> bytes:
    """Return the 32 bytes by which the aggregator says that it keeps a second half."""
    return blake2_256(
        scale_str("bcfl/halves-receipt/v1")
        + round_bytes(place)
        + account.raw
        + hash32("commitment", commitment)
    )


def checked_payload(
    place: RoundKey, account: AccountId, first: bytes, second: bytes, said: int
) -> bytes:
    """Return the 32 bytes by which a node says what it thinks of two signed sketches.

    Parameters
    ----------
    place, account
        The round, and whose halves.
    first, second
        The payloads of the signed sketches.
    said
        0: both are right; 1: that of the seed is false; 2: that of the vector; 3: both.
    """
    return blake2_256(
        scale_str("bcfl/halves-checked/v1")
        + round_bytes(place)
        + account.raw
        + hash32("first", first)
        + hash32("second", second)
        + uint(said, 1)
    )


def _hidden(purpose: str, place: RoundKey, account: AccountId, secret: bytes) -> bytes:
    return hashlib.sha256(scale_str(purpose) + round_bytes(place) + account.raw + secret).digest()
