"""What a federation asks of its members and gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types.base import AccountId, Perbill, Planck

FIXED_ONE = 10**9
"""The training parameter 1.0 as the chain stores it."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """What seals a round before its window is over: a number of commitments, or their stake.

    Both zero: only the window's end seals. At most one of them is above zero.
    """

    count: int = 0
    stake: Planck = 0  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if min(self.count, self.stake) < 0 or (self.count and self.stake):
            raise EncodingError(
                f"a quorum is a count or a stake, not {self.count} and {self.stake} planck; "
                f"leave one of them at 0"
            )


class Admission(Enum):
    """Who may join when the members are not asked."""

    OPEN = "Open"
    """Anyone."""
    INVITED = "Invited"
    """Whom the coordinator or the council invited."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who may join: for whom this many members vouched, each once."""

    vouchers: int


class Coupling(Enum):
    """How far a settlement depends on attestations."""

    LOOSE = "Loose"
    """Never."""
    FLEXIBLE = "Flexible"
    """When a verdict strikes."""
    FULL = "Full"
    """Always; and any committee member may settle."""


class Tally(Enum):
    """How the committee's votes are counted."""

    COUNT = "Count"
    STAKE = "Stake"


class Arbiter(Enum):
    """Who decides disputes when no account is named."""

    COUNCIL = "Council"
    """The runtime's council."""
    ATTESTERS = "Attesters"
    """The committee of the round, by `attest_quorum`."""


class Governance(Enum):
    """Who changes terms and replaces the coordinator when the members do not vote."""

    COORDINATOR = "Coordinator"
    COUNCIL = "Council"


@dataclass(frozen=True, slots=True)
class MembersVote:
    """The members change terms and replace the coordinator, by active stake.

    `quorum` is the fraction of the active stake that must vote, `threshold` the fraction of the
    votes that must approve; a vote lasts `voting_blocks`, and `delay_blocks` pass until it is
    enacted.
    """

    quorum: Perbill
    threshold: Perbill
    voting_blocks: int
    delay_blocks: int


@dataclass(frozen=True, slots=True)
class SlashTerms:
    """How much of a stake an offence may cost.

    `equivocation` is for two signed commitments or attestations in one round, `mismatch` for an
    update that is not the one committed to, `outlier_base` for a first streak of rejections; the
    n-th costs n times as much. No offence costs more than `cap`.
    """

    equivocation: Perbill
    mismatch: Perbill
    outlier_base: Perbill
    cap: Perbill


TrainingValue = int | bytes
"""A number in parts of 10^9, or the 32-byte hash of what does not fit a number."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a federation, versioned on chain; a round keeps the version it opened with.

    Amounts are planck, fractions parts of 10^9, times blocks. `training` holds up to 16 governed
    training parameters by name (up to 32 bytes of UTF-8).

    Parameters
    ----------
    notice_blocks : int
        Time between new terms and the first round under them; at least `unbonding_blocks`.
    admission : Admission or Vouched
        Who may join.
    max_per_organisation, max_examples : int
        Most members of one organisation, most examples of one update; 0: no limit.
    max_share : Perbill
        Greatest part of `round_reward` that one account gets.
    coordinator_bond : Planck
        What a coordinator has on hold while it opens rounds.
    misconduct, silence : Perbill
        Part of the coordinator's bond that proved misconduct takes, and of an attester's stake
        that a silent seat costs.
    aging_blocks : int
        Age at which stake has its whole vote; 0: at once.
    max_vote_share : Perbill
        Most of the electorate that one organisation votes for, or one account without one.
    lock_blocks : int
        Least time that stake stays after its member joined.
    tenure_rounds : int
        Accepted rounds until an account gets its whole share; 0 and 1: at once.
    vesting_rounds : int
        Rounds after which a reward can be claimed; up to 32.
    strike_cut : Perbill
        Part of each reward not yet vested that one strike takes.
    """

    min_stake: Planck
    max_participants: int
    quorum: Quorum
    commit_blocks: int
    settle_blocks: int
    dispute_blocks: int
    unbonding_blocks: int
    claim_blocks: int
    retention_blocks: int
    cooldown_blocks: int
    round_reward: Planck
    strikes_to_slash: int
    strike_decay_rounds: int
    slash: SlashTerms
    reporter_share: Perbill
    dispute_bond: Planck
    arbiter: AccountId | Arbiter
    coupling: Coupling
    attest_quorum: Perbill
    attest_by: Tally
    committee_size: int
    governance: Governance | MembersVote
    max_failed_rounds: int
    notice_blocks: int
    admission: Admission | Vouched
    max_per_organisation: int
    max_examples: int
    max_share: Perbill
    coordinator_bond: Planck
    misconduct: Perbill
    silence: Perbill
    aging_blocks: int
    max_vote_share: Perbill
    lock_blocks: int
    tenure_rounds: int
    vesting_rounds: int
    strike_cut: Perbill
    training: Mapping[str, TrainingValue] = field(default_factory=lambda: MappingProxyType({}))
