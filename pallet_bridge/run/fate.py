"""What is known of a call that was signed and is in no block: may it still come into one?"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.errors import (
    CallFailed,
    ChainTimeout,
    ChainUnavailable,
    MetadataMismatch,
    StateDiscarded,
    TransactionLost,
)
from pallet_bridge.errors.proofs import ReceiptDiffers
from pallet_bridge.types import Receipt

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient, SignedCall
    from pallet_bridge.errors import BcflError
    from pallet_bridge.run.outbox_file import Entry
    from pallet_bridge.types import BlockRef

_log = logging.getLogger("flwr.bcfl")

AWAY = (ChainUnavailable, ChainTimeout, MetadataMismatch)
"""What says that the chain cannot be used now. It may be later, or by another version of us."""

UNDECIDED = (*AWAY, TransactionLost)
"""What says nothing of what became of a call: the chain will tell, so it is tried again."""


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


def see(client: ChainClient, signed: SignedCall, checked: ChainClient | None = None) -> Glimpse:
    """Read what `fate` decides from; search the blocks after this, not before.

    What is final is read from `checked`, where it is given, and what is newer from `client`.
    """
    sure = checked or client
    final = sure.finalized()
    head = client.head()
    birth = None if signed.era is None else signed.era.birth
    anchored = birth is None or client.block_at(birth.number) == birth
    anchored_finally = anchored or birth is None or final.number < birth.number
    if sure is not client and birth is not None and birth.number <= final.number:
        anchored_finally = sure.block_at(birth.number) == birth
    return Glimpse(
        final=final.number,
        head=head.number,
        final_nonce=sure.nonce(signed.account, at=final.hash),
        nonce=client.nonce(signed.account, at=head.hash),
        anchored_finally=anchored_finally,
        anchored=anchored,
    )


def truth(
    checked: ChainClient, entry: Entry, block: BlockRef, said: Receipt | BcflError
) -> tuple[Receipt | BcflError | None, ReceiptDiffers | None]:
    """Return what a final block has of a call; ``None`` where it does not have the call.

    Parameters
    ----------
    checked
        Reads by proofs, or what all nodes agree about.
    entry
        The call.
    block
        The block, which is final.
    said
        What the node said of the call there when the block was new.

    Returns
    -------
    tuple
        The outcome, and how it differs from what was said: an error to tell of, or ``None``. Where
        the node has pruned the block's state, what was said stays.
    """
    if entry.signed is None:
        return said, None
    try:
        found: Receipt | BcflError | None = checked.find(
            entry.signed, since=block.number, until=block.number
        )
    except StateDiscarded as error:
        _log.warning("bcfl: what %s did stays the word of the node: %s", entry, error)
        return said, None
    except CallFailed as failed:
        found = failed
    told, proved = _in_words(said), _in_words(found)
    is_same = found == said if isinstance(found, Receipt) else told == proved
    if is_same:
        return said, None
    if told == proved:
        told, proved = "it raised other events", "its events are those that count now"
    return found, ReceiptDiffers(str(entry), block.number, told, proved)


def _in_words(outcome: Receipt | BcflError | None) -> str:
    if outcome is None:
        return "the block does not have it"
    return "it succeeded" if isinstance(outcome, Receipt) else f"it failed ({outcome})"
