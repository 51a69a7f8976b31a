"""Commit to an update and sign it, and check what somebody signed.

The two halves of one thing: what `sign_commitment` makes, `check_commitment` takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.errors.pallet import RoundNotFound
from pallet_bridge.keys import verify
from pallet_bridge.metadata import PALLET
from pallet_bridge.types.round import RoundBinding, RoundKey
from pallet_bridge.types.verdicts import CommittedUpdate

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer


def sign_commitment(
    binding: RoundBinding, signer: Signer, digest: bytes, num_examples: int, salt: bytes
) -> CommittedUpdate:
    """Commit to an update and sign it.

    Parameters
    ----------
    binding : RoundBinding
        The round that is signed for: its base model, its terms and who opened it too.
    signer : Signer
        The node's key.
    digest, salt : bytes
        32 bytes each: `pallet_bridge.encoding.update_digest` of the update, and fresh random bytes.
    num_examples : int
        How many examples the update was trained on.
    """
    commitment = commitment_hash(signer.account, digest, salt)
    signature = signer.sign(statement_hash(binding, signer.account, commitment, num_examples))
    return CommittedUpdate(signer.account, digest, num_examples, salt, commitment, signature)


def commit_call(binding: RoundBinding, made: CommittedUpdate) -> Call:
    """Return the call by which an account commits itself, without anybody who relays it."""
    said = statement_hash(binding, made.account, made.commitment, made.num_examples)
    return calls.commit(binding.federation, binding.round, made.commitment, made.num_examples, said)


def binding_of(
    client: ChainClient, federation: int, round_id: int, *, at: bytes | None = None
) -> RoundBinding:
    """Read what a statement on a round is bound to from a chain.

    Raises
    ------
    RoundNotFound
        When the federation has no such round.
    """
    round_ = client.round(federation, round_id, at=at)
    if round_ is None:
        raise RoundNotFound(
            PALLET, "RoundNotFound", f"federation {federation} has no round {round_id}"
        )
    return RoundBinding.of(RoundKey(client.genesis_hash, federation, round_id), round_)


@dataclass(frozen=True, slots=True)
class CommitmentCheck:
    """What a commitment is worth in one round.

    Parameters
    ----------
    opened : bytes
        The hash that account, digest and salt give.
    is_opened : bool
        Whether that is the hash that was committed to.
    is_signed : bool
        Whether the signature is the account's, over this commitment, number of examples and round.
    """

    opened: bytes
    is_opened: bool
    is_signed: bool


def check_commitment(binding: RoundBinding, made: CommittedUpdate) -> CommitmentCheck:
    """Open a commitment and verify its signature.

    Parameters
    ----------
    binding : RoundBinding
        The round that it should be for.
    made : CommittedUpdate
        What somebody says to have committed to.

    Raises
    ------
    EncodingError
        If a value has a length or a size that cannot be hashed.
    """
    opened = commitment_hash(made.account, made.update_digest, made.salt)
    payload = statement_hash(binding, made.account, made.commitment, made.num_examples)
    is_signed = verify(made.account, payload, made.signature)
    return CommitmentCheck(opened, opened == made.commitment, is_signed)
