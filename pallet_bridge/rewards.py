"""What waits to be claimed: rewards live on the commitments of their rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.types import Payout, Planck, RoundState

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client import ChainClient
    from pallet_bridge.types import AccountId


def waiting_rewards(
    client: ChainClient, federation: int, *, at: bytes | None = None
) -> dict[AccountId, dict[int, Planck]]:
    """Return the rewards that are credited and not yet paid, by account and round.

    A reward is paid from the block after its round's ``dispute_until`` on, and up to
    ``claim_until``; until the dispute window is over an upheld offence may take it.
    """
    block = at or client.head().hash
    found: dict[AccountId, dict[int, Planck]] = {}
    for number in range(client.federation(federation, at=block).next_round):
        round_ = client.round(federation, number, at=block)
        if round_ is None or round_.state is not RoundState.SETTLED or round_.settlement is None:
            continue
        if round_.settlement.expired or not round_.settlement.unpaid:
            continue
        for account, commitment in client.commitments(federation, number, at=block).items():
            if commitment.reward and commitment.payout is Payout.WAITING:
                found.setdefault(account, {})[number] = commitment.reward
    return found


def claims(
    client: ChainClient, federation: int, account: AccountId, *, at: bytes | None = None
) -> tuple[Call, ...]:
    """Return the calls that pay an account all that may be paid in the next block; anyone may.

    Send them in this order. Rounds in which an offence of the account waits are left out.
    """
    head = client.head()
    block = at or head.hash
    waiting = waiting_rewards(client, federation, at=block).get(account, {})
    offences = client.offences(federation, at=block)
    ripe = []
    for number in sorted(waiting):
        round_ = client.round(federation, number, at=block)
        settlement = None if round_ is None else round_.settlement
        offence = offences.get((number, account))
        if settlement is None or head.number + 1 <= settlement.dispute_until:
            continue
        if offence is None or not offence.waits:
            ripe.append(number)
    most = client.limits().claims
    return tuple(
        calls.claim(federation, account, ripe[start : start + most])
        for start in range(0, len(ripe), most)
    )
