"""What is hashed and signed, byte for byte: versioned, pure and pinned by vectors.

Each encoding starts with its domain as a SCALE string, so that no bytes of one kind can be read
as another. Integers are little endian. The Rust side reads the same vectors.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pallet_bridge.errors import EncodingError
from pallet_bridge.types.base import HASH_BYTES, AccountId
from pallet_bridge.types.verdicts import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pallet_bridge.types.round import RoundKey
    from pallet_bridge.types.verdicts import Leaf, Opening

_OUTCOMES = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.EXCLUDED: 2}

# dtype kinds whose bytes mean the same everywhere: bool, int, uint, float, complex
_PLAIN_KINDS = frozenset("biufc")


def blake2_256(data: bytes) -> bytes:
    """Return the 32-byte BLAKE2b digest, Substrate's `blake2_256`."""
    return blake2b(data, digest_size=HASH_BYTES).digest()


def compact(value: int) -> bytes:
    """Return SCALE's compact form of an integer from 0 to 2^30 - 1."""
    if not 0 <= value < 1 << 30:
        raise EncodingError(f"a length of {value} has no short compact form")
    if value < 1 << 6:
        return bytes([value << 2])
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    return (value << 2 | 2).to_bytes(4, "little")


def scale_str(text: str) -> bytes:
    """Return SCALE's form of a string: compact length, then UTF-8.

    Raises
    ------
    EncodingError
        If the text has half of a surrogate pair, which UTF-8 cannot write, or is too long.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise EncodingError("half of a surrogate pair cannot be written as UTF-8") from error
    return compact(len(data)) + data


def update_digest(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the 32-byte digest of a model or an update.

    BLAKE2b-256 over the domain ``bcfl/update/v1``, the number of arrays (u32), and for each array
    in the mapping's order: its name, its dtype as numpy writes the little-endian one (``<f4``),
    its shape (the number of axes and each length, u64) and its C-order bytes; name, dtype and
    bytes have their length (u64) before them. Contiguous little-endian arrays are not copied.

    Raises
    ------
    EncodingError
        When an array's dtype is not bool, integer, float or complex.
    """
    state = blake2b(scale_str("bcfl/update/v1") + _uint(len(arrays), 4), digest_size=HASH_BYTES)
    for name, array in arrays.items():
        little = _little_endian(name, array)
        for part in (name.encode(), little.dtype.str.encode()):
            state.update(_uint(len(part), 8) + part)
        state.update(b"".join(_uint(size, 8) for size in (little.ndim, *little.shape)))
        state.update(_uint(little.nbytes, 8))
        state.update(little.reshape(-1).data)
    return state.digest()


def commitment_hash(key: RoundKey, account: AccountId, opening: Opening) -> bytes:
    """Return the hash that an account commits to: it fits this chain, round and account only.

    The opening's salt is 32 random bytes, so that nobody can guess an update and compare.
    """
    return blake2_256(
        scale_str("bcfl/commit/v1")
        + _place(key, account)
        + _hash("update_digest", opening.update_digest)
        + _uint(opening.num_examples, 8)
        + _hash("salt", opening.salt)
    )


def signing_payload(
    key: RoundKey, account: AccountId, commitment: bytes, num_examples: int
) -> bytes:
    """Return the 32 bytes that an account signs so that the coordinator may relay a commitment."""
    return blake2_256(
        scale_str("bcfl/sign/v1")
        + _place(key, account)
        + _hash("commitment", commitment)
        + _uint(num_examples, 8)
    )


def identity_payload(*, genesis: bytes, federation: int, node_id: int, challenge: bytes) -> bytes:
    """Return the 32 bytes that an account signs to say that it speaks for a Flower node.

    `challenge` is 32 random bytes of the coordinator, so that an old answer is worth nothing.
    """
    return blake2_256(
        scale_str("bcfl/identity/v1")
        + _hash("genesis", genesis)
        + _uint(federation, 4)
        + _uint(node_id, 8)
        + _hash("challenge", challenge)
    )


def leaf_hash(leaf: Leaf) -> bytes:
    """Return the hash of one verdict in the settlement's Merkle tree."""
    return blake2_256(
        b"\x00"
        + scale_str("bcfl/leaf/v2")
        + leaf.account.raw
        + _hash("commitment", leaf.commitment)
        + _hash("digest", leaf.digest)
        + _uint(_OUTCOMES[leaf.outcome], 1)
        + _int64(leaf.score)
        + _uint(leaf.strikes, 4)
        + _uint(leaf.reward, 16)
        + _uint(leaf.reason, 1)
    )


def attest_statement(key: RoundKey, *, model: bytes, report: bytes, root: bytes) -> bytes:
    """Return what a settlement says as one hash: what the attesters of a round attest."""
    return blake2_256(
        scale_str("bcfl/attest/v1")
        + _round(key)
        + _hash("model", model)
        + _hash("report", report)
        + _hash("root", root)
    )


def attest_payload(key: RoundKey, account: AccountId, statement: bytes) -> bytes:
    """Return the 32 bytes that an attester signs when it attests off chain."""
    return blake2_256(
        scale_str("bcfl/attest-sign/v1") + _place(key, account) + _hash("statement", statement)
    )


def hash_chain(secret: bytes, length: int) -> tuple[bytes, ...]:
    """Return a chain of hashes for an attester, the tip first.

    The tip is what `calls.register_attester` takes; each `calls.attest` reveals the next one.

    Parameters
    ----------
    secret : bytes
        32 random bytes: the last link.
    length : int
        How many attestations the chain lasts for.
    """
    links = [_hash("secret", secret)]
    for _ in range(length):
        links.append(blake2_256(links[-1]))
    return tuple(reversed(links))


def escrow_account(federation: int) -> AccountId:
    """Return the account that holds a federation's reward money; nobody has its key.

    FRAME derives it from the pallet's id and the federation's number.
    """
    return AccountId((b"modl" + b"py/bcflp" + _uint(federation, 4)).ljust(HASH_BYTES, b"\x00"))


def _round(key: RoundKey) -> bytes:
    return _hash("genesis", key.genesis) + _uint(key.federation, 4) + _uint(key.round, 4)


def _place(key: RoundKey, account: AccountId) -> bytes:
    return _round(key) + account.raw


def _hash(name: str, value: bytes) -> bytes:
    if len(value) != HASH_BYTES:
        raise EncodingError(f"{name} has {HASH_BYTES} bytes, not {len(value)}")
    return value


def _uint(value: int, size: int) -> bytes:
    if not 0 <= value < 1 << (8 * size):
        raise EncodingError(f"{value} does not fit an unsigned integer of {8 * size} bits")
    return value.to_bytes(size, "little")


def _int64(value: int) -> bytes:
    if not -(1 << 63) <= value < 1 << 63:
        raise EncodingError(f"{value} does not fit a signed integer of 64 bits")
    return value.to_bytes(8, "little", signed=True)


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[np.generic]:
    if array.dtype.kind not in _PLAIN_KINDS:
        raise EncodingError(
            f"array {name!r} has dtype {array.dtype}: only bool, integer, float and complex "
            "arrays have a digest"
        )
    little: NDArray[np.generic] = array.astype(array.dtype.newbyteorder("<"), "C", copy=False)
    return little
