"""What a node does in each phase, as functions of what it holds. Pure but for fresh seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.secure.sharing import NOTHING, split
from bcfl_plugins.secure.sketches import Sketching
from bcfl_plugins.secure.statements import Dealing, is_plus, pair_hash, seed_hash, share_hash
from bcfl_plugins.secure.streams import add_streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from bcfl_plugins.secure.keys import MaskKey
    from bcfl_plugins.secure.statements import Roster, Sealed
    from pallet_bridge.types import AccountId, RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Masked:
    """One node in one round.

    Parameters
    ----------
    place : RoundKey
        The round.
    account : AccountId
        Whose node.
    roster : Roster
        Who masks with whom.
    key : MaskKey
        The node's.
    seed : bytes
        Its own seed: 32 fresh random bytes.
    """

    place: RoundKey
    account: AccountId
    roster: Roster
    key: MaskKey
    seed: bytes

    def pair_seeds(self) -> dict[AccountId, bytes]:
        """Return the seed that the node shares with each other one, in order.

        Raises
        ------
        ValueError
            If a key of the roster is none.
        """
        return {
            one.account: self.key.pair_seed(self.place, self.account, one.account, one.key)
            for one in self.roster.others(self.account)
        }

    def deal(self) -> Dealing:
        """Return what the node deals before it trains; the shares are fresh in each call."""
        others = self.roster.others(self.account)
        shares = split(self.seed, self.roster.needed, len(others))
        place, me = self.place, self.account
        dealt = list(zip(others, shares, strict=True))
        return Dealing(
            roster=self.roster.digest,
            seed=seed_hash(place, me, self.seed),
            pairs=tuple(
                pair_hash(place, me, peer, seed) for peer, seed in self.pair_seeds().items()
            ),
            shares=tuple(share_hash(place, me, one.account, share) for one, share in dealt),
            sealed=tuple(
                self.key.seal(place, me, one.account, one.key, share) for one, share in dealt
            ),
        )

    def mask(self, vector: NDArray) -> None:
        """Mask a vector of uint32 in place: with the node's own stream, and one for each pair."""
        seeds = self.pair_seeds()
        plus = [seed for peer, seed in seeds.items() if is_plus(self.account, peer)]
        minus = [seed for peer, seed in seeds.items() if not is_plus(self.account, peer)]
        add_streams(vector, [self.seed, *plus], minus)

    def claims(self, sealed: Sealed, length: int) -> NDArray:
        """Return (n, tables, width) the sketches of its own mask, and of those with the others."""
        size = self.roster.sketch
        if size is None:
            raise ValueError("nobody sketches in this round")
        seeds = [self.seed, *self.pair_seeds().values()]
        return Sketching(size, sealed.seed(self.place)).of_seeds(seeds, length)

    def answer(
        self, accepted: frozenset[AccountId], sealed_shares: Mapping[AccountId, bytes]
    ) -> bytes:
        """Return what the node gives back: 32 bytes for each other node, in order.

        Of one that is accepted its share, and of one that is not the seed of their pair: never
        both. Where a share cannot be opened it gives nothing.

        Parameters
        ----------
        accepted
            Whose updates are summed.
        sealed_shares
            What the accepted ones sealed for this node.
        """
        return b"".join(
            self._share(peer, sealed_shares.get(peer)) if peer in accepted else seed
            for peer, seed in self.pair_seeds().items()
        )

    def _share(self, dealer: AccountId, sealed: bytes | None) -> bytes:
        member = self.roster.member(dealer)
        if sealed is None or member is None:
            return NOTHING
        try:
            share = self.key.open(self.place, dealer, self.account, member.key, sealed)
        except ValueError:  # the dealer lied, or the server: it is a share less
            return NOTHING
        return share if len(share) == len(NOTHING) else NOTHING
