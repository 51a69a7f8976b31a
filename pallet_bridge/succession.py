"""When an account may take over from a coordinator, as the pallet decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.types.federation import FederationState
from pallet_bridge.types.round import RoundState
from pallet_bridge.types.terms import Coupling

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types.base import AccountId
    from pallet_bridge.types.federation import Federation
    from pallet_bridge.types.offices import Office
    from pallet_bridge.types.round import Round


def overdue_from(
    federation: Federation, office: Office, last: Round, coupling: Coupling, idle_blocks: int
) -> int:
    """Return the first block in which the next in the succession may take over.

    Parameters
    ----------
    federation
        Whose coordinator may have missed a deadline.
    office
        What is kept of its place.
    last
        The newest round.
    coupling
        That of the terms of this round.
    idle_blocks
        Those of the succession in force.
    """
    is_its_own = last.coordinator == federation.coordinator
    ended = last.ended_at
    is_late = ended is None or (last.state is RoundState.ABORTED and ended > last.settle_until)
    if is_late and is_its_own and coupling is Coupling.LOOSE:
        return last.settle_until + 1
    if ended is None:
        ended = last.settle_until if is_its_own else office.since
    return max(ended, office.since, office.paused_until(federation.next_round)) + idle_blocks + 1


def take_over_from(
    client: ChainClient, federation: int, account: AccountId, *, at: bytes | None = None
) -> int | None:
    """Return the first block in which `take_over` of an account succeeds, if all stays as it is.

    None when it never does: the account is not among the successors in force, it is in office
    itself, the federation ends, or it never had a round. The money for the bond is not looked at.

    Parameters
    ----------
    client
        The chain.
    federation
        Whose coordinator may have missed a deadline.
    account
        Who would take over.
    at
        Hash of the block whose state is read, or the newest.
    """
    newest = client.head()
    head, at = newest.number, newest.hash if at is None else at
    found = client.federation(federation, at=at)
    office = client.office(federation, at=at)
    if office is None or found.state is not FederationState.ACTIVE or found.next_round == 0:
        return None
    last = client.round(federation, found.next_round - 1, at=at)
    if last is None:
        return None
    succession = office.in_force(head + 1)
    turn = succession.turn_of(account, found.coordinator)
    if turn is None:
        return None
    terms = client.terms(federation, last.terms_version, at=at)
    overdue = overdue_from(found, office, last, terms.coupling, succession.idle_blocks)
    return overdue + turn * succession.turn_blocks
