"""The key of a SuperNode, as Flower makes and shows it, and who it is bound to."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from flwr.supercore.primitives.asymmetric import generate_key_pairs, public_key_to_bytes

from pallet_bridge import node_keys
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

GENESIS = bytes([1]) * 32
ACCOUNT = AccountId(bytes([2]) * 32)
PRIVATE, PUBLIC = generate_key_pairs()


def test_what_flower_shows_and_what_a_file_has_are_one_key() -> None:
    shown = node_keys.read_public_key(public_key_to_bytes(PUBLIC))
    ssh = PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    der = PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashes = {node_keys.key_hash(node_keys.read_public_key(form)) for form in (ssh, der)}
    assert hashes == {node_keys.key_hash(shown)}
    for format_ in (PrivateFormat.OpenSSH, PrivateFormat.PKCS8):
        file = PRIVATE.private_bytes(Encoding.PEM, format_, NoEncryption())
        assert node_keys.read_private_key(file).public_key() == PUBLIC


@pytest.mark.parametrize("data", [b"", b"no key", b"\xff" * 40])
def test_what_is_no_key_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError, match="elliptic-curve"):
        node_keys.read_public_key(data)
    with pytest.raises(EncodingError, match="elliptic-curve"):
        node_keys.read_private_key(data)


def test_a_key_of_another_kind_is_refused() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    public = other.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    with pytest.raises(EncodingError, match="elliptic-curve"):
        node_keys.read_public_key(public)
    file = other.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    with pytest.raises(EncodingError, match="elliptic-curve"):
        node_keys.read_private_key(file)
