"""Who may make blocks final: the set at genesis, and the next one out of a header's digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import vector
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.errors.proofs import ProofRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.embedded.chain.block import Header

AUTHORITIES = storage_prefix("Grandpa", "Authorities")
"""Where the authorities are stored."""

_CONSENSUS = b"\x04FRNK"
_SCHEDULED, _FORCED = 1, 2
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class AuthoritySet:
    """A set of GRANDPA authorities: its number, and the weight of each key."""

    id: int
    weights: Mapping[bytes, int]

    @property
    def threshold(self) -> int:
        """The least weight of which less than a third can be faulty: more than two thirds."""
        total = sum(self.weights.values())
        return total - (total - 1) // 3


def read_authorities(set_id: int, data: bytes) -> AuthoritySet:
    """Read a stored list of authorities."""
    reader = ScaleReader(data)
    try:
        found = read_weights(reader)
        reader.finish()
    except DecodeError as error:
        raise ProofRefused("the authorities", str(error)) from None
    return AuthoritySet(set_id, found)


def next_set(now: AuthoritySet, header: Header) -> AuthoritySet | None:
    """Return the set that follows after a header; None when its digest schedules no change.

    Raises
    ------
    ProofRefused
        When a change is forced, or takes effect later than with its own block.
    """
    found: AuthoritySet | None = None
    for item in header.digest:
        if not item.startswith(_CONSENSUS):
            continue
        reader = ScaleReader(item)
        try:
            reader.take(len(_CONSENSUS))
            log = ScaleReader(reader.blob())
            kind = log.uint(1)
            if kind == _FORCED:
                raise ProofRefused(
                    f"the authorities after block {header.number}",
                    "their change was forced, by the chain's governance and without finality",
                )
            if kind != _SCHEDULED:
                continue
            weights, delay = read_weights(log), log.uint(4)
            log.finish()
        except DecodeError as error:
            raise ProofRefused(f"the authorities after block {header.number}", str(error)) from None
        if delay:
            raise ProofRefused(
                f"the authorities after block {header.number}",
                f"their change waits {delay} blocks, this client knows only those that do not wait",
            )
        found = AuthoritySet(now.id + 1, weights)
    return found


def encode_weights(weights: Mapping[bytes, int]) -> bytes:
    """Return a list of authorities as it is stored."""
    return vector([key + weight.to_bytes(8, "little") for key, weight in weights.items()])


def read_weights(reader: ScaleReader) -> dict[bytes, int]:
    """Read a list of authorities where other bytes may follow; `DecodeError` when it is none."""
    found: dict[bytes, int] = {}
    for _ in range(reader.compact()):
        key, weight = reader.take(_KEY_BYTES), reader.uint(8)
        if key in found or not weight:
            raise DecodeError(f"the authority {key.hex()} stands twice, or without weight")
        found[key] = weight
    if not found:
        raise DecodeError("there are none")
    return found
