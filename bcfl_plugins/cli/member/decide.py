"""What a member's calls are and mean, decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.config.tables import write_amount
from pallet_bridge import calls
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import Admission, FederationState, Planck, Vouched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, AttesterRecord, Invitation, Participant


def join(
    view: View,
    account: AccountId,
    stake: Planck,
    agreed: bytes,
    *,
    member: Participant | None,
    invitation: Invitation | None,
) -> CallPlan:
    """Plan to join with a stake, under the terms with the hash `agreed`."""
    refusals = [*view.closed()]
    if member is not None:
        refusals.append(f"{account} is a member already; put more on hold with `bcfl stake`")
    else:
        refusals += _not_let_in(view, account, invitation)
    if stake < view.terms.min_stake:
        refusals.append(
            f"the stake of {write_amount(stake)} is less than the terms ask; give --stake "
            f'"{write_amount(view.terms.min_stake)}" or more'
        )
    if agreed != hash_of_terms(view.terms):
        refusals.append(
            f"0x{agreed.hex()} is not the hash of the terms in force; read them again with `bcfl "
            f"federation terms`, and agree to them or not"
        )
    return CallPlan(
        calls.join(view.number, stake, agreed),
        f"join federation {view.number} with a stake of {write_amount(stake)}",
        (Effect(account, free=-stake, held=stake, stake=stake),),
        tuple(refusals),
    )


def add_stake(
    view: View, account: AccountId, amount: Planck, member: Participant | None
) -> CallPlan:
    """Plan to put more on hold."""
    refusals = [*view.closed(), *_no_amount(amount)]
    if member is None:
        refusals.append(not_a_member(view, account))
    elif member.active + amount < view.terms.min_stake:
        least = write_amount(view.terms.min_stake - member.active)
        refusals.append(f"the terms ask for {least} more at least; stake that much")
    return CallPlan(
        calls.add_stake(view.number, amount),
        f"put {write_amount(amount)} more on hold; all of the stake is as young as that in votes",
        (Effect(account, free=-amount, held=amount, stake=amount),),
        tuple(refusals),
    )


def unbond(
    view: View,
    account: AccountId,
    amount: Planck | None,
    *,
    member: Participant | None,
    attester: AttesterRecord | None,
) -> CallPlan:
    """Plan to send stake on its way out: `amount` of it, or all that is active."""
    active = Planck(0) if member is None else member.active
    leaving = active if amount is None else amount
    rest = active - leaving
    refusals = [not_a_member(view, account)] if member is None else [*_no_amount(leaving)]
    if member is not None and rest < 0:
        refusals.append(f"only {write_amount(active)} are active; unbond that or less")
    elif 0 < rest < view.terms.min_stake:
        refusals.append(
            f"{write_amount(rest)} would stay, which is less than the terms ask "
            f"({write_amount(view.terms.min_stake)}); unbond all, or less"
        )
    if attester is not None and attester.leaves is None and rest < attester.weight:
        refusals.append(
            "an attester keeps the stake it registered with; run `bcfl attester resign`"
        )
    until = None if member is None else free_at(view, member)
    if until is None and member is not None:
        locked = view.clock.until(member.joined_at + view.terms.lock_blocks)
        refusals.append(f"the stake stays for a time after joining; unbond from {locked} on")
    means = f"{write_amount(leaving)} leave; they stay on hold, and can be slashed"
    if until is not None:
        means += f", until {view.clock.until(until)}; then `bcfl withdraw`"
    if member is not None and not rest:
        means += _forfeits(member)
    change = Effect(account, stake=-leaving)
    return CallPlan(calls.unbond(view.number, leaving), means, (change,), tuple(refusals))


def free_at(view: View, member: Participant) -> int | None:
    """Return from which block stake that is unbonded now is free, None while it is locked.

    Where worse terms than the member signed are announced it may be earlier.
    """
    newest = max((chunk.until for chunk in member.unbonding), default=0)
    after = max(member.liable_until + 1, newest)
    pending = view.federation.pending_terms
    if pending is not None and pending.is_worse:
        return max(view.clock.next, member.liable_until + 1)
    unlocked = member.joined_at + view.terms.lock_blocks
    is_active = view.federation.state is FederationState.ACTIVE
    # Terms that it has not signed may be worse: then it leaves freely. The chain knows.
    signed = member.terms_version == view.federation.terms_at(view.clock.next)
    if is_active and signed and not view.clock.has_come(unlocked):
        return None
    blocks = min(member.exit_blocks, view.terms.unbonding_blocks)
    return max(view.clock.next + blocks, after)


def withdraw(
    view: View, account: AccountId, member: Participant | None, *, signer: AccountId
) -> CallPlan:
    """Plan to release what is free of an account's stake, to that account.

    A member with strikes leaves by its own call only.
    """
    call = calls.withdraw(view.number, account)
    if member is None:
        return CallPlan(call, "release stake", refusals=(not_a_member(view, account),))
    free = withdrawable(view, member)
    refusals = []
    if member.pending_offences:
        refusals.append(
            "an offence waits: see `bcfl status`, then `bcfl dispute`, or let anyone run `bcfl "
            "execute-slash`"
        )
    elif not free and (member.stake or member.is_suspended(view.clock.next)):
        refusals.append(_nothing_free(view, member))
    may_leave = view.is_over or signer == account or not _forfeits(member)
    if not free and not may_leave and not refusals:
        refusals.append(f"with strikes {account} leaves by its own call only")
    left = member.stake - free
    means = f"{write_amount(free)} are released to {account}"
    if left:
        means += f"; {write_amount(left)} stay on hold"
    elif may_leave:
        means += f", and nothing stays: it leaves{_forfeits(member)}"
    else:
        means += "; with strikes it leaves by its own call only"
    active = member.active if view.is_over else 0
    change = Effect(account, free=free, held=-free, stake=-active)
    return CallPlan(call, means, (change,), tuple(refusals))


def withdraw_all(
    view: View, members: Mapping[AccountId, Participant], most: int, *, signer: AccountId
) -> CallPlan:
    """Plan to release what is free of everybody's stake, in one call for up to `most` members."""
    free = {
        who: withdraw(view, who, member, signer=signer)
        for who, member in members.items()
        if withdrawable(view, member) and not member.pending_offences
    }
    some = list(free.values())[:most]
    planned = calls.batch([plan.call for plan in some])
    if not some:
        none = "no stake of any member is free yet; see `bcfl status --account` for one of them"
        return CallPlan(planned, "release stake", refusals=(none,))
    changes = tuple(change for plan in some for change in plan.changes)
    means = f"{write_amount(sum(one.free for one in changes))} are released to {len(some)} members"
    if len(free) > len(some):
        means += f"; {len(free) - len(some)} more are free: run it again"
    return CallPlan(planned, means, changes)


def withdrawable(view: View, member: Participant) -> Planck:
    """Return how much of a member's stake a call sent now can release."""
    if view.is_over:
        return member.stake
    ripe = (chunk.amount for chunk in member.unbonding if view.clock.has_come(chunk.until))
    return Planck(sum(ripe))


def register_attester(
    view: View,
    account: AccountId,
    tip: bytes,
    *,
    member: Participant | None,
    attester: AttesterRecord | None,
) -> CallPlan:
    """Plan to offer to sit in committees; `tip` is the end of a chain of hashes."""
    refusals = [*view.closed()]
    if member is None or not member.active:
        refusals.append(f"{account} has no active stake here; only members with stake attest")
    elif member.is_suspended(view.clock.next):
        refusals.append(f"{account} is suspended; see `bcfl status`")
    if account == view.federation.coordinator:
        refusals.append("who coordinates does not judge; use the key of another member")
    if attester is not None:
        refusals.append(f"{account} is registered already; run `bcfl attester resign` first")
    return CallPlan(
        calls.register_attester(view.number, tip),
        f"{account} may be drawn into committees of {view.number}; its stake stays while it may",
        refusals=tuple(refusals),
    )


def resign_attester(view: View, account: AccountId, attester: AttesterRecord | None) -> CallPlan:
    """Plan to take that offer back."""
    refusals = () if attester is not None else (f"{account} is no registered attester",)
    means = f"{account} sits in no new committee, and its stake is free to unbond"
    return CallPlan(calls.resign_attester(view.number), means, refusals=refusals)


def not_a_member(view: View, account: AccountId) -> str:
    """Say that an account has not joined."""
    return f"{account} is no member of federation {view.number}; `bcfl join` makes it one"


def _forfeits(member: Participant) -> str:
    """Say what a member with strikes loses when it leaves; under worse terms nothing."""
    if not member.strikes or member.exits_freely:
        return ""
    return (
        f". With {member.strikes} strikes it loses the rewards that are not vested when it leaves; "
        f"`bcfl status` lists what waits"
    )


def _nothing_free(view: View, member: Participant) -> str:
    if member.unbonding:
        first = min(chunk.until for chunk in member.unbonding)
        return f"nothing is free yet; come at {view.clock.until(first)}"
    if member.active:
        return "nothing is on its way out; run `bcfl unbond` first"
    return f"it is suspended; come at {view.clock.until(member.suspended_until)}"


def _not_let_in(view: View, account: AccountId, invitation: Invitation | None) -> list[str]:
    found = []
    if view.federation.members >= view.terms.max_participants:
        found.append(
            f"the federation has as many members as its terms allow "
            f"({view.terms.max_participants}); wait until one leaves"
        )
    match view.terms.admission:
        case Admission.OPEN:
            pass
        case Admission.INVITED if invitation is None:
            found.append(
                f"{account} is not invited; ask {view.federation.coordinator} for `bcfl "
                f"federation invite {account}`"
            )
        case Vouched(needed) if view.federation.members >= needed:
            count = 0 if invitation is None else len(invitation.vouchers)
            if count < needed and (invitation is None or invitation.vouchers):
                found.append(
                    f"{count} of {needed} members vouched for {account}; ask others for `bcfl "
                    f"federation vouch {account}`"
                )
        case Vouched() if invitation is None:
            found.append(
                f"nobody invited {account} or vouched for it; ask {view.federation.coordinator} "
                f"for `bcfl federation invite {account}`"
            )
    return found


def _no_amount(amount: int) -> list[str]:
    return [] if amount > 0 else ["the amount must be more than zero"]
