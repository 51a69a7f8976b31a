"""Wait for the blocks that a round's draws come from: of its opening, and of its seal."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bcfl_plugins.secure.groups import Grouping, drawable
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.statements import Sealed
from bcfl_plugins.session.chain_work import ChainBehind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import RoundKey

T = TypeVar("T")

_SEAL_S = 3600.0


def sealed_round(chain: ChainServices, place: RoundKey) -> Sealed:
    """Wait until a round is sealed, and return who is in it.

    Raises
    ------
    NotSealed
        If that cannot be known in time.
    """
    sealed = _waited(
        chain, f"waiting for the seal of round {place.round}", lambda: _read(chain, place)
    )
    if sealed is None:
        raise NotSealed(f"nobody is in round {place.round} on chain, or it was aborted there")
    return sealed


def drawn_groups(chain: ChainServices, place: RoundKey, size: int) -> Grouping:
    """Wait until a round is open, and return the groups of so many that its block draws.

    Raises
    ------
    NotSealed
        If that cannot be known in time.
    """
    grouping = _waited(
        chain, f"waiting for round {place.round} to open", lambda: _drawn(chain, place, size)
    )
    if grouping is None:
        raise NotSealed(f"round {place.round} was not opened on chain")
    return grouping


def _waited(chain: ChainServices, what: str, read: Callable[[], T]) -> T | None:
    """Read behind all that the chain still has to do; ``None`` where the work was ended."""
    found: list[T] = []
    chain.work.do(what, lambda: found.append(read()))
    try:
        chain.work.drain(_SEAL_S)
    except ChainBehind as error:
        raise NotSealed(str(error)) from error
    return found[0] if found else None


def _read(chain: ChainServices, place: RoundKey) -> Sealed | None:
    round_, commitments = chain.once_sealed(place)
    number = round_.seal_block
    block = chain.work.reading(lambda: chain.checked.block_at(number))
    if block is None or not commitments:  # nobody committed, so the seal was not waited for
        return None
    return Sealed(block.hash, number, {who: one.hash for who, one in commitments.items()})


def _drawn(chain: ChainServices, place: RoundKey, size: int) -> Grouping | None:
    # Groups that a node of the chain draws could put one member among strangers. So they are drawn
    # once the opening is final: members wait for that as well before they sign for a group.
    client, reading = chain.checked, chain.work.reading
    at = chain.caught_up().hash
    there = reading(lambda: client.round(place.federation, place.round, at=at))
    if there is None:  # its number was used up
        return None
    number = there.opened_at
    block = reading(lambda: client.block_at(number))
    if block is None:  # another branch took its place meanwhile
        return None
    members = reading(lambda: client.participants(place.federation, at=block.hash))
    return Grouping(block.hash, number, size, drawable(members, number))
