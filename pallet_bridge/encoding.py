"""What is hashed and signed, byte for byte: versioned, pure and pinned by vectors.

Each encoding starts with its domain as a SCALE string, so that no bytes of one kind can be read
as another. Integers are little endian. The Rust side reads the same vectors. The forms of before
are in `pallet_bridge.encoding_v1`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3

from pallet_bridge.errors import EncodingError
from pallet_bridge.scale import hash32, int64, scale_str, uint, utf8
from pallet_bridge.types.base import HASH_BYTES, AccountId
from pallet_bridge.types.verdicts import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pallet_bridge.types.round import RoundBinding, RoundKey
    from pallet_bridge.types.verdicts import Leaf

OUTCOMES: Final = {Outcome.ACCEPTED: 0, Outcome.REJECTED: 1, Outcome.EXCLUDED: 2}
"""The byte of each outcome in a leaf."""

# dtype kinds whose bytes mean the same everywhere: bool, int, uint, float, complex
_PLAIN_KINDS = frozenset("biufc")
# below this many bytes, other threads cost more than they save
_WORTH_THREADS = 1 << 20


def blake2_256(data: bytes) -> bytes:
    """Return the 32-byte BLAKE2b digest, Substrate's `blake2_256`."""
    return blake2b(data, digest_size=HASH_BYTES).digest()


def update_digest(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the 32-byte digest of a model or an update.

    BLAKE3 over a header and then the data. The header is the domain ``bcfl/arrays/v2``, the number
    of arrays (u32), and for each array in the mapping's order its `layout`. The data are the
    arrays' little-endian C-order bytes, one after the other. BLAKE3 is a tree: all cores work at
    once, and a slice can be proved against the digest. Contiguous little-endian arrays are not
    copied.

    Raises
    ------
    EncodingError
        When an array's dtype is not bool, integer, float or complex.
    """
    header = scale_str("bcfl/arrays/v2") + uint(len(arrays), 4)
    header += b"".join(layout(name, array) for name, array in arrays.items())
    big = sum(array.nbytes for array in arrays.values()) >= _WORTH_THREADS
    state = blake3(header, max_threads=blake3.AUTO if big else 1)
    for array in arrays.values():
        state.update(plain(array))
    return state.digest()


def layout(name: str, array: NDArray[Any]) -> bytes:
    """Return what an array is, without its content.

    Its name, its dtype as numpy writes the little-endian one (``<f4``), the number of its axes,
    the length of each, and its size in bytes, as u64; name and dtype have their length (u64)
    before them.

    Raises
    ------
    EncodingError
        When its dtype is not bool, integer, float or complex.
    """
    if array.dtype.kind not in _PLAIN_KINDS:
        raise EncodingError(
            f"array {name!r} has dtype {array.dtype}: only bool, integer, float and complex "
            "arrays have a digest"
        )
    texts = (utf8(name), array.dtype.newbyteorder("<").str.encode())
    sizes = (array.ndim, *array.shape, array.nbytes)
    return b"".join(uint(len(text), 8) + text for text in texts) + b"".join(
        uint(size, 8) for size in sizes
    )


def plain(array: NDArray[Any]) -> memoryview:
    """Return an array's little-endian C-order bytes: itself where it has that form, else a copy."""
    little: NDArray[np.generic] = array.astype(array.dtype.newbyteorder("<"), "C", copy=False)
    return little.reshape(-1).view("u1").data


def commitment_hash(account: AccountId, update_digest: bytes, salt: bytes) -> bytes:
    """Return the hash that an account commits to.

    It fits this account only, so that a copy of another's is worth nothing. The salt is 32 random
    bytes, so that nobody can guess an update and compare.
    """
    return blake2_256(
        scale_str("bcfl/update/v2")
        + account.raw
        + hash32("update_digest", update_digest)
        + hash32("salt", salt)
    )


def statement_hash(
    binding: RoundBinding, account: AccountId, commitment: bytes, num_examples: int
) -> bytes:
    """Return the 32 bytes that an account signs to commit in a round.

    The chain makes the same of what it has stored: who was shown another model, other terms or
    another coordinator has signed something worthless.
    """
    return blake2_256(
        scale_str("bcfl/statement/v2")
        + round_bytes(binding.key)
        + account.raw
        + binding.coordinator.raw
        + hash32("base_model", binding.base_model)
        + hash32("terms_hash", binding.terms_hash)
        + hash32("commitment", commitment)
        + uint(num_examples, 8)
    )


def instruction_payload(binding: RoundBinding, expires: int) -> bytes:
    """Return the 32 bytes that a coordinator signs to ask for training in a round.

    `expires` is in seconds of Unix time. An instruction that differs from the round on chain is
    proof of misconduct.
    """
    return blake2_256(
        scale_str("bcfl/instruction/v2")
        + round_bytes(binding.key)
        + binding.coordinator.raw
        + hash32("base_model", binding.base_model)
        + hash32("terms_hash", binding.terms_hash)
        + uint(expires, 8)
    )


def question_payload(
    *, genesis: bytes, federation: int, coordinator: AccountId, node_id: int, challenge: bytes
) -> bytes:
    """Return the 32 bytes that a coordinator signs to ask a Flower node for its account."""
    said = _identity(genesis, federation, coordinator, node_id, challenge)
    return blake2_256(scale_str("bcfl/question/v2") + said)


def identity_payload(
    *, genesis: bytes, federation: int, coordinator: AccountId, node_id: int, challenge: bytes
) -> bytes:
    """Return the 32 bytes that an account signs to say that it speaks for a Flower node.

    `challenge` is 32 random bytes of the coordinator, so that an old answer is worth nothing, and
    so is one that another coordinator asked for.
    """
    said = _identity(genesis, federation, coordinator, node_id, challenge)
    return blake2_256(scale_str("bcfl/identity/v2") + said)


def terms_hash(encoded: bytes) -> bytes:
    """Return the hash of terms: of the SCALE bytes that `terms_codec.encode_terms` gives."""
    return blake2_256(scale_str("bcfl/terms/v1") + encoded)


def leaf_hash(leaf: Leaf) -> bytes:
    """Return the hash of one verdict in the settlement's Merkle tree."""
    return blake2_256(
        b"\x00"
        + scale_str("bcfl/leaf/v3")
        + leaf.account.raw
        + hash32("commitment", leaf.commitment)
        + hash32("revealed", leaf.revealed)
        + uint(OUTCOMES[leaf.outcome], 1)
        + int64(leaf.score)
        + uint(leaf.strikes, 4)
        + uint(leaf.reward, 16)
        + uint(leaf.reason, 1)
    )


def attest_statement(binding: RoundBinding, *, model: bytes, report: bytes, root: bytes) -> bytes:
    """Return what a settlement says as one hash: what the attesters of a round attest."""
    return _of_settlement("bcfl/attest/v2", binding, model, report, root)


def refute_statement(binding: RoundBinding, *, model: bytes, report: bytes, root: bytes) -> bytes:
    """Return that a settlement is not what comes out of its round, as one hash.

    That is what attesters attest who did the round again. It names the settlement by the same
    fields as `attest_statement`.
    """
    return _of_settlement("bcfl/refute/v1", binding, model, report, root)


def _of_settlement(
    domain: str, binding: RoundBinding, model: bytes, report: bytes, root: bytes
) -> bytes:
    return blake2_256(
        scale_str(domain)
        + round_bytes(binding.key)
        + hash32("terms_hash", binding.terms_hash)
        + hash32("model", model)
        + hash32("report", report)
        + hash32("root", root)
    )


def attest_payload(key: RoundKey, account: AccountId, statement: bytes) -> bytes:
    """Return the 32 bytes that an attester signs when it attests off chain."""
    return blake2_256(
        scale_str("bcfl/attest-sign/v2")
        + round_bytes(key)
        + account.raw
        + hash32("statement", statement)
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
    links = [hash32("secret", secret)]
    for _ in range(length):
        links.append(blake2_256(links[-1]))
    return tuple(reversed(links))


def escrow_account(federation: int) -> AccountId:
    """Return the account that holds a federation's reward money; nobody has its key.

    FRAME derives it from the pallet's id and the federation's number.
    """
    return AccountId((b"modl" + b"py/bcflp" + uint(federation, 4)).ljust(HASH_BYTES, b"\x00"))


def purse_account(federation: int) -> AccountId:
    """Return the account that holds what a federation pays fees with; nobody has its key."""
    made = b"modl" + b"py/bcflp" + uint(federation, 4) + b"fees"
    return AccountId(made.ljust(HASH_BYTES, b"\x00"))


def round_bytes(key: RoundKey) -> bytes:
    """Return the 40 bytes that stand for a round in everything that is signed about it."""
    return hash32("genesis", key.genesis) + uint(key.federation, 4) + uint(key.round, 4)


def _identity(
    genesis: bytes, federation: int, coordinator: AccountId, node_id: int, challenge: bytes
) -> bytes:
    return (
        hash32("genesis", genesis)
        + uint(federation, 4)
        + coordinator.raw
        + uint(node_id, 8)
        + hash32("challenge", challenge)
    )
