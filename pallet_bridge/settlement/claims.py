"""What waits to be claimed: rewards live on the commitments of their rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.types import FederationState, Payout, Planck, RoundState

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Offence, Round


def waiting_rewards(
    client: ChainClient, federation: int, *, at: bytes | None = None
) -> dict[AccountId, dict[int, Planck]]:
    """Return what is credited and not yet paid, by account and round.

    A reward is paid from the block after its round's ``dispute_until`` on, once it is vested, and
    up to ``claim_until``; until the dispute window is over an upheld offence may take it. Strikes
    that come before it is vested make it smaller: what is said here is before that. Of a round that
    its coordinator spoiled each gets its part of the compensation.
    """
    block = at or client.head().hash
    found: dict[AccountId, dict[int, Planck]] = {}
    for number in range(client.federation(federation, at=block).next_round):
        round_ = client.round(federation, number, at=block)
        if round_ is None or not _may_pay(round_):
            continue
        for account, commitment in client.commitments(federation, number, at=block).items():
            paid = commitment.reward if round_.compensation is None else round_.compensation.each
            if paid and commitment.payout is Payout.WAITING:
                found.setdefault(account, {})[number] = paid
    return found


def _may_pay(round_: Round) -> bool:
    if round_.compensation is not None:
        return bool(round_.compensation.unpaid)
    settlement = round_.settlement
    if round_.state is not RoundState.SETTLED or settlement is None:
        return False
    return not settlement.expired and bool(settlement.unpaid)


def claims_of(
    client: ChainClient, federation: int, account: AccountId, *, at: bytes | None = None
) -> tuple[Call, ...]:
    """Return the calls that pay an account all that may be paid in the next block; anyone may.

    Send them in this order. Rounds in which an offence of the account waits are left out.
    """
    return all_claims(client, federation, at=at).get(account, ())


def all_claims(
    client: ChainClient, federation: int, *, at: bytes | None = None
) -> dict[AccountId, tuple[Call, ...]]:
    """Return the same for every account that may be paid, in ascending order of account."""
    head = client.head()
    block = at or head.hash
    most = client.limits().claims
    offences = client.offences(federation, at=block)
    until = _not_before(client, federation, at=block)
    found = {}
    for account, rewards in sorted(waiting_rewards(client, federation, at=block).items()):
        ripe = [
            number
            for number in sorted(rewards)
            if until[number] <= head.number and not _waits(offences.get((number, account)))
        ]
        if ripe:
            found[account] = tuple(
                calls.claim(federation, account, ripe[start : start + most])
                for start in range(0, len(ripe), most)
            )
    return found


def last_window(client: ChainClient, federation: int, *, at: bytes | None = None) -> int:
    """Return the block after which every reward that waits now may be paid; 0 when none waits."""
    block = at or client.head().hash
    until = _not_before(client, federation, at=block)
    waiting = waiting_rewards(client, federation, at=block)
    return max((until[number] for rewards in waiting.values() for number in rewards), default=0)


def _not_before(client: ChainClient, federation: int, *, at: bytes) -> dict[int, int]:
    """Return the last block in which nothing of each ended round is paid yet."""
    found = client.federation(federation, at=at)
    vesting: dict[int, int] = {}
    blocks = {}
    for number in range(found.next_round):
        round_ = client.round(federation, number, at=at)
        if round_ is None:
            continue
        if round_.compensation is not None:
            blocks[number] = 0
        elif round_.settlement is not None:
            version = round_.terms_version
            if version not in vesting:
                vesting[version] = client.terms(federation, version, at=at).vesting_rounds
            is_vested = (
                found.next_round > number + vesting[version]
                or found.state is not FederationState.ACTIVE
            )
            ends = round_.settlement.dispute_until
            blocks[number] = ends if is_vested else max(ends, round_.settlement.vests_at)
    return blocks


def _waits(offence: Offence | None) -> bool:
    return offence is not None and offence.waits
