"""What an account is in a federation: all that is read to say what it may do now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.sponsors import read_sponsoring
from bcfl_plugins.cli.acting.view import look
from pallet_bridge.encoding import escrow_account
from pallet_bridge.settlement.claims import rewards_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.cli.acting.sponsors import Sponsoring
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.settlement.claims import WaitingReward
    from pallet_bridge.types import (
        AccountId,
        AttesterRecord,
        Balance,
        Bond,
        Commitment,
        Invitation,
        Motion,
        Offence,
        Participant,
        Planck,
        Round,
        Seat,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """An account in a federation at one block.

    Parameters
    ----------
    view : View
        The federation.
    account : AccountId
        The account.
    balance : Balance
        Its money.
    escrow : Planck
        The federation's money.
    member, invitation, bond, attester
        What it is there, None where it is not.
    round : Round or None
        The round that is open.
    commitment : Commitment or None
        What the account committed in it.
    seats : tuple of Seat
        The committee of that round.
    offences : Mapping
        All offences of the federation, by round and account.
    rewards : Mapping
        What waits for the account, by round.
    motions : Mapping
        The proposals that are not cleared away, by number.
    sponsored : Planck or None
        What it has paid into the escrow and is not refunded.
    fees : Sponsoring or None
        What the federation pays of its fees.
    """

    view: View
    account: AccountId
    balance: Balance
    escrow: Planck
    member: Participant | None = None
    invitation: Invitation | None = None
    bond: Bond | None = None
    attester: AttesterRecord | None = None
    round: Round | None = None
    commitment: Commitment | None = None
    seats: tuple[Seat, ...] = ()
    offences: Mapping[tuple[int, AccountId], Offence] = field(default_factory=dict)
    rewards: Mapping[int, WaitingReward] = field(default_factory=dict)
    motions: Mapping[int, Motion] = field(default_factory=dict)
    sponsored: Planck | None = None
    fees: Sponsoring | None = None

    @property
    def coordinates(self) -> bool:
        """Whether it is the federation's coordinator."""
        return self.account == self.view.federation.coordinator


def read_standing(client: ChainClient, number: int, account: AccountId) -> Standing:
    """Read what an account is in a federation."""
    view = look(client, number)
    at, current = view.at, view.federation.open_round
    opened = None if current is None else client.round(number, current, at=at)
    commitments = {} if current is None else client.commitments(number, current, at=at)
    return Standing(
        view,
        account,
        balance=client.balance(account, at=at),
        escrow=client.balance(escrow_account(number), at=at).free,
        member=client.participant(number, account, at=at),
        invitation=client.invitation(number, account, at=at),
        bond=client.bond(number, account, at=at),
        attester=client.attesters(number, at=at).get(account),
        round=opened,
        commitment=commitments.get(account),
        seats=() if current is None else client.committee(number, current, at=at),
        offences=client.offences(number, at=at),
        rewards=rewards_of(client, number, account, at=at),
        motions=read_motions(client, view),
        sponsored=client.sponsor(number, account, at=at),
        fees=read_sponsoring(client, number, account, at=at),
    )


def read_motions(client: ChainClient, view: View) -> dict[int, Motion]:
    """Read the proposals of a federation that are not cleared away."""
    left, found = view.federation.proposals, {}
    for number in reversed(range(view.federation.next_proposal)):
        if not left:
            break
        motion = client.motion(view.number, number, at=view.at)
        if motion is not None:
            found[number] = motion
            left -= 1
    return dict(sorted(found.items()))
