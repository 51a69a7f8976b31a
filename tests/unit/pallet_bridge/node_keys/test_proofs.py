"""What the key of a SuperNode signs for a member."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.supercore.primitives.asymmetric import generate_key_pairs

from pallet_bridge import node_keys
from pallet_bridge.types import AccountId, NodeProof

GENESIS = bytes([1]) * 32
ACCOUNT = AccountId(bytes([2]) * 32)
PRIVATE, PUBLIC = generate_key_pairs()


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_proof_holds_for_one_member_of_one_federation_of_one_chain(
    curve: ec.EllipticCurve,
) -> None:
    private = ec.generate_private_key(curve)
    public = private.public_key()
    bound = node_keys.bind(private, GENESIS, 3, ACCOUNT)
    assert len(bound.proof) <= 144
    assert node_keys.is_proved(bound, public, GENESIS, 3, ACCOUNT)
    other = AccountId(bytes([9]) * 32)
    for genesis, federation, account in (
        (bytes(32), 3, ACCOUNT),
        (GENESIS, 4, ACCOUNT),
        (GENESIS, 3, other),
    ):
        assert not node_keys.is_proved(bound, public, genesis, federation, account)
    assert not node_keys.is_proved(
        replace(bound, proof=NodeProof(b"")), public, GENESIS, 3, ACCOUNT
    )
    assert not node_keys.is_proved(bound, PUBLIC, GENESIS, 3, ACCOUNT)
    thief = replace(bound, key=node_keys.key_hash(PUBLIC))
    assert not node_keys.is_proved(thief, PUBLIC, GENESIS, 3, ACCOUNT)


def test_the_bytes_that_are_signed_are_pinned() -> None:
    said = node_keys.payload(GENESIS, 3, ACCOUNT, bytes([4]) * 32)
    assert said.hex() == "a3a8875c10139559a74a3d4cbc4166f12772e912039624c420fbb05e4e12a272"
