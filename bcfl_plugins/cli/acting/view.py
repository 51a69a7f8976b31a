"""What is read of a federation before anything is planned: all of it of one block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.times import BlockClock
from bcfl_plugins.rounds.windows import USUAL_SLOT_S
from pallet_bridge.types import FederationState

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Federation, Prices, Terms


@dataclass(frozen=True, slots=True)
class View:
    """A federation at one block.

    Parameters
    ----------
    number : int
        Its number.
    at : bytes
        The hash of the block.
    clock : BlockClock
        The block, and how long blocks take.
    federation : Federation
        What is stored of it.
    terms : Terms
        The terms in force for a call in the next block.
    prices : Prices
        The runtime's deposits.
    """

    number: int
    at: bytes
    clock: BlockClock
    federation: Federation
    terms: Terms
    prices: Prices

    @property
    def is_over(self) -> bool:
        """Whether its closing time is over, so that all stake and bonds are free."""
        ends = self.federation.closing_ends
        if self.federation.state is FederationState.CLOSING:
            return ends is not None and self.clock.has_come(ends)
        return self.federation.state is FederationState.CLOSED

    def closed(self) -> tuple[str, ...]:
        """Return why nothing new begins in it, empty while it is active."""
        if self.federation.state is FederationState.ACTIVE:
            return ()
        state = self.federation.state.value.lower()
        return (f"federation {self.number} is {state}: nothing new begins in it",)

    def not_coordinator(self, account: AccountId) -> tuple[str, ...]:
        """Return why an account does not coordinate, empty when it does."""
        if account == self.federation.coordinator:
            return ()
        boss = self.federation.coordinator
        return (f"{account} does not coordinate federation {self.number}; use the key of {boss}",)


def look(client: ChainClient, number: int) -> View:
    """Read a federation; `FederationNotFound` when there is none."""
    head = client.head()
    return View(
        number=number,
        at=head.hash,
        clock=clock_of(client, head.number),
        federation=client.federation(number, at=head.hash),
        terms=client.terms(number, at=head.hash),
        prices=client.prices(),
    )


def clock_of(client: ChainClient, block: int) -> BlockClock:
    """Return the clock of a chain at this block."""
    return BlockClock(block, client.slot_seconds() or USUAL_SLOT_S)
