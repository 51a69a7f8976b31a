"""What is said of updates, and what is signed and proved about them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId, Planck


class Outcome(Enum):
    """What the defense said of an update."""

    ACCEPTED = "Accepted"
    """Averaged, and rewarded by weight."""
    REJECTED = "Rejected"
    """Left out, and one strike."""
    EXCLUDED = "Excluded"
    """Left out without a strike: there is not enough against it."""


@dataclass(frozen=True, slots=True)
class MemberVerdict:
    """What `settle` says of one account.

    Parameters
    ----------
    account : AccountId
        Whose update.
    revealed : bytes
        The commitment that what was revealed gives, with the salt that came: the account's own
        when it fits, another when it does not; 32 zero bytes when nothing was revealed. So the
        bare digest of an update is never public.
    outcome : Outcome
        What became of it.
    score : int
        The rule's measure, in parts of 10^6.
    reason : int
        Why: a code of one byte that the chain stores and never reads.
    weight : int
        Share of the round's reward, relative to the other accepted ones.
    """

    account: AccountId
    revealed: bytes
    outcome: Outcome
    score: int
    reason: int
    weight: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One verdict as it enters the settlement root.

    `commitment` is what the account committed to and `revealed` what it showed, see
    `MemberVerdict`; both are 32-byte hashes. `score` is in parts of 10^6, `strikes` is what
    this verdict gives (1 when rejected, else 0), `reward` what it earns.
    """

    account: AccountId
    commitment: bytes
    revealed: bytes
    outcome: Outcome
    score: int
    strikes: int
    reward: Planck
    reason: int


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """A leaf, its place among the leaves, and its siblings on the way to the root."""

    leaf: Leaf
    index: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment of version 1 was made of (`pallet_bridge.encoding_v1`)."""

    update_digest: bytes
    num_examples: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class SignedCommitment:
    """A commitment hash, the examples claimed with it, and the account's signature over both."""

    commitment: bytes
    num_examples: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement and the account's signature over it."""

    statement: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One relayed commitment: the account's sr25519 signature is over its `statement_hash`."""

    account: AccountId
    commitment: bytes
    num_examples: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class CommittedUpdate:
    """A commitment with its preimage, as a node hands it to the coordinator."""

    account: AccountId
    update_digest: bytes
    num_examples: int
    salt: bytes
    commitment: bytes
    signature: bytes

    def entry(self) -> BatchEntry:
        """Return the part that goes on chain."""
        return BatchEntry(self.account, self.commitment, self.num_examples, self.signature)

    def signed(self) -> SignedCommitment:
        """Return the hash with its signature, as a proof of an equivocation has it."""
        return SignedCommitment(self.commitment, self.num_examples, self.signature)

    def opening(self) -> Opening:
        """Return what a commitment of version 1 was made of."""
        return Opening(self.update_digest, self.num_examples, self.salt)


@dataclass(frozen=True, slots=True)
class TwoCommitments:
    """Proof of an equivocation: one account signed two hashes for one round."""

    account: AccountId
    first: SignedCommitment
    second: SignedCommitment


@dataclass(frozen=True, slots=True)
class TwoStatements:
    """Proof of an equivocation: one attester signed two statements for one round."""

    account: AccountId
    first: SignedStatement
    second: SignedStatement


EquivocationProof = TwoCommitments | TwoStatements
"""Two different things that one account signed about one round."""


@dataclass(frozen=True, slots=True)
class LeavesOutOfOrder:
    """Proof of a bad root: accounts do not ascend, or one of them has two leaves.

    The first has the lower index, and no lower account than the second.
    """

    first: ProvenLeaf
    second: ProvenLeaf


@dataclass(frozen=True, slots=True)
class LeafNotCommitted:
    """Proof of a bad root: a leaf's account has no commitment in the round, or another one."""

    leaf: ProvenLeaf


@dataclass(frozen=True, slots=True)
class AccountOmitted:
    """Proof of a bad root: an account committed and has no leaf.

    The leaves before and after its place have adjacent indices. Where the place is at an end of
    the list, the one on that side is None.
    """

    account: AccountId
    before: ProvenLeaf | None
    after: ProvenLeaf | None


@dataclass(frozen=True, slots=True)
class UnsoundLeaf:
    """Proof of a bad root: a leaf's strikes or reward do not fit its outcome or the terms."""

    leaf: ProvenLeaf


BadRoot = LeavesOutOfOrder | LeafNotCommitted | AccountOmitted | UnsoundLeaf
"""Why a posted root is wrong, whatever its other leaves say."""


@dataclass(frozen=True, slots=True)
class WrongInstruction:
    """Proof of misconduct: the coordinator signed an instruction that differs from the round.

    What was signed is `encoding.instruction_payload` of these values.
    """

    base_model: bytes
    terms_hash: bytes
    expires: int
    signature: bytes


MisconductProof = WrongInstruction
"""What a coordinator's bond answers for."""
