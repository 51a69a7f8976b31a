"""Nodes in one masked round, without messages: what each deals, sends, claims and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.masking import Masked
from bcfl_plugins.secure.recovery import Answers, Claims
from bcfl_plugins.secure.sizes import MaskScale, bits_for, threshold
from bcfl_plugins.secure.sketches import Sketching, SketchSize
from bcfl_plugins.secure.statements import Dealing, Member, Roster, Sealed
from pallet_bridge.types import AccountId, RoundKey

if TYPE_CHECKING:
    from collections.abc import Collection

PLACE = RoundKey(bytes(range(32)), 7, 3)
SIZE = SketchSize(2, 64)
LENGTH = 3000


def drawn(purpose: str) -> bytes:
    """Return 32 bytes that are the same each time."""
    return sha256(purpose.encode()).digest()


def account(number: int) -> AccountId:
    return AccountId(drawn(f"account {number}"))


@dataclass
class Playing:
    """A round of some nodes, numbered from 0."""

    nodes: list[Masked]
    updates: list[np.ndarray]

    @classmethod
    def of(cls, count: int, updates: list[np.ndarray] | None = None) -> Playing:
        keys = {account(n): MaskKey(drawn(f"key {n}")) for n in range(count)}
        members = tuple(
            Member(one, keys[one].public, bytes(64)) for one in sorted(keys, key=lambda a: a.raw)
        )
        scale = MaskScale(1.0, bits_for(count, 1.0))
        roster = Roster(members, threshold(count), scale, SIZE)
        nodes = [
            Masked(PLACE, account(n), roster, keys[account(n)], drawn(f"seed {n}"))
            for n in range(count)
        ]
        if updates is None:
            rng = np.random.default_rng(count)
            updates = []
            for _ in range(count):
                vector = np.zeros(LENGTH, np.uint32)
                scale.write([(np.zeros(LENGTH), rng.normal(0, 0.1, LENGTH))], vector)
                updates.append(vector)
        return cls(nodes, updates)

    @property
    def roster(self) -> Roster:
        return self.nodes[0].roster

    def accounts(self, numbers: Collection[int]) -> frozenset[AccountId]:
        return frozenset(account(number) for number in numbers)

    def dealings(self) -> dict[AccountId, Dealing]:
        return {one.account: one.deal() for one in self.nodes}

    def sent(self, number: int) -> np.ndarray:
        masked = self.updates[number].copy()
        self.nodes[number].mask(masked)
        return masked

    def total(self, numbers: Collection[int]) -> np.ndarray:
        """Return the sum of what some nodes sent."""
        total = np.zeros_like(self.updates[0])
        for number in numbers:
            total += self.sent(number)
        return total

    def true(self, numbers: Collection[int]) -> np.ndarray:
        """Return the sum of some updates."""
        total = np.zeros_like(self.updates[0])
        for number in numbers:
            total += self.updates[number]
        return total

    def sealed(self) -> Sealed:
        return Sealed(drawn("block"), 9, {one.account: drawn("c") for one in self.nodes})

    def sketching(self) -> Sketching:
        return Sketching(SIZE, self.sealed().seed(PLACE))

    def claims(self, numbers: Collection[int]) -> Claims:
        length = self.updates[0].size
        found = {account(n): self.nodes[n].claims(self.sealed(), length) for n in numbers}
        return Claims(self.roster, found)

    def answers(
        self,
        accepted: Collection[int],
        answering: Collection[int],
        dealings: dict[AccountId, Dealing] | None = None,
    ) -> Answers:
        dealt = self.dealings() if dealings is None else dealings
        inside = self.accounts(accepted)
        given: dict[AccountId, bytes] = {}
        for number in answering:
            node = self.nodes[number]
            shares: dict[AccountId, Any] = {
                dealer: dealt[dealer].sealed[position(self.roster, dealer, node.account)]
                for dealer in inside - {node.account}
            }
            given[node.account] = node.answer(inside, shares)
        return Answers(PLACE, self.roster, dealt, inside, given)


def position(roster: Roster, dealer: AccountId, holder: AccountId) -> int:
    return [one.account for one in roster.others(dealer)].index(holder)
