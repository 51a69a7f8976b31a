"""What founds, pays for and closes a federation, decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.config.terms_check import faults
from pallet_bridge import calls
from pallet_bridge.types import FederationState, Planck

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import (
        AccountId,
        Bond,
        Prices,
        TermRanges,
        Terms,
    )


def create(
    account: AccountId,
    terms: Terms,
    metadata: bytes,
    *,
    prices: Prices,
    ranges: TermRanges,
    number: int,
) -> CallPlan:
    """Plan to found a federation; `number` is the one that it gets if nobody is faster."""
    held = prices.federation + terms.coordinator_bond
    return CallPlan(
        calls.create_federation(terms, metadata),
        f"found federation {number} and coordinate it; {write_amount(prices.federation)} are on "
        f"hold until it is closed, and a bond of {write_amount(terms.coordinator_bond)}",
        (Effect(account, free=-held - prices.existence, held=held),),
        faults(terms, ranges),
    )


def fund(view: View, account: AccountId, amount: Planck) -> CallPlan:
    """Plan to pay into the escrow."""
    refusals, least = [*view.closed()], view.prices.existence
    if amount < least:
        refusals.append(f"a sponsor pays in {write_amount(least)} at least")
    return CallPlan(
        calls.fund(view.number, amount),
        f"pay {write_amount(amount)} into the escrow of federation {view.number}; what is left "
        f"when it closes goes back to its sponsors, in proportion to what each paid in",
        (Effect(account, free=-amount),),
        tuple(refusals),
    )


def fund_fees(view: View, account: AccountId, amount: Planck) -> CallPlan:
    """Plan to pay into the purse for fees."""
    refusals, least = [], view.prices.existence
    if view.federation.state is FederationState.CLOSED:
        refusals.append(f"federation {view.number} is closed: it pays no fees any more")
    if amount < least:
        refusals.append(f"a sponsor pays in {write_amount(least)} at least")
    return CallPlan(
        calls.fund_fees(view.number, amount),
        f"pay {write_amount(amount)} into the purse from which federation {view.number} pays the "
        f"fees of members who cannot; {write_amount(least)} of a purse stay in it. What is left "
        f"when it closes goes back to its sponsors, in proportion to what each paid in",
        (Effect(account, free=-amount),),
        tuple(refusals),
    )


def post_bond(
    view: View, account: AccountId, amount: Planck | None, posted: Bond | None
) -> CallPlan:
    """Plan to put more on hold as coordinator: `amount`, or what the terms ask for and is not."""
    held = 0 if posted is None else posted.amount
    more = Planck(max(view.terms.coordinator_bond - held, 0)) if amount is None else amount
    refusals = [*view.closed(), *view.not_coordinator(account)]
    if more <= 0:
        refusals.append(f"the bond of {write_amount(held)} is all that the terms ask for")
    return CallPlan(
        calls.post_bond(view.number, more),
        f"put a bond of {write_amount(more)} on hold; proved misconduct takes from it",
        (Effect(account, free=-more, held=more),),
        tuple(refusals),
    )


def withdraw_bond(view: View, account: AccountId, posted: Bond | None) -> CallPlan:
    """Plan to take a free bond back."""
    call = calls.withdraw_bond(view.number)
    if posted is None:
        return CallPlan(call, "release a bond", refusals=(f"{account} has no bond here",))
    refusals = []
    free_at = posted.free_at
    if not view.is_over and free_at is None:
        refusals.append(
            f"the bond answers for {account} as long as it coordinates, or until the federation "
            f"is over; run `bcfl federation close`"
        )
    elif not view.is_over and free_at is not None and not view.clock.has_come(free_at):
        when = view.clock.until(free_at)
        refusals.append(f"the bond still answers for its rounds; come at {when}")
    return CallPlan(
        call,
        f"the bond of {write_amount(posted.amount)} is released to {account}",
        (Effect(account, free=posted.amount, held=-posted.amount),),
        tuple(refusals),
    )


def refund(view: View, account: AccountId, paid: Planck | None) -> CallPlan:
    """Plan to pay a sponsor its part of what a closed federation has left."""
    call, federation = calls.refund(view.number, account), view.federation
    if federation.state is not FederationState.CLOSED:
        why = "its escrow still pays rewards; let it be closed first: `bcfl federation close`"
        return CallPlan(call, "refund a sponsor", refusals=(why,))
    if paid is None:
        why = f"{account} has paid nothing in, or is refunded already"
        return CallPlan(call, "refund a sponsor", refusals=(why,))
    part = federation.part_of(federation.left, paid)
    means = (
        f"{account} gets {write_amount(part)} of the {write_amount(federation.left)} that "
        f"federation {view.number} has left, having paid in {write_amount(paid)}"
    )
    return CallPlan(call, means, (Effect(account, free=part),))


def close(view: View, account: AccountId, money: Planck, own: Planck | None) -> CallPlan:
    """Plan to begin closing a federation, or to finish it.

    `money` is what its escrow and its purse have, `own` what its founder paid in.
    """
    call, federation = calls.close(view.number), view.federation
    if federation.state is FederationState.ACTIVE:
        refusals = [*view.not_coordinator(account)]
        if federation.open_round is not None:
            refusals.append(
                f"round {federation.open_round} is open; settle it, or `bcfl abort` it first"
            )
        ends = closing_ends(view)
        means = (
            f"no round opens any more; all stake is free from {view.clock.until(ends)}, and `bcfl "
            f"federation close` finishes it then"
        )
        return CallPlan(call, means, refusals=tuple(refusals))
    if federation.state is FederationState.CLOSED:
        return CallPlan(call, "remove what is left of its invitations and records")
    return _finish(view, money, own)


def closing_ends(view: View) -> int:
    """Return the block at which the closing time ends if it begins in the next block."""
    federation = view.federation
    due = max(federation.liable_until, federation.last_claim_until)
    return max(view.clock.next + view.terms.unbonding_blocks, due + 1)


def _finish(view: View, money: Planck, own: Planck | None) -> CallPlan:
    federation, refusals = view.federation, []
    if not view.is_over:
        ends = federation.closing_ends or 0
        refusals.append(f"the closing time is not over; come at {view.clock.until(ends)}")
    elif federation.members:
        count = federation.members
        refusals.append(f"{count} members are still in; release their stake: `bcfl withdraw --all`")
    if federation.proposals:
        refusals.append(
            f"{federation.proposals} proposals remain; clear each with `bcfl federation enact`"
        )
    others = federation.sponsors - (own is not None)
    left = money - view.prices.existence
    back = federation.part_of(left, own or 0) if others else money
    means = (
        f"federation {view.number} ends; {write_amount(back)} of its money and the deposit "
        f"of {write_amount(federation.deposit)} go to its founder, {federation.founder}"
    )
    if others:
        means += f"; `bcfl federation refund` pays the other {others} sponsors their parts"
    change = Effect(federation.founder, free=back + federation.deposit, held=-federation.deposit)
    return CallPlan(calls.close(view.number), means, (change,), tuple(refusals))
