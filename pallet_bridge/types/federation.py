"""Federations, who attests their rounds, and what members vote on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.types.base import Planck

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId, Perbill
    from pallet_bridge.types.offices import Succession
    from pallet_bridge.types.terms import Terms


@dataclass(frozen=True, slots=True)
class Limits:
    """What the runtime was built with.

    `verdicts` is the most entries of a batch of commitments and of a list of verdicts, `claims`
    the most rounds of one claim, `sponsored` the most fees that a federation pays for one account
    in `sponsored_blocks` blocks.
    """

    verdicts: int
    claims: int
    sponsored: int
    sponsored_blocks: int


@dataclass(frozen=True, slots=True)
class Prices:
    """What the runtime asks for besides fees.

    Parameters
    ----------
    existence : Planck
        What an account keeps, free, as long as it lives.
    federation, proposal : Planck
        What is on hold for a federation until it is closed, and for a proposal until it is decided.
    """

    existence: Planck
    federation: Planck
    proposal: Planck


@dataclass(frozen=True, slots=True)
class TermRanges:
    """What terms the runtime takes, by the names of its constants."""

    min_stake: Planck
    max_participants: int
    max_round_reward: Planck
    max_window: int
    max_unbonding_blocks: int
    max_retention_blocks: int
    max_strikes: int
    max_slash: Perbill
    max_reporter_share: Perbill
    max_dispute_bond: Planck
    max_coordinator_bond: Planck
    max_committee: int


class FederationState(Enum):
    """Where a federation is on its way from Active over Closing to Closed."""

    ACTIVE = "Active"
    CLOSING = "Closing"
    CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class PendingTerms:
    """Terms that are announced and not yet in force.

    `starts_at` is the first block in which a round opens under them. Where they are worse for
    members, a member may leave under the old ones.
    """

    version: int
    starts_at: int
    is_worse: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    """Active stake that was raised last from block `since` on, until the cohort that follows.

    `moment` is the sum over the stake, in Planck, of the block in which it was raised last.
    """

    since: int
    stake: Planck
    moment: int


@dataclass(frozen=True, slots=True)
class Youth:
    """The active stake that is not of age: what came last, and what came before that.

    `newest` is the latest block in which any came.
    """

    last: Cohort
    before: Cohort
    newest: int


@dataclass(frozen=True, slots=True)
class Federation:
    """One training effort.

    `founder` paid the deposit and gets it back at the end. `funded` is what all sponsors have ever
    paid in, `sponsors` the number of those that are not refunded, and `left` what a closed
    federation had left for them. `youth` is the part of the active stake that votes in part only.
    `closing_ends` is a block number while the state is CLOSING, else None. `total_active` is the
    members' active stake, `owed` the rewards that are not paid, forfeited or expired, `reserved`
    the budget of the open round.
    `failed_rounds` and `failures_in_row` are the coordinators' failure marks. `liable_until` is the
    last block in which stake may still be needed for a round opened so far. `seed` draws the next
    committee; it counts once `seeded`. `model` is that of the last settled round, or of a rebase:
    the next round starts from it.
    """

    coordinator: AccountId
    founder: AccountId
    state: FederationState
    closing_ends: int | None
    terms_version: int
    pending_terms: PendingTerms | None
    metadata: bytes
    deposit: Planck
    next_round: int
    open_round: int | None
    model: bytes | None
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
    youth: Youth
    funded: Planck
    sponsors: int
    left: Planck

    def part_of(self, left: int, paid: int) -> Planck:
        """Return which part of what is `left` goes to a sponsor that paid in so much."""
        return Planck(left * paid // max(self.funded, 1))

    def terms_at(self, block: int) -> int:
        """Return the version of the terms that are in force in this block."""
        pending = self.pending_terms
        due = pending is not None and block >= pending.starts_at
        return pending.version if pending is not None and due else self.terms_version


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
    """A proposal under vote: new terms, another coordinator, model to go on from, or successors.

    Stake counts that was held before `proposed_at`, and wholly once it is `aging_blocks` old.
    `electorate` is what all active stake counted for at the proposal.
    """

    proposal: Terms | AccountId | bytes | Succession
    proposer: AccountId
    deposit: Planck
    state: MotionState
    voting_until: int
    enact_at: int
    quorum: Perbill
    threshold: Perbill
    proposed_at: int
    aging_blocks: int
    max_vote_share: Perbill
    electorate: Planck
    ayes: Planck
    nays: Planck
