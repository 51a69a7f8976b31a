"""What a node's key signs for a member, and whether it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from pallet_bridge.encoding import blake2_256
from pallet_bridge.node_keys.files import key_hash
from pallet_bridge.scale import hash32, scale_str, uint
from pallet_bridge.types.offices import NodeKey, NodeProof

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

    from pallet_bridge.types.base import AccountId

DOMAIN = "bcfl/node-key/v1"
"""What a proof begins with."""

_ALGORITHM = ECDSA(SHA256())


def payload(genesis: bytes, federation: int, account: AccountId, key: bytes) -> bytes:
    """Return the 32 bytes that a node's key signs for a member.

    The BLAKE2-256 digest of the domain, the genesis, the federation (u32), the account and the hash
    of the key.
    """
    said = scale_str(DOMAIN) + hash32("genesis", genesis) + uint(federation, 4)
    return blake2_256(said + account.raw + hash32("key", key))


def bind(
    private_key: EllipticCurvePrivateKey, genesis: bytes, federation: int, account: AccountId
) -> NodeKey:
    """Return the record of a node's key for a member, with its proof."""
    key = key_hash(private_key.public_key())
    proof = private_key.sign(payload(genesis, federation, account, key), _ALGORITHM)
    return NodeKey(key, NodeProof(proof))


def is_proved(
    bound: NodeKey,
    public_key: EllipticCurvePublicKey,
    genesis: bytes,
    federation: int,
    account: AccountId,
) -> bool:
    """Whether the owner of this public key bound it to this member itself."""
    if bound.key != key_hash(public_key):
        return False
    try:
        public_key.verify(bound.proof, payload(genesis, federation, account, bound.key), _ALGORITHM)
    except InvalidSignature:
        return False
    return True
