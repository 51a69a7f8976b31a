"""Federations, their members, and what members vote on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.types.base import Planck

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId, Perbill
    from pallet_bridge.types.terms import Terms


@dataclass(frozen=True, slots=True)
class Limits:
    """What the runtime was built with.

    `verdicts` is the most entries of a batch of commitments and of a list of verdicts, `claims`
    the most rounds of one claim.
    """

    verdicts: int
    claims: int


class FederationState(Enum):
    """Where a federation is on its way from Active over Closing to Closed."""

    ACTIVE = "Active"
    CLOSING = "Closing"
    CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class Federation:
    """One training effort.

    `founder` paid the deposit and gets what is left at the end. `closing_ends` is a block number
    while the state is CLOSING, else None. `total_active` is the members' active stake, `owed` the
    rewards that are not paid, forfeited or expired, `reserved` the budget of the open round.
    `failed_rounds` and `failures_in_row` are the coordinators' failure marks. `liable_until` is the
    last block in which stake may still be needed for a round opened so far. `seed` draws the next
    committee; it counts once `seeded`.
    """

    coordinator: AccountId
    founder: AccountId
    state: FederationState
    closing_ends: int | None
    terms_version: int
    metadata: bytes
    deposit: Planck
    next_round: int
    open_round: int | None
    members: int
    total_active: Planck
    failed_rounds: int
    failures_in_row: int
    owed: Planck
    reserved: Planck
    liable_until: int
    last_claim_until: int
    next_proposal: int
    proposals: int
    attesters: int
    seed: bytes
    seed_at: int
    seeded: bool


@dataclass(frozen=True, slots=True)
class UnbondingChunk:
    """Stake on its way out: free at block `until`, slashable till then."""

    amount: Planck
    until: int


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a federation with stake."""

    active: Planck
    unbonding: tuple[UnbondingChunk, ...]
    strikes: int
    clean_rounds: int
    offences: int
    pending_offences: int
    suspended_until: int

    @property
    def stake(self) -> Planck:
        """What a slash can reach: active and unbonding."""
        return Planck(self.active + sum(chunk.amount for chunk in self.unbonding))

    def is_suspended(self, block: int) -> bool:
        """Whether a commitment in this block is refused: an offence waits, or it cools down."""
        return self.pending_offences > 0 or block < self.suspended_until


@dataclass(frozen=True, slots=True)
class AttesterRecord:
    """A member that may be drawn into committees; `missed` counts rounds in a row."""

    tip: bytes
    weight: Planck
    since: int
    leaves: int | None
    missed: int


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in the committee of one round; `said` is the statement it attested."""

    account: AccountId
    weight: Planck
    said: bytes | None
    is_void: bool


class MotionState(Enum):
    """Where a motion is in its life."""

    OPEN = "Open"
    ENACTED = "Enacted"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True)
class Motion:
    """A proposal under vote: new terms, or another coordinator."""

    proposal: Terms | AccountId
    proposer: AccountId
    deposit: Planck
    state: MotionState
    voting_until: int
    enact_at: int
    quorum: Perbill
    threshold: Perbill
    electorate: Planck
    ayes: Planck
    nays: Planck
