"""Whether a federation's escrow pays all rounds of a run: known before the first one is trained."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.errors import EscrowTooSmall
from pallet_bridge import calls
from pallet_bridge.encoding import escrow_account
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Terms

_log = logging.getLogger("flwr.bcfl")

_AHEAD = 100  # rounds


def lacking(chain: ChainServices, terms: Terms, rounds: int) -> Planck:
    """Return what to pay in so that the escrow pays this many rounds; for an open job.

    The chain opens a round only where the escrow covers what is owed and the round's whole reward.
    It takes no payment below its existential deposit.
    """
    at, checked = chain.caught_up().hash, chain.checked
    owed = chain.work.reading(lambda: checked.federation(chain.federation, at=at)).owed
    there = chain.work.reading(lambda: checked.balance(escrow_account(chain.federation), at=at))
    existence = chain.work.reading(checked.prices).existence
    missing = owed + rounds * terms.round_reward + existence - there.free
    return Planck(max(missing, existence) if missing > 0 else 0)


def keep_funded(chain: ChainServices, terms: Terms) -> None:
    """Pay in for rounds to come, where the next one opens on an embedded chain; for an open job.

    A loop of an app's own does not say at its start how many rounds it will train.

    Raises
    ------
    CallFailed
        If the coordinator has less.
    """
    if chain.embedded and terms.round_reward and lacking(chain, terms, 1):
        chain.send(calls.fund(chain.federation, lacking(chain, terms, _AHEAD)))


def ensure_funded(chain: ChainServices, terms: Terms, rounds: int) -> None:
    """See that the escrow pays the rounds that a run has left; for an open job.

    The coordinator of an embedded chain is the only one who pays in, and pays what is missing. On
    another chain money is moved by those whom it belongs to: the run is refused before it trains.

    Parameters
    ----------
    chain
        The federation's chain.
    terms
        What rounds run under now.
    rounds
        How many the run asks for. Those that it has settled before count as paid.

    Raises
    ------
    EscrowTooSmall
        Where something is missing on a chain that is not embedded.
    CallFailed
        If the coordinator of an embedded chain has less.
    """
    if not terms.round_reward:
        return
    left = max(0, rounds - len(chain.journal.settled_models()))
    missing = lacking(chain, terms, left)
    if not missing:
        return
    if not chain.embedded:
        raise EscrowTooSmall(chain.federation, left, write_amount(missing))
    chain.send(calls.fund(chain.federation, missing))
    _log.info("bcfl: %s are paid into the escrow, for %d rounds", write_amount(missing), left)
