"""The keys of nodes as files and as Flower shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Callable


def read_public_key(data: bytes) -> EllipticCurvePublicKey:
    """Read the public key of a node, as PEM, as OpenSSH writes it, or as DER.

    Raises
    ------
    EncodingError
        When it is none of these, or no elliptic-curve key.
    """
    loaders = (load_pem_public_key, load_ssh_public_key, load_der_public_key)
    found = _first(data, loaders)
    if not isinstance(found, EllipticCurvePublicKey):
        raise EncodingError(
            "this is no elliptic-curve public key; give the SuperNode's, as `ssh-keygen -t ecdsa` "
            "makes it"
        )
    return found


def read_private_key(data: bytes) -> EllipticCurvePrivateKey:
    """Read the private key of a node, without a password, as OpenSSH writes it or as PEM.

    Raises
    ------
    EncodingError
        When it is none of these, or no elliptic-curve key.
    """
    loaders = (
        lambda raw: load_ssh_private_key(raw, None),
        lambda raw: load_pem_private_key(raw, None),
    )
    found = _first(data, loaders)
    if not isinstance(found, EllipticCurvePrivateKey):
        raise EncodingError(
            "this is no elliptic-curve private key without a password; give the file of "
            "flower-supernode's --auth-supernode-private-key"
        )
    return found


def key_hash(public_key: EllipticCurvePublicKey) -> bytes:
    """Return the hash of a public key: of its DER form, however a file has it."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return blake2_256(der)


def _first(data: bytes, loaders: tuple[Callable[[bytes], object], ...]) -> object:
    for load in loaders:
        try:
            return load(data)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return None
