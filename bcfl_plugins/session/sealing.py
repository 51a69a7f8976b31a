"""Wait until a round is sealed, and read who is in it: what seeds of sketches are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.statements import Sealed
from bcfl_plugins.session.chain_work import ChainBehind

if TYPE_CHECKING:
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import RoundKey

_SEAL_S = 3600.0


def sealed_round(chain: ChainServices, place: RoundKey) -> Sealed:
    """Wait until a round is sealed, and return who is in it.

    Raises
    ------
    NotSealed
        If that cannot be known in time.
    """
    found: list[Sealed | None] = []
    chain.work.do(
        f"waiting for the seal of round {place.round}", lambda: found.append(_read(chain, place))
    )
    try:
        chain.work.drain(_SEAL_S)
    except ChainBehind as error:
        raise NotSealed(str(error)) from error
    sealed = found[0] if found else None
    if sealed is None:
        raise NotSealed(f"nobody is in round {place.round} on chain, or it was aborted there")
    return sealed


def _read(chain: ChainServices, place: RoundKey) -> Sealed | None:
    round_, commitments = chain.once_sealed(place)
    number = round_.seal_block
    block = chain.work.reading(lambda: chain.client.block_at(number))
    if block is None or not commitments:  # nobody committed, so the seal was not waited for
        return None
    return Sealed(block.hash, number, {who: one.hash for who, one in commitments.items()})
