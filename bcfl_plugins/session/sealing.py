"""Wait until a round is sealed, and read who is in it: what seeds of sketches are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.session.chain_work import ChainBehind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import RoundKey

_SEAL_S = 3600.0


def sealed_round(
    chain: ChainServices, place: RoundKey, read: Callable[[], Sealed | None]
) -> Sealed:
    """Wait until a round is sealed, and return who is in it.

    Parameters
    ----------
    chain
        Of the run.
    place
        The round.
    read
        `bcfl_plugins.rounds.settle.seal_of` of the round, done as a job.

    Raises
    ------
    NotSealed
        If that cannot be known in time.
    """
    found: list[Sealed | None] = []
    chain.work.do(f"waiting for the seal of round {place.round}", lambda: found.append(read()))
    try:
        chain.work.drain(_SEAL_S)
    except ChainBehind as error:
        raise NotSealed(str(error)) from error
    sealed = found[0] if found else None
    if sealed is None:
        raise NotSealed(f"nobody is in round {place.round} on chain, or it was aborted there")
    return sealed
