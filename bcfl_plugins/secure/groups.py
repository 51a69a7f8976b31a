"""Groups of nodes that mask with each other only: drawn anew each round from a block's hash.

The order of the accounts is that of a hash over the block in which the round was opened, and the
groups are cut from it. Who is drawn is what the chain says: all members that are not suspended in
that block. A server that leaves somebody out makes a group smaller, and moves nobody into another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.encoding import blake2_256, round_bytes
from pallet_bridge.scale import hash32, scale_str, uint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types import AccountId, Participant, RoundKey

LEAST_GROUP = 3
"""In a group of two each node learns the other's update: it takes its own off the sum."""

LEAST_GROUPS = 3
"""Fewer have no majority: a rule could not say which of two is wrong."""

MOST_DRAWN = 10_000
"""Accounts that are drawn at most: a node reads so many and no more."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What the groups of a round follow from.

    Parameters
    ----------
    block : bytes
        Hash of the block in which the round was opened.
    number : int
        Its number.
    size : int
        Members that a group has at least.
    accounts : tuple of AccountId
        Who is drawn, ascending: see `drawable`.
    """

    block: bytes
    number: int
    size: int
    accounts: tuple[AccountId, ...]

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for all of it."""
        return blake2_256(
            scale_str("bcfl/mask-grouping/v1")
            + hash32("block", self.block)
            + uint(self.number, 4)
            + uint(self.size, 4)
            + uint(len(self.accounts), 4)
            + b"".join(one.raw for one in self.accounts)
        )

    def groups(self, place: RoundKey) -> tuple[tuple[AccountId, ...], ...]:
        """Return the groups of a round, each ascending by account.

        Their sizes differ by one at most. Fewer accounts than `size` are one group.
        """
        seed = blake2_256(
            scale_str("bcfl/mask-groups/v1")
            + round_bytes(place)
            + hash32("block", self.block)
            + uint(self.number, 4)
        )
        drawn = sorted(self.accounts, key=lambda one: (blake2_256(seed + one.raw), one.raw))
        count = max(1, len(drawn) // self.size)
        # every count-th one: so the groups differ by one at most
        parts = (drawn[at::count] for at in range(count))
        return tuple(tuple(sorted(part, key=lambda one: one.raw)) for part in parts)

    def group_of(self, place: RoundKey, account: AccountId) -> tuple[AccountId, ...]:
        """Return the group that an account is in; empty: it was not drawn."""
        return next((one for one in self.groups(place) if account in one), ())


def drawable(members: Mapping[AccountId, Participant], number: int) -> tuple[AccountId, ...]:
    """Return who is drawn, ascending: the members that are not suspended in this block.

    Parameters
    ----------
    members : Mapping[AccountId, Participant]
        All members, as the state of the block has them.
    number : int
        Of the block.
    """
    return tuple(
        sorted(
            (account for account, one in members.items() if not one.is_suspended(number)),
            key=lambda one: one.raw,
        )
    )
