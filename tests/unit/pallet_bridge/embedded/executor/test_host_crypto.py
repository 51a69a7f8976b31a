from __future__ import annotations

import ed25519_zebra
import pytest
import sr25519
from eth_keys import keys
from hypothesis import given, settings
from hypothesis import strategies as st

from pallet_bridge.embedded.executor import secp256k1
from pallet_bridge.embedded.executor.host_crypto import (
    crypto_functions,
    hash_functions,
    keccak,
    recover_secp256k1,
)

PAIR = sr25519.pair_from_seed(b"\x07" * 32)
SIGNATURE = sr25519.sign(PAIR, b"message")


class Buffer:
    """Stands for a Wasm memory: the argument of a call is the bytes themselves."""

    def read(self, data: bytes) -> bytes:
        return data

    def read_at(self, data: bytes, length: int) -> bytes:
        assert len(data) == length
        return data

    def give(self, data: bytes) -> bytes:
        return data

    give_at = give


CRYPTO = crypto_functions(Buffer())
HASHES = hash_functions(Buffer())


def test_sr25519_signatures_are_checked() -> None:
    verify = CRYPTO["ext_crypto_sr25519_verify_version_2"]
    assert verify(SIGNATURE, b"message", PAIR[0]) == 1
    assert verify(SIGNATURE, b"another", PAIR[0]) == 0


@pytest.mark.parametrize(
    ("signature", "public"),
    [(bytes(64), PAIR[0]), (b"\xff" * 64, PAIR[0]), (SIGNATURE, b"\xff" * 32)],
    ids=["zeros", "ones", "no-point"],  # a signature is different each time
)
def test_malformed_sr25519_input_is_no_match_and_no_error(signature: bytes, public: bytes) -> None:
    assert CRYPTO["ext_crypto_sr25519_verify_version_2"](signature, b"message", public) == 0


def test_ed25519_signatures_are_checked_as_zip215_says() -> None:
    verify = CRYPTO["ext_crypto_ed25519_verify_version_1"]
    secret, public = ed25519_zebra.ed_from_seed(b"\x05" * 32)[:32], None
    secret = b"\x05" * 32
    public = ed25519_zebra.ed_public_from_secret(secret)
    signature = ed25519_zebra.ed_sign(secret, b"message")
    assert verify(signature, b"message", public) == 1
    assert verify(signature, b"another", public) == 0
    # sp-io, use_dalek_ext_works: zebra takes the all-zero key and signature
    assert verify(bytes(64), b"", bytes(32)) == 1
    assert verify(b"\xff" * 64, b"", bytes(32)) == 0


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32).filter(any), st.binary(min_size=32, max_size=32))
def test_recovered_secp256k1_keys_are_those_that_signed(secret: bytes, digest: bytes) -> None:
    key = keys.PrivateKey(secret)
    signature = key.sign_msg_hash(digest).to_bytes()
    public = key.public_key.to_bytes()
    assert recover_secp256k1(signature, digest) == public
    ethereum = signature[:64] + bytes([signature[64] + 27])
    recover = CRYPTO["ext_crypto_secp256k1_ecdsa_recover_version_2"]
    assert recover(ethereum, digest) == b"\x00" + public
    compressed = CRYPTO["ext_crypto_secp256k1_ecdsa_recover_compressed_version_2"]
    assert compressed(signature, digest) == b"\x00" + key.public_key.to_compressed_bytes()


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (b"\x01" * 64 + b"\x04", 1),
        (b"\x01" * 64 + b"\x1f", 1),
        (secp256k1.ORDER.to_bytes(32, "big") + b"\x01" * 33, 0),
        (b"\x01" * 32 + b"\xff" * 32 + b"\x00", 0),
        (bytes(65), 2),
        (b"\x01" * 64 + b"\x02", 2),
        ((5).to_bytes(32, "big") + b"\x01" * 32 + b"\x00", 2),
    ],
)
def test_signatures_that_no_key_made_are_told_apart(signature: bytes, error: int) -> None:
    assert recover_secp256k1(signature, b"\x09" * 32) == error
    for name in ("recover", "recover_compressed"):
        function = CRYPTO[f"ext_crypto_secp256k1_ecdsa_{name}_version_2"]
        assert function(signature, b"\x09" * 32) == bytes([1, error])


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("keccak_256", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (
            "keccak_512",
            (
                "0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304"
                "c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e"
            ),
        ),
        ("sha2_256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_hashes_of_nothing_are_the_published_ones(name: str, digest: str) -> None:
    assert HASHES[f"ext_hashing_{name}_version_1"](b"").hex() == digest


def test_keccak_is_not_sha3() -> None:
    assert keccak(b"abc", 256).hex().startswith("4e03657aea45a94f")
