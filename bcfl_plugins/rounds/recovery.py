"""Bring to an end on chain what a run that was killed left there: jobs for an opened session.

Each round that was judged is opened, relayed and settled as far as the chain does not have that
yet; one that was not judged is aborted. All of it may be cut off and done again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.rounds.governed import are_in_force
from bcfl_plugins.rounds.owed import OwedRounds
from bcfl_plugins.rounds.report import refusals
from bcfl_plugins.rounds.settle import settle_owed
from bcfl_plugins.rounds.windows import USUAL_SLOT_S, round_patience
from pallet_bridge import calls
from pallet_bridge.errors import CallFailed, StateDiscarded
from pallet_bridge.errors.pallet import RoundNotOpen
from pallet_bridge.run.journal import read_run
from pallet_bridge.run.journal_lines import UNKNOWN
from pallet_bridge.types import Coupling, Planck, Receipt, RoundState

if TYPE_CHECKING:
    from bcfl_plugins.rounds.owed import OwedRound
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Federation

_log = logging.getLogger("flwr.bcfl")

ABANDONED = "the run that had opened it ended before it was judged"
EXPIRED = "its settle window ended before the run went on"


def recover(chain: ChainServices) -> None:
    """Do all that it takes, and wait as long as the chain gets on.

    Raises
    ------
    BcflError
        What the chain or the run's files do not allow.
    """
    owed = OwedRounds(chain.run_dir)
    work = chain.work
    work.do("sending what waited in the outbox", chain.follow)
    for number in owed.rounds():
        what = f"settling round {number}, which was judged before"
        work.do(what, lambda number=number: conclude(chain, owed, number))  # type: ignore[misc]
    work.do("aborting a round that was not judged", lambda: _abort_open(chain))
    work.do("noting how rounds ended meanwhile", lambda: note_ends(chain))
    work.drain_while_moving(_patience(chain))


def _patience(chain: ChainServices) -> float:
    """Return how long the chain may take for one of them, in seconds."""
    terms = chain.checked.terms(chain.federation, at=chain.checked.head().hash)
    slot_s = chain.client.slot_seconds() or USUAL_SLOT_S
    attested = terms.coupling is not Coupling.LOOSE
    return round_patience(terms, slot_s, terms.settle_blocks * slot_s if attested else 0.0, 0)


def abort_round(chain: ChainServices, round_id: int, why: str) -> None:
    """Abort an open round; nothing when it has ended meanwhile.

    Parameters
    ----------
    chain
        The federation's chain.
    round_id
        The round.
    why
        The reason, for the log.
    """
    _log.warning("bcfl: round %d is aborted: %s", round_id, why)
    try:
        chain.send(calls.abort(chain.federation, round_id))
    except RoundNotOpen:
        _log.info("bcfl: round %d has ended meanwhile", round_id)


def conclude(chain: ChainServices, owed: OwedRounds, number: int) -> None:
    """Bring a round that was judged to its end on chain, as far as it is not; for an open job.

    Parameters
    ----------
    chain
        The federation's chain.
    owed
        What the run owes; the round is taken off it.
    number
        The round.
    """
    left = owed.get(number)
    federation = _federation(chain)
    if federation.next_round <= number and not _open(chain, left, federation):
        owed.done(number)
        return
    # what is forgotten here is settled by nobody, so it is read once all that was sent is final
    block = chain.caught_up()
    found = chain.work.reading(lambda: chain.checked.round(chain.federation, number, at=block.hash))
    if found is not None and found.state is RoundState.OPEN:
        expired = block.number >= found.settle_until
        why = EXPIRED if expired else _settle(chain, left)
        if why is None:
            _log.warning("bcfl: round %d, which was judged before, is settled", number)
        else:
            abort_round(chain, number, why)
    owed.done(number)


def _settle(chain: ChainServices, left: OwedRound) -> str | None:
    """Settle a round that is open; return why it has to be aborted instead."""
    try:
        return settle_owed(chain, left, _relay(chain, left)).aborted_as
    except CallFailed as error:
        return f"the chain does not settle it ({error})"


def _open(chain: ChainServices, left: OwedRound, federation: Federation) -> bool:
    """Open a round whose opening the chain never saw, if it may still open as its nodes signed."""
    base, binding = left.opened.binding.base_model, left.opened.binding
    head = chain.believed().number
    fits = federation.open_round is None and federation.model in {None, base}
    if not fits or not are_in_force(federation, head, left.opened.terms_version):
        _log.warning("bcfl: round %d cannot be opened any more; it is trained again", binding.round)
        return False
    for _ in range(federation.next_round, binding.round):
        chain.send(calls.skip_round(chain.federation))
    chain.send(calls.open_round(chain.federation, base))
    return True


def _relay(chain: ChainServices, left: OwedRound) -> dict[AccountId, str]:
    entries = left.entries()
    refused: dict[AccountId, str] = {}
    most = chain.work.reading(chain.client.limits).verdicts
    for start in range(0, len(entries), most):
        part = entries[start : start + most]
        receipt = chain.send(calls.commit_batch(chain.federation, left.opened.round, part))
        refused |= refusals(receipt)
    return refused


def _abort_open(chain: ChainServices) -> None:
    round_id = _federation(chain).open_round
    if round_id is not None:
        abort_round(chain, round_id, ABANDONED)


def note_ends(chain: ChainServices) -> None:
    """Put into the journal how rounds of this run ended that somebody else brought to an end."""
    client, reading = chain.checked, chain.work.reading
    told = {line.round for line in read_run(chain.run_dir).rounds}
    for number in range(chain.journal.header.first_round, _federation(chain).next_round):
        found = None if number in told else reading(lambda n=number: _end_of(client, chain, n))  # type: ignore[misc]
        if found is not None:
            chain.journal.append_receipt(found)


def _end_of(client: ChainClient, chain: ChainServices, number: int) -> Receipt | None:
    """Return the call that ended a round, without its hash; ``None`` where nothing can be told."""
    round_ = client.round(chain.federation, number, at=client.head().hash)
    at = None if round_ is None or round_.ended_at is None else client.block_at(round_.ended_at)
    if at is None:
        return None
    try:
        events = client.events(at.hash)
    except StateDiscarded as error:
        _log.warning("bcfl: how round %d ended is not in the journal: %s", number, error)
        return None
    of_round = {"federation": chain.federation, "round": number}
    ends = [
        event.extrinsic
        for event in events
        if event.name in {"RoundAborted", "RoundSettled"}
        and of_round.items() <= event.fields.items()
    ]
    if not ends or ends[0] is None:
        return None
    mine = tuple(event for event in events if event.extrinsic == ends[0])
    return Receipt(at, UNKNOWN, ends[0], Planck(0), mine)


def _federation(chain: ChainServices) -> Federation:
    at = chain.caught_up().hash
    return chain.work.reading(lambda: chain.checked.federation(chain.federation, at=at))
