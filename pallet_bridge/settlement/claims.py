"""What waits to be claimed: rewards live on the commitments of their rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.types import FederationState, Payout, Planck, RoundState

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import (
        AccountId,
        Commitment,
        Federation,
        Offence,
        Round,
        Settlement,
    )


def waiting_rewards(
    client: ChainClient, federation: int, *, at: bytes | None = None
) -> dict[AccountId, dict[int, Planck]]:
    """Return what is credited and not yet paid, by account and round.

    A reward is paid after its round's dispute window, once it is vested, and up to ``claim_until``;
    until then strikes and an upheld offence may take of it. Of a round that its coordinator
    spoiled each gets its part of the compensation, at once.
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
    most = client.limits().claims
    found = {}
    for account, rewards in ripe_rewards(client, federation, at=at).items():
        rounds = list(rewards)
        found[account] = tuple(
            calls.claim(federation, account, rounds[start : start + most])
            for start in range(0, len(rounds), most)
        )
    return found


def ripe_rewards(
    client: ChainClient, federation: int, *, at: bytes | None = None
) -> dict[AccountId, dict[int, Planck]]:
    """Return what may be paid in the next block, by account and round, both ascending.

    Strikes may take of it.
    """
    head = client.head()
    block = at or head.hash
    offences = client.offences(federation, at=block)
    after = _payable_after(client, federation, at=block)
    found = {}
    for account, rewards in sorted(waiting_rewards(client, federation, at=block).items()):
        ripe = {
            number: amount
            for number, amount in sorted(rewards.items())
            if after[number] <= head.number and not _waits(offences.get((number, account)))
        }
        if ripe:
            found[account] = ripe
    return found


@dataclass(frozen=True, slots=True)
class WaitingReward:
    """What an account may still get of a round.

    Parameters
    ----------
    amount : Planck
        The most that it comes to; strikes may take of it until it is paid.
    after : int
        The last block in which it is not paid yet.
    until : int
        The last block in which it is paid.
    is_held_up : bool
        Whether an offence of the account in that round waits.
    """

    amount: Planck
    after: int
    until: int
    is_held_up: bool


def rewards_of(
    client: ChainClient, federation: int, account: AccountId, *, at: bytes | None = None
) -> dict[int, WaitingReward]:
    """Return what waits for one account, by round."""
    block = at or client.head().hash
    state = client.federation(federation, at=block)
    offences = client.offences(federation, at=block)
    vesting: dict[int, int] = {}
    found = {}
    for number in range(state.next_round):
        round_ = client.round(federation, number, at=block)
        if round_ is None or not _may_pay(round_):
            continue
        mine = client.commitments(federation, number, at=block).get(account)
        if mine is None or mine.payout is not Payout.WAITING:
            continue
        version = round_.terms_version
        if version not in vesting:
            vesting[version] = client.terms(federation, version, at=block).vesting_rounds
        amount, after, until = _window(number, round_, mine, vesting[version], state)
        if amount:
            held_up = _waits(offences.get((number, account)))
            found[number] = WaitingReward(amount, after, until, held_up)
    return found


def _window(
    number: int, round_: Round, mine: Commitment, vesting_rounds: int, state: Federation
) -> tuple[Planck, int, int]:
    """Return what a commitment earned, and the last blocks before and in which it is paid."""
    if round_.compensation is not None:
        return round_.compensation.each, 0, round_.compensation.until
    if round_.settlement is None:
        return Planck(0), 0, 0
    after = payable_after(number, round_.settlement, vesting_rounds, state)
    return mine.reward, after, round_.settlement.claim_until


def last_window(client: ChainClient, federation: int, *, at: bytes | None = None) -> int:
    """Return the block after which every reward that waits now may be paid, 0 when none waits.

    Rounds that follow may make it an earlier one.
    """
    block = at or client.head().hash
    until = _payable_after(client, federation, at=block)
    waiting = waiting_rewards(client, federation, at=block)
    return max((until[number] for rewards in waiting.values() for number in rewards), default=0)


def payable_after(
    number: int, settlement: Settlement, vesting_rounds: int, federation: Federation
) -> int:
    """Return the last block in which the rewards of a round are not paid yet.

    They are vested once enough rounds followed, or enough blocks, or no round can follow any more.

    Parameters
    ----------
    number : int
        The round.
    settlement : Settlement
        Its settlement.
    vesting_rounds : int
        Over how many rounds the terms of the round let rewards vest.
    federation : Federation
        The federation now.
    """
    followed = federation.next_round > number + vesting_rounds
    if followed or federation.state is not FederationState.ACTIVE:
        return settlement.dispute_until
    return max(settlement.dispute_until, settlement.vests_at)


def _payable_after(client: ChainClient, federation: int, *, at: bytes) -> dict[int, int]:
    """Return the same for each round that has something to pay, as it is now."""
    state = client.federation(federation, at=at)
    vesting: dict[int, int] = {}
    found = {}
    for number in range(state.next_round):
        round_ = client.round(federation, number, at=at)
        if round_ is not None and round_.compensation is not None:
            found[number] = 0
        if round_ is None or round_.settlement is None or number in found:
            continue
        version = round_.terms_version
        if version not in vesting:
            vesting[version] = client.terms(federation, version, at=at).vesting_rounds
        found[number] = payable_after(number, round_.settlement, vesting[version], state)
    return found


def _waits(offence: Offence | None) -> bool:
    return offence is not None and offence.waits
