"""Say at once, in the first round in which it happens, that training outlasts the commit window."""

from __future__ import annotations

import logging
from math import ceil
from typing import TYPE_CHECKING

from bcfl_plugins.rounds.windows import Overrun, is_tight, proposal, unanswered

if TYPE_CHECKING:
    from bcfl_plugins.rounds.book import RunBook
    from bcfl_plugins.rounds.report import RoundOnChain
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Terms

_log = logging.getLogger("flwr.bcfl")


def note_overrun(chain: ChainServices, book: RunBook, round_id: int, block: int) -> None:
    """Note that the chain refused commitments as too late, measure by how much, and say it.

    Parameters
    ----------
    chain
        The federation's chain.
    book
        The run's account.
    round_id
        The round on chain.
    block
        The block in which the commitments came.
    """
    client, federation, work = chain.client, chain.federation, chain.work
    found = work.reading(lambda: client.round(federation, round_id))
    if found is None or block <= found.commit_until:  # its quorum has sealed it
        return
    terms = work.reading(lambda: client.terms(federation, found.terms_version))
    late = Overrun(round_id, block - found.opened_at, terms)
    if book.overrun is None:
        _log.error("bcfl: the chain refused commitments of round %d. %s", round_id, late)
    if book.overrun is None or late.blocks > book.overrun.blocks:
        book.overrun = late


def note_tight(chain: ChainServices, book: RunBook, sealed: RoundOnChain, terms: Terms) -> None:
    """Say once that the commitments of a round used up most of their window, and give a wider one.

    A chain that makes its blocks on demand has no window that time could use up.

    Parameters
    ----------
    chain
        The federation's chain.
    book
        The run's account.
    sealed
        The round on chain.
    terms
        What it ran under.
    """
    found, number = sealed.round, sealed.key.round
    used = book.last_relayed(number) - found.opened_at
    window = found.commit_until - found.opened_at
    if chain.embedded or book.is_tight_told or not is_tight(used, window):
        return
    book.is_tight_told = True
    _log.warning(
        "bcfl: the last commitments of round %d came %d blocks after its opening, and its window "
        "has %d: the next training that takes a little longer is not recorded. Set %s",
        number,
        used,
        window,
        proposal(ceil(1.5 * used) + 1, terms),
    )


def note_unanswered(chain: ChainServices, book: RunBook, round_id: int) -> None:
    """Note that a window ended before any reply came, and say it once.

    The server did not wait for them, so nobody knows how long they take.
    """
    client, federation = chain.client, chain.federation
    found = client.round(federation, round_id)
    if found is None or found.sealed_at is not None or book.unanswered:
        return
    terms = client.terms(federation, found.terms_version)
    book.unanswered = unanswered(round_id, terms)
    _log.error("bcfl: no update came in time. %s", book.unanswered)
