"""Who pays the fee of a call: who signs it, or the federation that it is a member of.

The chain decides that anew when the call comes. This says beforehand what it would decide, from
the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import write_amount
from pallet_bridge.encoding import purse_account
from pallet_bridge.metadata import PALLET

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Balance, Planck

_OWN = frozenset({
    "attest", "bind_node_key", "commit", "dispute", "register_attester", "resign_attester",
    "unbond", "vote",
})  # fmt: skip
_FOR_ITSELF = frozenset({"claim", "withdraw"})


@dataclass(frozen=True, slots=True)
class Sponsoring:
    """What a federation pays of an account's fees.

    Parameters
    ----------
    federation : int
        Its number.
    purse : Planck
        What it can pay with now.
    left, most : int
        How many fees of this account it still pays today, and how many a day.
    is_known : bool
        Whether the account is a member of it, or is invited to join.
    """

    federation: int
    purse: Planck
    left: int
    most: int
    is_known: bool

    def pays(self, fee: Planck) -> bool:
        """Return whether it pays a fee of a call that the account cannot pay itself."""
        return self.is_known and self.left > 0 and self.purse >= fee

    def line(self) -> str:
        """Say it to a person."""
        return (
            f"the federation has {write_amount(self.purse)} for fees of members who cannot pay "
            f"them; {self.left} of {self.most} calls a day are left to this account"
        )

    def record(self) -> dict[str, object]:
        """Say it to programs."""
        return {"purse": self.purse, "calls_left_today": self.left, "calls_a_day": self.most}


def read_sponsoring(
    client: ChainClient, federation: int, account: AccountId, *, at: bytes | None = None
) -> Sponsoring:
    """Read what a federation pays of an account's fees."""
    head = client.head()
    at = head.hash if at is None else at
    limits = client.limits()
    used = client.sponsorship(federation, account, at=at)
    existence = client.prices().existence
    there = client.balance(purse_account(federation), at=at).free
    joined = client.participant(federation, account, at=at) is not None
    return Sponsoring(
        federation,
        type(existence)(max(there - existence, 0)),
        max(limits.sponsored - used.used_on((head.number + 1) // limits.sponsored_blocks), 0),
        limits.sponsored,
        joined or client.invitation(federation, account, at=at) is not None,
    )


def sponsor_of(
    client: ChainClient, call: Call, account: AccountId, balance: Balance, fee: Planck
) -> Sponsoring | None:
    """Return the federation that would pay this fee; None: who signs does.

    Parameters
    ----------
    client : ChainClient
        The chain.
    call : Call
        What is to be sent.
    account : AccountId
        Who signs it.
    balance : Balance
        What that account has.
    fee : Planck
        What the call costs.
    """
    prices = client.prices()
    found = own_call(call, account, prices.proposal)
    if found is None:
        return None
    federation, held = found
    own = balance.free - prices.existence
    if not held <= own < held + fee:
        return None
    sponsoring = read_sponsoring(client, federation, account)
    return sponsoring if sponsoring.pays(fee) else None


def own_call(call: Call, account: AccountId, deposit: Planck) -> tuple[int, int] | None:
    """Return the federation whose member's own call this is, and what it puts on hold, in planck.

    Parameters
    ----------
    call : Call
        What is to be sent.
    account : AccountId
        Who signs it.
    deposit : Planck
        What a proposal puts on hold.
    """
    federation, name = call.args.get("federation"), call.function
    if call.pallet != PALLET or not isinstance(federation, int):
        return None
    whose = "0x" + account.raw.hex()
    if name in _OWN or (name in _FOR_ITSELF and call.args.get("account") == whose):
        return federation, 0
    held = {
        "join": call.args.get("stake"),
        "add_stake": call.args.get("amount"),
        "propose": deposit,
    }.get(name)
    return (federation, held) if isinstance(held, int) else None
