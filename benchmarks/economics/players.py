"""What the owners of accounts do: who works, who poisons, when one leaves and comes again.

The only rules here are those of people. What a verdict does is the runtime's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.economics.federation import JudgedFederation
    from pallet_bridge.types import Terms

ON_OFF_ROUNDS = 5
"""Rounds for which an attacker poisons, and for which it then works."""


class Kind(Enum):
    """What an owner does."""

    PERSISTENT = "persistent"
    """Poisons every round, and fills up its stake after a slash."""
    ONE_STREAK = "one streak"
    """Poisons every round until its first offence, then leaves for good."""
    RENEWING = "renewing"
    """Poisons every round; after an offence it goes on with a new account at once."""
    PULSING = "pulsing"
    """Poisons while one more strike is no offence, and works until one is forgiven."""
    HOPPING = "hopping"
    """Poisons every round; one strike before the offence it goes on with a new account."""
    ON_OFF = "on-off"
    """Poisons for some rounds and works for as many, whatever its strikes."""
    HONEST = "honest"
    """Works in every round."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of one owner, one a round: equal for all that are to be compared.

    Parameters
    ----------
    poison, honest : tuple of bool
        Whether an update of that round is rejected if it is poisoned, and if it is not.
    """

    poison: tuple[bool, ...]
    honest: tuple[bool, ...]


class Owner:
    """One owner with one account at a time.

    Parameters
    ----------
    kind : Kind
        What it does.
    draws : Draws
        What becomes of its updates.
    account : int
        The first account; it has joined.
    """

    def __init__(self, kind: Kind, draws: Draws, account: int) -> None:
        self.kind = kind
        self.accounts = [account]
        self.worked = self.sent = self.averaged = self.offences = 0
        self._draws = draws
        self._offences = 0
        self._is_gone = self._is_known = self.poisoned = False

    @property
    def account(self) -> int:
        """Which of its accounts it uses now."""
        return self.accounts[-1]

    def update(
        self, federation: JudgedFederation, number: int, spare: Iterator[int]
    ) -> bool | None:
        """Send an update in this round, and say whether it is rejected; None: it sends none.

        Who leaves does so before, as the strikes and offences of its account are public.
        """
        self._look_back(federation, spare)
        found = federation.member(self.account)
        if self._is_gone or found is None or federation.is_suspended(found):
            return None
        poisons = self.poisoned = self._poisons(found.strikes, federation.terms, number)
        rejected = (self._draws.poison if poisons else self._draws.honest)[number]
        self.worked += not poisons
        self.sent += poisons
        self.averaged += poisons and not rejected
        return rejected

    def look_back(self, federation: JudgedFederation) -> None:
        """Count the last round's offence as well."""
        found = federation.member(self.account)
        self.offences += found is not None and found.offences > self._offences

    def _look_back(self, federation: JudgedFederation, spare: Iterator[int]) -> None:
        found = federation.member(self.account)
        if found is None or self._is_gone:
            return
        offends = found.offences > self._offences
        self.offences += offends
        self._offences = found.offences
        is_close = found.strikes >= _limit(federation.terms)
        if self.kind is Kind.ONE_STREAK and offends:
            federation.leave(self.account)
            self._is_gone = True
        hops = self.kind is Kind.HOPPING and (offends or is_close) and not self._is_known
        if hops or (self.kind is Kind.RENEWING and offends):
            self._renew(federation, spare)

    def _renew(self, federation: JudgedFederation, spare: Iterator[int]) -> None:
        account = next(spare)
        federation.leave(self.account)
        federation.join(account, self.accounts[0])
        self.accounts.append(account)
        found = federation.member(account)
        if found is not None:
            self._offences = found.offences
            # an account that begins where the last one ended is not worth another
            self._is_known = found.strikes >= _limit(federation.terms)

    def _poisons(self, strikes: int, terms: Terms, number: int) -> bool:
        if self.kind is Kind.PULSING:
            return strikes < _limit(terms)
        if self.kind is Kind.ON_OFF:
            return number // ON_OFF_ROUNDS % 2 == 0
        return self.kind is not Kind.HONEST


def _limit(terms: Terms) -> int:
    """Return the strikes at which one more is an offence: what the terms say, as all can read."""
    return terms.strikes_to_slash - 1
