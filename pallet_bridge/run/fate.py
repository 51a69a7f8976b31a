"""What is known of a call that was signed and is in no block: may it still come into one?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient, SignedCall


class Fate(Enum):
    """What a chain says of signed bytes that none of its blocks has."""

    OPEN = "the next block may include it"
    UNDECIDED = "this branch will not include it, but the branch is not final"
    NEVER = "no block will ever include it"


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What was read of a chain, in this order, before its blocks were searched.

    Attributes
    ----------
    final, head
        The numbers of the last final block and of the newest one.
    final_nonce, nonce
        The account's nonce in the two.
    anchored_finally, anchored
        Whether the block that the era names is final, or on the branch of the head; true for bytes
        without an era. A block after the final one is taken as final.
    """

    final: int
    head: int
    final_nonce: int
    nonce: int
    anchored_finally: bool
    anchored: bool


def fate(signed: SignedCall, seen: Glimpse) -> Fate:
    """Decide, for bytes that are in no block of the newest branch."""
    last = None if signed.era is None else signed.era.last

    def over(number: int, nonce: int, *, anchored: bool) -> bool:
        past = last is not None and number >= last
        return past or not anchored or nonce > signed.nonce

    if over(seen.final, seen.final_nonce, anchored=seen.anchored_finally):
        return Fate.NEVER
    if over(seen.head, seen.nonce, anchored=seen.anchored):
        return Fate.UNDECIDED
    return Fate.OPEN


def see(client: ChainClient, signed: SignedCall) -> Glimpse:
    """Read what `fate` decides from; search the blocks after this, not before."""
    final = client.finalized()
    head = client.head()
    birth = None if signed.era is None else signed.era.birth
    anchored = birth is None or client.block_at(birth.number) == birth
    return Glimpse(
        final=final.number,
        head=head.number,
        final_nonce=client.nonce(signed.account, at=final.hash),
        nonce=client.nonce(signed.account, at=head.hash),
        anchored_finally=anchored or birth is None or final.number < birth.number,
        anchored=anchored,
    )
