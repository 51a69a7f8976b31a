"""Sign an update for one round on chain: what a node does, and what tests do in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.encoding import commitment_hash, signing_payload
from pallet_bridge.types import SignedCommitment

if TYPE_CHECKING:
    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.keys import Signer


def sign_commitment(
    opened: OpenedRound, signer: Signer, digest: bytes, num_examples: int, salt: bytes
) -> SignedCommitment:
    """Commit to an update and sign it.

    Parameters
    ----------
    opened : OpenedRound
        The round that is signed for.
    signer : Signer
        The node's key.
    digest, salt : bytes
        32 bytes each: `pallet_bridge.encoding.update_digest` of the update, and fresh random bytes.
    num_examples : int
        How many examples the update was trained on.
    """
    commitment = commitment_hash(
        genesis=opened.genesis,
        federation=opened.federation,
        round_id=opened.round,
        account=signer.account,
        update_digest=digest,
        num_examples=num_examples,
        salt=salt,
    )
    payload = signing_payload(
        genesis=opened.genesis,
        federation=opened.federation,
        round_id=opened.round,
        account=signer.account,
        commitment=commitment,
        num_examples=num_examples,
    )
    signature = signer.sign(payload)
    return SignedCommitment(signer.account, digest, num_examples, salt, commitment, signature)
