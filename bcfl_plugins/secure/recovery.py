"""What the server makes of the nodes' words: who may stay, what was masked, what the sum is. Pure.

Whoever lies is found by what it signed itself. A lie that cannot be pinned on one of two nodes
leaves both out, without a strike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.sharing import NOTHING, SHARE_BYTES, combine
from bcfl_plugins.secure.statements import is_plus, pair_hash, seed_hash, share_hash
from bcfl_plugins.secure.streams import add_streams

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

    from bcfl_plugins.secure.sketches import Sketching
    from bcfl_plugins.secure.statements import Dealing, Roster
    from pallet_bridge.types import AccountId, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]
    Pair = frozenset[AccountId]


class CannotUnmask(ValueError):
    """Too little was given back: the sum stays hidden, and so does every update.

    Attributes
    ----------
    missing : str
        Of whom what is missing.
    """

    def __init__(self, missing: str) -> None:
        self.missing = missing
        super().__init__(f"the sum cannot be unmasked: {missing}")


def disputed_pairs(roster: Roster, dealings: Mapping[AccountId, Dealing]) -> set[Pair]:
    """Return the pairs whose ends do not name the same seed: one of two lies, or has a bad key."""
    return {
        frozenset((one, other))
        for one in dealings
        for other in dealings
        if one.raw < other.raw
        and _of(roster, one, other, dealings[one].pairs)
        != _of(roster, other, one, dealings[other].pairs)
    }


def left_out_by(pairs: AbstractSet[Pair]) -> set[AccountId]:
    """Return whom to leave out so that no disputed pair is whole: those in most of them first.

    Where both are in as many, both go: the order of names must not decide who is believed.
    """
    left = set(pairs)
    out: set[AccountId] = set()
    while left:
        counts = Counter(account for pair in left for account in pair)
        most = max(counts.values())
        worst = {account for account, count in counts.items() if count == most}
        out |= worst
        left = {pair for pair in left if not pair & worst}
    return out


@dataclass(frozen=True, slots=True)
class Claims:
    """The sketches that nodes claim of their masks.

    Parameters
    ----------
    roster : Roster
        Of the round.
    of : Mapping[AccountId, NDArray]
        Of each that answered: (n, tables, width) its own mask's, then its pairs', in order.
    """

    roster: Roster
    of: Mapping[AccountId, NDArray]

    def disputes(self) -> set[Pair]:
        """Return the pairs whose ends claim different sketches: one of two lies."""
        return {
            frozenset((one, other))
            for one in self.of
            for other in self.of
            if one.raw < other.raw
            and not np.array_equal(self.of_pair(one, other), self.of_pair(other, one))
        }

    def of_pair(self, one: AccountId, other: AccountId) -> NDArray:
        """Return what one end claims of the mask of a pair."""
        found: NDArray = self.of[one][1 + _number(self.roster, one, other)]
        return found

    def of_update(self, account: AccountId, masked: NDArray) -> NDArray:
        """Return the sketch of an update, if all claims are true.

        Parameters
        ----------
        account
            Whose.
        masked
            (tables, width) the sketch of what it sent.
        """
        found = masked - self.of[account][0]
        for other in self.roster.others(account):
            pair = self.of_pair(account, other.account)
            found = found - pair if is_plus(account, other.account) else found + pair
        sketch: NDArray = found
        return sketch


@dataclass(frozen=True, slots=True)
class Answers:
    """What nodes gave back to unmask a sum.

    Parameters
    ----------
    place : RoundKey
        The round.
    roster : Roster
        Of the round.
    dealings : Mapping[AccountId, Dealing]
        What nodes signed before they trained.
    accepted : frozenset of AccountId
        Whose updates are summed.
    of : Mapping[AccountId, bytes]
        The answer of each node that gave one: see `masking.Masked.answer`.
    """

    place: RoundKey
    roster: Roster
    dealings: Mapping[AccountId, Dealing]
    accepted: frozenset[AccountId]
    of: Mapping[AccountId, bytes]

    def liars(self) -> dict[AccountId, str]:
        """Return who gave back a pair seed that is not the one that it signed."""
        found = {}
        for account in self.of:
            for other in self.roster.others(account):
                if other.account in self.accepted:
                    continue
                seed = self._given(account, other.account)
                if not self._is_pair(account, other.account, seed):
                    found[account] = (
                        "the seed of a pair that it gave back is not the one that it signed"
                    )
        return found

    def seed_of(self, account: AccountId) -> bytes:
        """Return a node's own seed.

        Raises
        ------
        CannotUnmask
            If too few good shares of it came back.
        """
        dealt = self.dealings[account]
        shares: dict[int, bytes] = {}
        for number, holder in enumerate(self.roster.others(account)):
            share = self._given(holder.account, account)
            hashed = share_hash(self.place, account, holder.account, share)
            if share != NOTHING and hashed == dealt.shares[number]:
                shares[number + 1] = share
        needed = self.roster.needed
        if len(shares) < needed:
            raise CannotUnmask(f"{len(shares)} of {needed} shares of {account} came back")
        chosen = dict(sorted(shares.items())[:needed])
        seed = combine(chosen)
        if seed_hash(self.place, account, seed) != dealt.seed:
            raise FalseShares(account)
        return seed

    def pair_seed(self, account: AccountId, other: AccountId) -> bytes:
        """Return the seed that an accepted node has with one that is not.

        Raises
        ------
        CannotUnmask
            If it did not give it back.
        """
        seed = self._given(account, other)
        if not self._is_pair(account, other, seed):
            raise CannotUnmask(f"{account} gave no seed of its pair with {other}")
        return seed

    def disputed_seed(self, one: AccountId, other: AccountId) -> bytes | None:
        """Return the seed of a pair, where an end gave it back and both had signed it."""
        for giver, peer in ((one, other), (other, one)):
            seed = self._given(giver, peer)
            both = giver in self.dealings and peer in self.dealings
            if both and peer not in self.accepted and self._is_pair(giver, peer, seed):
                return seed
        return None

    def unmask(self, total: NDArray) -> dict[AccountId, bytes]:
        """Take the masks off a sum, in place; return the accepted nodes' own seeds.

        Raises
        ------
        CannotUnmask, FalseShares
            Before anything is changed.
        """
        own = {account: self.seed_of(account) for account in sorted(self.accepted, key=_raw)}
        minus = list(own.values())
        plus: list[bytes] = []
        for account in own:
            for other in self.roster.others(account):
                if other.account in self.accepted:
                    continue  # it cancels in the sum
                seed = self.pair_seed(account, other.account)
                (minus if is_plus(account, other.account) else plus).append(seed)
        add_streams(total, plus, minus)
        return own

    def _given(self, giver: AccountId, about: AccountId) -> bytes:
        said = self.of.get(giver)
        if said is None:
            return NOTHING
        place = SHARE_BYTES * _number(self.roster, giver, about)
        return said[place : place + SHARE_BYTES]

    def _is_pair(self, one: AccountId, other: AccountId, seed: bytes) -> bool:
        dealt = self.dealings.get(one)
        hashed = pair_hash(self.place, one, other, seed)
        return dealt is not None and _of(self.roster, one, other, dealt.pairs) == hashed


class FalseShares(CannotUnmask):
    """A node dealt shares that are not those of the seed that it signed: its own words prove it.

    Attributes
    ----------
    dealer : AccountId
        Which.
    """

    def __init__(self, dealer: AccountId) -> None:
        super().__init__(f"{dealer} dealt shares of another seed than it signed")
        self.dealer = dealer


def false_claims(
    sketching: Sketching, claims: Claims, own: Mapping[AccountId, bytes], length: int
) -> set[AccountId]:
    """Return who claimed another sketch of its own mask than its seed gives.

    Parameters
    ----------
    sketching
        Of the round.
    claims
        What was claimed.
    own
        The seeds that came back.
    length
        Of the masked vectors.
    """
    if not own:
        return set()
    true = sketching.of_seeds([*own.values()], length)
    return {
        account
        for account, sketch in zip(own, true, strict=True)
        if not np.array_equal(sketch, claims.of[account][0])
    }


def lied_about(
    sketching: Sketching, claims: Claims, pair: Collection[AccountId], seed: bytes, length: int
) -> set[AccountId]:
    """Return which ends of a pair claimed another sketch of its mask than its seed gives."""
    (true,) = sketching.of_seeds([seed], length)
    one, other = sorted(pair, key=_raw)
    return {
        end
        for end, peer in ((one, other), (other, one))
        if end in claims.of and not np.array_equal(claims.of_pair(end, peer), true)
    }


def _number(roster: Roster, account: AccountId, other: AccountId) -> int:
    return [one.account for one in roster.others(account)].index(other)


def _of(roster: Roster, one: AccountId, other: AccountId, items: tuple[bytes, ...]) -> bytes:
    return items[_number(roster, one, other)]


def _raw(account: AccountId) -> bytes:
    return account.raw
