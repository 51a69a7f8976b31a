"""Rounds: what was committed, what was settled, and what offences came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from pallet_bridge.types.base import AccountId, Planck


@dataclass(frozen=True, slots=True)
class RoundKey:
    """Which round of which federation on which chain.

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0, 32 bytes.
    federation, round : int
        The ids on chain; a round's counts from 0 in its federation.
    """

    genesis: bytes
    federation: int
    round: int


@dataclass(frozen=True, slots=True)
class RoundBinding:
    """All that a statement on a round is bound to: who signs it agrees to each of these.

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0, 32 bytes.
    federation, round : int
        The ids on chain.
    coordinator : AccountId
        Who opened the round.
    base_model : bytes
        Digest of the model that training starts from.
    terms_hash : bytes
        Hash of the terms that the round runs under (`encoding.terms_hash`).
    """

    genesis: bytes
    federation: int
    round: int
    coordinator: AccountId
    base_model: bytes
    terms_hash: bytes

    @classmethod
    def of(cls, key: RoundKey, round_: Round) -> Self:
        """Return what the chain itself has stored of a round."""
        return cls(
            key.genesis,
            key.federation,
            key.round,
            round_.coordinator,
            round_.base_model,
            round_.terms_hash,
        )

    @property
    def key(self) -> RoundKey:
        """Which round it is."""
        return RoundKey(self.genesis, self.federation, self.round)


class RoundState(Enum):
    """Open takes commitments and is later sealed; the others are final."""

    OPEN = "Open"
    SETTLED = "Settled"
    ABORTED = "Aborted"
    VOIDED = "Voided"
    """Its settlement was proved wrong: nothing of it is paid."""


class SettlementMode(Enum):
    """How the verdicts came in: as a list, or as a root whose leaves are applied one by one."""

    LIST = "List"
    MERKLE = "Merkle"


@dataclass(frozen=True, slots=True)
class Totals:
    """What a settlement's verdicts come to."""

    accepted: int
    rejected: int
    excluded: int
    strikes: int
    rewards: Planck

    @property
    def count(self) -> int:
        """Number of verdicts, and so of leaves under the root."""
        return self.accepted + self.rejected + self.excluded


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a settled round left on chain, and what is left to do of it.

    Reports are taken up to block `dispute_until`. Rewards are paid once they are vested, which
    they are from block `vests_at` on whatever follows, and up to `claim_until`. `left` is what
    leaves that are not yet applied may still use, `unpaid` the rewards that are not paid,
    forfeited or expired. `by_coordinator` says whether who opened the round settled it, and so
    answers for the root with its bond.
    """

    mode: SettlementMode
    model: bytes
    report: bytes
    root: bytes
    totals: Totals
    left: Totals
    unpaid: Planck
    settled_at: int
    dispute_until: int
    claim_until: int
    vests_at: int
    expired: bool
    by_coordinator: bool


@dataclass(frozen=True, slots=True)
class Compensation:
    """What each of those gets who committed in a round that its coordinator spoiled.

    `unpaid` is what nobody has claimed yet; after block `until` it may go back.
    """

    each: Planck
    unpaid: Planck
    until: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round. Sealed when `sealed_at` is set or the chain is past `commit_until`.

    `coordinator` opened it and answers for it; `terms_hash` is that of terms `terms_version`.
    """

    state: RoundState
    coordinator: AccountId
    base_model: bytes
    terms_version: int
    terms_hash: bytes
    opened_at: int
    commit_until: int
    settle_until: int
    sealed_at: int | None
    ended_at: int | None
    commitments: int
    committed_stake: Planck
    stored: int
    pending_offences: int
    settlement: Settlement | None
    compensation: Compensation | None

    @property
    def seal_block(self) -> int:
        """The number of the block in which it is sealed, once the chain is there."""
        return self.commit_until if self.sealed_at is None else self.sealed_at


class Payout(Enum):
    """What became of a reward."""

    WAITING = "Waiting"
    PAID = "Paid"
    FORFEITED = "Forfeited"


@dataclass(frozen=True, slots=True)
class Commitment:
    """A hash that binds one account to one update in one round, and what it earned.

    `at` is the block in which it came in, `stake` the active stake then; `reward` counts once
    `judged`.
    """

    hash: bytes
    num_examples: int
    at: int
    stake: Planck
    judged: bool
    reward: Planck
    payout: Payout


class OffenceKind(Enum):
    """What an offence is about."""

    EQUIVOCATION = "Equivocation"
    OUTLIER = "Outlier"
    MISMATCH = "Mismatch"
    ATTESTER_EQUIVOCATION = "AttesterEquivocation"
    SILENCE = "Silence"
    """A seat that said nothing."""
    FALSE_ATTESTATION = "FalseAttestation"
    """A seat that attested a settlement which its committee refuted."""


class OffenceState(Enum):
    """What became of an offence."""

    PENDING = "Pending"
    DISPUTED = "Disputed"
    UPHELD = "Upheld"
    EXECUTED = "Executed"
    OVERTURNED = "Overturned"


@dataclass(frozen=True, slots=True)
class Dispute:
    """The accused's objection: `until` is the last block in which it may be decided.

    `from_stake` says that the bond is a part of the stake: then nothing more is on hold for it.
    """

    bond: Planck
    until: int
    from_stake: bool


@dataclass(frozen=True, slots=True)
class Offence:
    """A fact that costs stake from block `executable_at` on; `stake` is that at the offence.

    It stays on chain until its round is pruned, so that nothing is slashed twice. `dispute` is
    there while the state is DISPUTED.
    """

    kind: OffenceKind
    stake: Planck
    amount: Planck
    executable_at: int
    reporter: AccountId | None
    state: OffenceState
    dispute: Dispute | None

    @property
    def waits(self) -> bool:
        """Whether a slash may still follow."""
        return self.state not in {OffenceState.EXECUTED, OffenceState.OVERTURNED}

    def is_executable(self, block: int) -> bool:
        """Whether a slash in this block is taken."""
        decided = self.state in {OffenceState.PENDING, OffenceState.UPHELD}
        return decided and block >= self.executable_at
