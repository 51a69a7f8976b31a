"""A federation, its terms and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, bcfl

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId, Planck
    from pallet_bridge.types.terms import Terms


def create_federation(terms: Terms, metadata: bytes) -> Call:
    """Start a federation whose coordinator is the signer; `metadata` is a hash of any text."""
    return bcfl("create_federation", terms=values.terms(terms), metadata=values.digest(metadata))


def fund(federation: int, amount: Planck) -> Call:
    """Move `amount` from the signer into the federation's escrow."""
    return bcfl("fund", federation=federation, amount=amount)


def join(federation: int, stake: Planck) -> Call:
    """Join with a stake that is put on hold."""
    return bcfl("join", federation=federation, stake=stake)


def add_stake(federation: int, amount: Planck) -> Call:
    """Put more on hold."""
    return bcfl("add_stake", federation=federation, amount=amount)


def unbond(federation: int, amount: Planck) -> Call:
    """Let stake go: free after the terms' `unbonding_blocks`, slashable until then."""
    return bcfl("unbond", federation=federation, amount=amount)


def withdraw(federation: int, account: AccountId) -> Call:
    """Release matured stake to its owner; anyone may send it."""
    return bcfl("withdraw", federation=federation, account=values.account(account))


def close(federation: int) -> Call:
    """Start closing a federation, or finish it once its members have left."""
    return bcfl("close", federation=federation)


def set_terms(federation: int, terms: Terms) -> Call:
    """Put new terms in force from the next round on, as the governance that the terms name."""
    return bcfl("set_terms", federation=federation, terms=values.terms(terms))


def replace_coordinator(federation: int, account: AccountId) -> Call:
    """Hand the coordination to another account, as the governance that the terms name."""
    return bcfl("replace_coordinator", federation=federation, account=values.account(account))


def propose(federation: int, proposal: Terms | AccountId) -> Call:
    """Propose new terms, or another coordinator, to the members' vote."""
    return bcfl("propose", federation=federation, proposal=values.proposal(proposal))


def vote(federation: int, proposal: int, *, approve: bool) -> Call:
    """Vote with all of the signer's active stake, once."""
    return bcfl("vote", federation=federation, proposal=proposal, approve=approve)


def enact(federation: int, proposal: int, limit: int) -> Call:
    """Decide a vote that is over, and clear away up to `limit` of its votes; anyone may."""
    return bcfl("enact", federation=federation, proposal=proposal, limit=limit)
