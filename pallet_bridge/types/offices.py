"""Who may take over from a coordinator that misses its deadlines, and which machine is whose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId


class KeyScope(Enum):
    """What the key of a restricted account is for; its owner does everything else for it."""

    NODE = "Node"
    COORDINATOR = "Coordinator"
    ATTESTER = "Attester"
    FROZEN = "Frozen"


NodeProof = NewType("NodeProof", bytes)
"""A signature of up to 144 bytes by the key of a node, in DER; empty: it was not at hand."""


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The public key with which a member's node authenticates itself, by its hash."""

    key: bytes
    proof: NodeProof


@dataclass(frozen=True, slots=True)
class Succession:
    """Who may take over from a coordinator that misses its deadlines.

    Parameters
    ----------
    accounts : tuple of AccountId
        In their order; nobody when empty. Up to 8.
    idle_blocks : int
        How long a coordinator may leave its federation without an open round.
    turn_blocks : int
        How long each of them waits for the one before it.
    """

    accounts: tuple[AccountId, ...]
    idle_blocks: int
    turn_blocks: int

    def turn_of(self, account: AccountId, in_office: AccountId) -> int | None:
        """Return how many come before an account; None when it may not take over.

        The list is a ring: the one after the coordinator comes first, and the first of the list
        where the coordinator is not in it.
        """
        if account == in_office or account not in self.accounts:
            return None
        place = self.accounts.index(account)
        if in_office not in self.accounts:
            return place
        return (place - self.accounts.index(in_office) - 1) % len(self.accounts)


@dataclass(frozen=True, slots=True)
class PendingSuccession:
    """A succession that is announced; `starts_at` is the first block in which it is in force."""

    starts_at: int
    succession: Succession


@dataclass(frozen=True, slots=True)
class Pause:
    """That there is no round until a block, on purpose; the opening of `round` ends it."""

    round: int
    until: int


@dataclass(frozen=True, slots=True)
class Office:
    """What is kept of a coordinator's place.

    `since` is the block from which its deadlines count at the earliest: in which it came, or in
    which successors were first named.
    """

    since: int
    succession: Succession
    pending: PendingSuccession | None
    pause: Pause | None

    def in_force(self, block: int) -> Succession:
        """Return who may take over in a block."""
        pending = self.pending
        due = pending is not None and block >= pending.starts_at
        return pending.succession if pending is not None and due else self.succession

    def paused_until(self, next_round: int) -> int:
        """Return the last block of a pause before a round; 0 when there is none."""
        pause = self.pause
        return pause.until if pause is not None and pause.round == next_round else 0
