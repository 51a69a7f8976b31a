"""What a run's rounds came to in final blocks: until then another branch may undo an end.

What a round owes the chain stays on disk until its end is final. So a round whose settlement got
lost with its branch is settled again from there, by this run or by the one that goes on with it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.rounds.book import REFUTED, UNDONE
from bcfl_plugins.rounds.recovery import conclude, note_ends
from pallet_bridge import calls
from pallet_bridge.errors import CallFailed
from pallet_bridge.settlement.refuting import is_refuted
from pallet_bridge.types import RoundKey, RoundState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.rounds.book import RunBook
    from bcfl_plugins.rounds.owed import OwedRounds
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import BlockRef

_log = logging.getLogger("flwr.bcfl")


def release_final(chain: ChainServices, owed: OwedRounds, book: RunBook) -> None:
    """Forget what is owed of each round whose end is final; for an open job.

    Parameters
    ----------
    chain
        The federation's chain.
    owed
        What the run owes.
    book
        Learns how these rounds ended.
    """
    numbers = owed.rounds()
    if not numbers:
        return
    final = chain.work.reading(chain.checked.finalized)
    for number in numbers:
        end = _end(chain, number, final)
        if end is not None:
            _enter(book, number, end)
            owed.done(number)


def send_opening(
    chain: ChainServices, owed: OwedRounds, book: RunBook, number: int, base: bytes
) -> None:
    """Open a round, after the end of those whose settlement got lost; for an open job.

    Parameters
    ----------
    chain, owed, book
        As for `release_final`.
    number
        The round.
    base
        Digest of the model that goes out.

    Raises
    ------
    CallFailed
        When the chain refuses it all the same.
    """
    call = calls.open_round(chain.federation, base)
    try:
        chain.send(call)
    except CallFailed:
        sent = [one for one in owed.rounds() if one < number]  # the training may be ahead of it
        if not _conclude_undone(chain, owed, book, sent):
            raise
        chain.send(call)


def confirm_rounds(chain: ChainServices, owed: OwedRounds, book: RunBook) -> None:
    """Wait until all that the run sent is final; for an open job.

    A round whose settlement a branch had that was given up, and that no other block has, is settled
    again, or aborted where the chain does not take that any more.

    Parameters
    ----------
    chain, owed, book
        As for `release_final`.

    Raises
    ------
    ChainTimeout, ChainUnavailable
        In mode ``fail``, when the chain takes longer.
    """
    chain.confirm()
    release_final(chain, owed, book)
    if _conclude_undone(chain, owed, book, owed.rounds()):
        chain.confirm()
        note_ends(chain)
    note_refuted(chain, book)


def note_refuted(chain: ChainServices, book: RunBook) -> None:
    """Enter the rounds whose committee refuted their settlement by now; for an open job.

    Parameters
    ----------
    chain
        The federation's chain.
    book
        The run's rounds. Each one that is refuted is an error in the log too.
    """
    client, place, reading = chain.client, chain.federation, chain.work.reading
    for number in book.ended():
        found = reading(lambda n=number: client.round(place, n))  # type: ignore[misc]
        if found is None or found.state is not RoundState.VOIDED:
            continue
        seats = reading(lambda n=number: client.committee(place, n))  # type: ignore[misc]
        terms = reading(lambda v=found.terms_version: client.terms(place, v))  # type: ignore[misc]
        key = RoundKey(client.genesis_hash, place, number)
        if is_refuted(key, found, seats, terms):
            book.refuted(number)
            _log.error(
                "bcfl: round %d is void: %s. Nothing of it is paid, and the coordinator's bond "
                "pays who took part; bcfl audit RUN --replay names what differs",
                number,
                REFUTED,
            )


def _conclude_undone(
    chain: ChainServices, owed: OwedRounds, book: RunBook, sent: Sequence[int]
) -> bool:
    """End those of the rounds again that have no end on chain, and say whether there are any.

    The settlement of each of them was sent: where there is no end, it got lost with its branch.
    """
    best = chain.caught_up()
    undone = [number for number in sent if _end(chain, number, best) is None]
    for number in undone:
        _log.warning("bcfl: the settlement of round %d was on a branch that was given up", number)
        conclude(chain, owed, number)
        best = chain.caught_up()
        _enter(book, number, _end(chain, number, best) or RoundState.ABORTED)
    return bool(undone)


def _end(chain: ChainServices, number: int, block: BlockRef) -> RoundState | None:
    """Return how a round has ended in this block, `None` when it has not."""
    checked = chain.checked
    found = chain.work.reading(lambda: checked.round(chain.federation, number, at=block.hash))
    return None if found is None or found.state is RoundState.OPEN else found.state


def _enter(book: RunBook, number: int, end: RoundState) -> None:
    if end is not RoundState.ABORTED:
        book.settled(number)
    elif not book.is_aborted(number):
        book.aborted(number, UNDONE)
