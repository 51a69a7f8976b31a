"""What a standby does next, from what the chain says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.succession import take_over_from

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId


class NextStep(Enum):
    """What there is to do."""

    SERVE = "it is in office: its server runs"
    TAKE_OVER = "the one in office missed its deadline"
    WAIT = "the one in office has time"
    NONE = "it may not take over: it is no successor in force, or no round was opened yet"


@dataclass(frozen=True, slots=True)
class Sight:
    """A federation as a standby sees it in a final block.

    Parameters
    ----------
    block : int
        The block's number.
    in_office : AccountId
        Who coordinates.
    start : int or None
        The first block in which this standby may take over; ``None``: never, as it stands.
    """

    block: int
    in_office: AccountId
    start: int | None

    def duty(self, account: AccountId) -> NextStep:
        """Return what the standby of an account has to do.

        A call is in the block after this one at the earliest.
        """
        if self.in_office == account:
            return NextStep.SERVE
        if self.start is None:
            return NextStep.NONE
        return NextStep.TAKE_OVER if self.block + 1 >= self.start else NextStep.WAIT


def look(client: ChainClient, federation: int, account: AccountId) -> Sight:
    """Read the last final block: what is not final may be gone again.

    Raises
    ------
    ChainError
        If the chain does not answer, or has no such federation.
    """
    final = client.finalized()
    found = client.federation(federation, at=final.hash)
    start = take_over_from(client, federation, account, at=final.hash)
    return Sight(final.number, found.coordinator, start)
