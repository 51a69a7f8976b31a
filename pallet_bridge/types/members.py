"""Members of a federation: what they have at stake, how they got in, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, TypeAlias

from pallet_bridge.types.base import AccountId, Planck

Organisation = NewType("Organisation", bytes)
"""Whom a member belongs to: a name of up to 32 bytes, which nobody promises to be UTF-8."""

RecordOwner: TypeAlias = AccountId | bytes
"""Of whom something is remembered: an account, or an `Organisation`."""


@dataclass(frozen=True, slots=True)
class UnbondingChunk:
    """Stake on its way out: free at block `until`, slashable till then."""

    amount: Planck
    until: int


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a federation with stake.

    Parameters
    ----------
    max_examples : int
        Most examples that those who admitted it vouch for; 0: they said nothing.
    terms_version : int
        The last version of the terms that it signed.
    exit_blocks : int
        How long its stake takes to leave: the least it was offered since it is in.
    liable_until : int
        The latest block in which a round or vote that it took part in may need its stake.
    joined_at, held_since : int
        Blocks in which it joined, and in which its active stake was raised last.
    accepted, forgiven : int
        Rounds in which it was accepted, and strikes ever forgiven.
    struck : tuple of int
        The latest rounds in which it got a strike, oldest first.
    exits_freely : bool
        Whether it unbonded under the old terms because worse ones were announced.
    """

    active: Planck
    unbonding: tuple[UnbondingChunk, ...]
    strikes: int
    clean_rounds: int
    offences: int
    pending_offences: int
    suspended_until: int
    organisation: Organisation | None
    max_examples: int
    terms_version: int
    exit_blocks: int
    liable_until: int
    joined_at: int
    held_since: int
    accepted: int
    forgiven: int
    struck: tuple[int, ...]
    exits_freely: bool

    @property
    def stake(self) -> Planck:
        """What a slash can reach: active and unbonding."""
        return Planck(self.active + sum(chunk.amount for chunk in self.unbonding))

    def is_suspended(self, block: int) -> bool:
        """Whether a commitment in this block is refused: an offence waits, or it cools down."""
        return self.pending_offences > 0 or block < self.suspended_until


@dataclass(frozen=True, slots=True)
class Invitation:
    """Leave for an account to join; where members vouch, it counts once enough of them did.

    An empty `organisation` is none. `max_examples` is the most that it is vouched for; 0: nothing
    is said of that. `vouchers` is empty when the coordinator or the council invited it.
    """

    organisation: Organisation
    max_examples: int
    vouchers: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class Bond:
    """What an account has on hold for coordinating.

    `free_at` is the first block in which it may be taken back; None while the account coordinates.
    """

    amount: Planck
    free_at: int | None


@dataclass(frozen=True, slots=True)
class Sponsorship:
    """How many of an account's fees a federation paid on `day`; days count from block 0."""

    day: int
    used: int

    def used_on(self, day: int) -> int:
        """Return how many it paid on this day."""
        return self.used if self.day == day else 0


@dataclass(frozen=True, slots=True)
class PastRecord:
    """What is remembered of an account or an organisation when its members have left."""

    strikes: int
    clean_rounds: int
    offences: int
    forgiven: int
    suspended_until: int
    struck: tuple[int, ...]
