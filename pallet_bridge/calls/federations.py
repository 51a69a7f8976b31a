"""A federation, its terms and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, bcfl

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId, Planck
    from pallet_bridge.types.offices import NodeKey, Succession
    from pallet_bridge.types.terms import Terms


def create_federation(terms: Terms, metadata: bytes) -> Call:
    """Start a federation whose coordinator is the signer; `metadata` is a hash of any text."""
    return bcfl("create_federation", terms=values.terms(terms), metadata=values.digest(metadata))


def fund(federation: int, amount: Planck) -> Call:
    """Move `amount` from the signer into the federation's escrow."""
    return bcfl("fund", federation=federation, amount=amount)


def fund_fees(federation: int, amount: Planck) -> Call:
    """Move `amount` into the purse from which a federation pays fees for members without money."""
    return bcfl("fund_fees", federation=federation, amount=amount)


def invite(federation: int, account: AccountId, organisation: bytes, max_examples: int) -> Call:
    """Let an account join, as the coordinator or the council; or vouch for it as a member.

    `organisation` is whom it belongs to, an empty name is nobody. `max_examples` is the most
    examples that it is vouched for; 0 says nothing of them.
    """
    return bcfl(
        "invite",
        federation=federation,
        account=values.account(account),
        organisation=values.organisation(organisation),
        max_examples=max_examples,
    )


def join(federation: int, stake: Planck, terms_hash: bytes) -> Call:
    """Join with a stake that is put on hold, under the terms with this hash and no others.

    `ChainClient.terms_hash` gives that of the terms in force.
    """
    return bcfl("join", federation=federation, stake=stake, terms_hash=values.digest(terms_hash))


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


def refund(federation: int, account: AccountId) -> Call:
    """Pay a sponsor its part of what a closed federation has left; anyone may send it."""
    return bcfl("refund", federation=federation, account=values.account(account))


def set_terms(federation: int, terms: Terms) -> Call:
    """Announce new terms, which are in force after the notice, as the terms' governance."""
    return bcfl("set_terms", federation=federation, terms=values.terms(terms))


def replace_coordinator(federation: int, account: AccountId) -> Call:
    """Hand the coordination to another account, as the governance that the terms name."""
    return bcfl("replace_coordinator", federation=federation, account=values.account(account))


def post_bond(federation: int, amount: Planck) -> Call:
    """Put a bond on hold, which proved misconduct of the signer as a coordinator takes from."""
    return bcfl("post_bond", federation=federation, amount=amount)


def withdraw_bond(federation: int) -> Call:
    """Take the signer's bond back, once it is free."""
    return bcfl("withdraw_bond", federation=federation)


def rebase(federation: int, model: bytes) -> Call:
    """Go on from another model than the last settled one, as the governance of the terms."""
    return bcfl("rebase", federation=federation, model=values.digest(model))


def name_successors(federation: int, succession: Succession) -> Call:
    """Say who may take over from the coordinator, as the governance that the terms name."""
    return bcfl("name_successors", federation=federation, succession=values.succession(succession))


def take_over(federation: int) -> Call:
    """Take the place of a coordinator that missed its deadlines.

    `pallet_bridge.succession.take_over_from` says from which block on.
    """
    return bcfl("take_over", federation=federation)


def pause(federation: int, until: int) -> Call:
    """Say as the coordinator that there is no round until a block, on purpose."""
    return bcfl("pause", federation=federation, until=until)


def bind_node_key(federation: int, bound: NodeKey | None) -> Call:
    """Say as a member with which key one's node authenticates itself; None takes that back."""
    made = None if bound is None else values.node_key(bound)
    return bcfl("bind_node_key", federation=federation, bound=made)


def propose(federation: int, proposal: Terms | AccountId | bytes | Succession) -> Call:
    """Propose to the members' vote: terms, a coordinator, a model to go on from, successors."""
    return bcfl("propose", federation=federation, proposal=values.proposal(proposal))


def vote(federation: int, proposal: int, *, approve: bool) -> Call:
    """Vote once, with the signer's active stake that is old enough."""
    return bcfl("vote", federation=federation, proposal=proposal, approve=approve)


def enact(federation: int, proposal: int, limit: int) -> Call:
    """Decide a vote that is over, and clear away up to `limit` of its votes; anyone may."""
    return bcfl("enact", federation=federation, proposal=proposal, limit=limit)
