"""What was hashed and signed before the second protocol: for the audit of runs of that time.

Nothing new is made with these. Version 1 bound no base model and no terms, and it showed the bare
digest of an update in public; see `pallet_bridge.encoding` for what is made now. The form of a
Merkle tree, of claims and of an escrow's account is the same in both.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pallet_bridge.encoding import OUTCOMES, blake2_256, layout, plain
from pallet_bridge.scale import hash32, int64, scale_str, uint
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pallet_bridge.types.base import AccountId
    from pallet_bridge.types.round import RoundKey
    from pallet_bridge.types.verdicts import Leaf, Opening


def update_digest(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return version 1 of the 32-byte digest of a model or an update.

    BLAKE2b-256 over the domain ``bcfl/update/v1``, the number of arrays (u32), and for each array
    in the mapping's order: its name, its dtype as numpy writes the little-endian one (``<f4``),
    its shape (the number of axes and each length, u64) and its C-order bytes; name, dtype and
    bytes have their length (u64) before them.
    """
    state = blake2b(scale_str("bcfl/update/v1") + uint(len(arrays), 4), digest_size=HASH_BYTES)
    for name, array in arrays.items():
        state.update(layout(name, array))
        state.update(plain(array))
    return state.digest()


def commitment_hash(key: RoundKey, account: AccountId, opening: Opening) -> bytes:
    """Return version 1 of the hash that an account commits to."""
    return blake2_256(
        scale_str("bcfl/commit/v1")
        + _place(key, account)
        + hash32("update_digest", opening.update_digest)
        + uint(opening.num_examples, 8)
        + hash32("salt", opening.salt)
    )


def signing_payload(
    key: RoundKey, account: AccountId, commitment: bytes, num_examples: int
) -> bytes:
    """Return the 32 bytes that an account signed so that a commitment could be relayed."""
    return blake2_256(
        scale_str("bcfl/sign/v1")
        + _place(key, account)
        + hash32("commitment", commitment)
        + uint(num_examples, 8)
    )


def leaf_hash(leaf: Leaf) -> bytes:
    """Return version 2 of a verdict's hash: its `revealed` is the bare digest of the update."""
    return blake2_256(
        b"\x00"
        + scale_str("bcfl/leaf/v2")
        + leaf.account.raw
        + hash32("commitment", leaf.commitment)
        + hash32("revealed", leaf.revealed)
        + uint(OUTCOMES[leaf.outcome], 1)
        + int64(leaf.score)
        + uint(leaf.strikes, 4)
        + uint(leaf.reward, 16)
        + uint(leaf.reason, 1)
    )


def attest_statement(key: RoundKey, *, model: bytes, report: bytes, root: bytes) -> bytes:
    """Return version 1 of what the attesters of a round attest."""
    return blake2_256(
        scale_str("bcfl/attest/v1")
        + _round(key)
        + hash32("model", model)
        + hash32("report", report)
        + hash32("root", root)
    )


def attest_payload(key: RoundKey, account: AccountId, statement: bytes) -> bytes:
    """Return version 1 of what an attester signed when it attested off chain."""
    return blake2_256(
        scale_str("bcfl/attest-sign/v1") + _place(key, account) + hash32("statement", statement)
    )


def _round(key: RoundKey) -> bytes:
    return hash32("genesis", key.genesis) + uint(key.federation, 4) + uint(key.round, 4)


def _place(key: RoundKey, account: AccountId) -> bytes:
    return _round(key) + account.raw
