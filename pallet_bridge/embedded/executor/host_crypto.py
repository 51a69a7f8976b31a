"""Host functions of ``sp_io::crypto`` and the hashes that the core module does not compute.

Only what a runtime may do while it executes a block is here: verifying and recovering. Signing
and key generation ask for a keystore, which the embedded chain has none of.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import ed25519_zebra  # type: ignore[import-untyped]

from pallet_bridge.accounts import signatures
from pallet_bridge.embedded.executor import secp256k1

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from pallet_bridge.embedded.executor.memory import MemoryWindow
    from pallet_bridge.embedded.executor.wasm import HostFunction

MOCK_SIGNATURE = b"\xde\xad\xbe\xef" + b"\xcd" * 60
"""What stands for the signature of an account that is impersonated; chopsticks takes the same."""

_OLD_V = 27  # Ethereum's recovery numbers start here
_BAD_RS, _BAD_V, _BAD_SIGNATURE = 0, 1, 2


def crypto_functions(
    memory: MemoryWindow, impersonated: Container[bytes] = ()
) -> Mapping[str, HostFunction]:
    """Make the functions that check signatures.

    `impersonated` are public keys whose signature may be `MOCK_SIGNATURE`.
    """
    read, read_at = memory.read, memory.read_at

    def sr25519_verify(signature: int, message: int, public: int) -> int:
        signed, by = read_at(signature, 64), read_at(public, 32)
        if signed == MOCK_SIGNATURE and by in impersonated:
            return 1
        return int(signatures.holds(by, read(message), signed))

    def ed25519_verify(signature: int, message: int, public: int) -> int:
        signed, by = read_at(signature, 64), read_at(public, 32)
        if signed == MOCK_SIGNATURE and by in impersonated:
            return 1
        return int(ed25519_zebra.ed_verify(signed, read(message), by))

    def recover(signature: int, message: int) -> int:
        point = recover_secp256k1(read_at(signature, 65), read_at(message, 32))
        return memory.give(b"\x01" + bytes((point,)) if isinstance(point, int) else b"\x00" + point)

    def recover_compressed(signature: int, message: int) -> int:
        point = recover_secp256k1(read_at(signature, 65), read_at(message, 32))
        if isinstance(point, int):
            return memory.give(b"\x01" + bytes((point,)))
        return memory.give(b"\x00" + bytes((2 + (point[63] & 1),)) + point[:32])

    return {
        "ext_crypto_sr25519_verify_version_2": sr25519_verify,
        "ext_crypto_ed25519_verify_version_1": ed25519_verify,
        "ext_crypto_secp256k1_ecdsa_recover_version_2": recover,
        "ext_crypto_secp256k1_ecdsa_recover_compressed_version_2": recover_compressed,
    }


def hash_functions(memory: MemoryWindow) -> Mapping[str, HostFunction]:
    """Make the hash functions that are too rare to be in Wasm."""

    def keccak_256(data: int) -> int:
        return memory.give_at(keccak(memory.read(data), 256))

    def keccak_512(data: int) -> int:
        return memory.give_at(keccak(memory.read(data), 512))

    def sha2_256(data: int) -> int:
        return memory.give_at(hashlib.sha256(memory.read(data)).digest())

    return {
        "ext_hashing_keccak_256_version_1": keccak_256,
        "ext_hashing_keccak_512_version_1": keccak_512,
        "ext_hashing_sha2_256_version_1": sha2_256,
    }


def keccak(data: bytes, bits: int) -> bytes:
    """Keccak as submitted, before SHA-3 changed its padding."""
    # Loading it costs a fifth of the chain's start, and few runtimes ever ask for this hash.
    from Crypto.Hash import keccak as implementation  # noqa: PLC0415

    return implementation.new(digest_bits=bits, data=data).digest()


def recover_secp256k1(signature: bytes, digest: bytes) -> bytes | int:
    """Recover the public key: x and y in 64 bytes, or the number of an ``EcdsaVerifyError``.

    Parameters
    ----------
    signature
        r, s and the recovery number (0 to 3, or 27 to 30).
    digest
        The 32 bytes that were signed.
    """
    recovery = signature[64] - _OLD_V if signature[64] >= _OLD_V else signature[64]
    if recovery not in range(4):
        return _BAD_V
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if r >= secp256k1.ORDER or s >= secp256k1.ORDER:
        return _BAD_RS
    return secp256k1.recover(digest, r, s, recovery) or _BAD_SIGNATURE
