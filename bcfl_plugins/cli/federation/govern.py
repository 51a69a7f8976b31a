"""Who comes in, what the terms are and who coordinates: decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.cli.output import printable
from bcfl_plugins.config.tables import write_amount, write_fraction
from bcfl_plugins.config.terms_check import faults, succession_faults
from pallet_bridge import calls
from pallet_bridge.types import (
    Admission,
    Governance,
    MembersVote,
    MotionState,
    Succession,
    Terms,
    Vouched,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, Invitation, Motion, Participant, TermRanges


def invite(
    view: View,
    signer: AccountId,
    account: AccountId,
    said: tuple[bytes, int],
    *,
    member: Participant | None,
) -> CallPlan:
    """Plan to let an account join, as the coordinator.

    `said` is to whom it belongs and its examples, `member` the account if it is in already.
    """
    refusals = [*view.closed(), *_already_in(account, member)]
    match view.terms.admission:
        case Admission.OPEN:
            refusals.append("anyone may join this federation; nobody needs an invitation")
        case Vouched(needed) if view.federation.members >= needed:
            refusals.append(
                f"{needed} members have to vouch for an account here; each of them runs `bcfl "
                f"federation vouch {account}`"
            )
        case _:
            refusals += view.not_coordinator(signer)
    return CallPlan(
        calls.invite(view.number, account, *said),
        f"let {account} join federation {view.number}{_belonging(said)}",
        refusals=tuple(refusals),
    )


def vouch(
    view: View,
    signer: AccountId,
    account: AccountId,
    said: tuple[bytes | None, int | None],
    *,
    member: Participant | None,
    voucher: Participant | None,
    invitation: Invitation | None,
) -> CallPlan:
    """Plan to vouch for an account as a member; what others said of it is said again.

    `member` is the account if it is in already, `voucher` who signs.
    """
    earlier = invitation if invitation is not None and invitation.vouchers else None
    told = (b"", 0) if earlier is None else (earlier.organisation, earlier.max_examples)
    organisation = told[0] if said[0] is None else said[0]
    examples = told[1] if said[1] is None else said[1]
    refusals = [*view.closed(), *_already_in(account, member)]
    if not isinstance(view.terms.admission, Vouched):
        refusals.append(
            "members do not vouch under these terms; `bcfl federation invite` is the coordinator's"
        )
    if voucher is None or not voucher.active:
        refusals.append(f"{signer} has no active stake here, and only members vouch")
    elif voucher.is_suspended(view.clock.next):
        refusals.append(f"{signer} is suspended; see `bcfl status`")
    if earlier is not None and signer in earlier.vouchers:
        refusals.append(f"{signer} has vouched for {account} already")
    count = 0 if earlier is None else len(earlier.vouchers)
    return CallPlan(
        calls.invite(view.number, account, organisation, examples),
        f"vouch for {account}{_belonging((organisation, examples))}, as number {count + 1}",
        refusals=tuple(refusals),
    )


def set_terms(view: View, signer: AccountId, terms: Terms, ranges: TermRanges) -> CallPlan:
    """Plan to announce new terms, as a coordinator that governs."""
    refusals = [*view.closed(), *governs(view, signer, "`bcfl federation propose --set`")]
    if view.federation.pending_terms is not None:
        starts = view.clock.until(view.federation.pending_terms.starts_at)
        refusals.append(f"new terms are announced already; come at {starts}")
    if terms == view.terms:
        refusals.append("these are the terms in force; change one with --set")
    refusals += faults(terms, ranges)
    starts_at = view.clock.next + max(view.terms.notice_blocks, view.terms.unbonding_blocks)
    return CallPlan(
        calls.set_terms(view.number, terms),
        f"new terms are announced, and in force from {view.clock.until(starts_at)}",
        refusals=tuple(refusals),
    )


def replace_coordinator(view: View, signer: AccountId, account: AccountId) -> CallPlan:
    """Plan to hand the coordination over, as a coordinator that governs."""
    refusals = [*view.closed(), *governs(view, signer, "`bcfl federation propose --coordinator`")]
    return CallPlan(
        calls.replace_coordinator(view.number, account),
        f"{account} coordinates federation {view.number}; its nodes sign for it only once it is "
        f"their bcfl-coordinator",
        refusals=tuple(refusals),
    )


def rebase(view: View, signer: AccountId, model: bytes) -> CallPlan:
    """Plan to go on from another model, as a coordinator that governs."""
    refusals = [*view.closed(), *governs(view, signer, "`bcfl federation propose --model`")]
    if view.federation.open_round is not None:
        refusals.append(f"round {view.federation.open_round} is open; settle or abort it first")
    return CallPlan(
        calls.rebase(view.number, model),
        f"the next round starts from the model 0x{model.hex()}",
        refusals=tuple(refusals),
    )


def skip_round(view: View, signer: AccountId) -> CallPlan:
    """Plan to use the number of the next round up."""
    refusals = [*view.closed(), *view.not_coordinator(signer)]
    if view.federation.open_round is not None:
        refusals.append(f"round {view.federation.open_round} is open; settle or abort it first")
    return CallPlan(
        calls.skip_round(view.number),
        f"the number {view.federation.next_round} gets no round; it counts as a failed one",
        refusals=tuple(refusals),
    )


def propose(
    view: View,
    signer: AccountId,
    proposal: Terms | AccountId | bytes | Succession,
    *,
    member: Participant | None,
    ranges: TermRanges,
    motions: Mapping[int, Motion],
) -> CallPlan:
    """Plan to let the members vote."""
    deposit = view.prices.proposal
    refusals = [*view.closed(), *_no_vote(view, signer, member)]
    refusals += [
        f"proposal {number} of {signer} is not decided; a member has one at a time, see `bcfl "
        f"federation enact`"
        for number, motion in motions.items()
        if motion.proposer == signer and motion.state is MotionState.OPEN
    ]
    if isinstance(proposal, Terms) and proposal == view.terms:
        refusals.append("these are the terms in force; change one with --set")
    if isinstance(proposal, Terms):
        refusals += faults(proposal, ranges)
    if isinstance(proposal, Succession):
        refusals += succession_faults(proposal, ranges)
    if isinstance(proposal, bytes | Succession) and not isinstance(
        view.terms.governance, MembersVote
    ):
        what = "the model" if isinstance(proposal, bytes) else "successors"
        refusals.append(f"members do not vote on {what} under these terms")
    return CallPlan(
        calls.propose(view.number, proposal),
        f"proposal {view.federation.next_proposal}: the members vote on {_named(proposal)}; "
        f"{write_amount(deposit)} are on hold until it is decided",
        (Effect(signer, free=-deposit, held=deposit),),
        tuple(refusals),
    )


def vote(
    view: View,
    signer: AccountId,
    number: int,
    *,
    approve: bool,
    motion: Motion | None,
    member: Participant | None,
) -> CallPlan:
    """Plan to vote on a proposal."""
    call = calls.vote(view.number, number, approve=approve)
    if motion is None:
        return CallPlan(call, "vote", refusals=(_no_motion(view, number),))
    refusals = [*view.closed(), *_no_vote(view, signer, member)]
    if motion.state is not MotionState.OPEN or view.clock.next > motion.voting_until:
        refusals.append(f"the vote on proposal {number} is over; see `bcfl federation enact`")
    elif member is not None and member.held_since >= motion.proposed_at:
        refusals.append(
            f"the stake of {signer} is younger than proposal {number}; only what was held before "
            f"it votes"
        )
    side = "for" if approve else "against"
    return CallPlan(
        call,
        f"vote {side} proposal {number} ({_named(motion.proposal)}); the stake that voted stays "
        f"until {view.clock.until(motion.enact_at)}",
        refusals=tuple(refusals),
    )


def enact(view: View, number: int, motion: Motion | None, limit: int) -> CallPlan:
    """Plan to decide a vote that is over, and to clear its votes away."""
    call = calls.enact(view.number, number, limit)
    if motion is None:
        return CallPlan(call, "decide a vote", refusals=(_no_motion(view, number),))
    refusals = []
    is_open = motion.state is MotionState.OPEN
    if is_open and not view.closed() and not view.clock.has_come(motion.enact_at):
        refusals.append(f"it is too early; come at {view.clock.until(motion.enact_at)}")
    if not is_open:
        return CallPlan(call, f"clear up to {limit} votes on proposal {number} away")
    means = f"decide proposal {number} ({_named(motion.proposal)}): {tally(motion)}"
    back = Effect(motion.proposer, free=motion.deposit, held=-motion.deposit)
    return CallPlan(call, means, (back,), tuple(refusals))


def tally(motion: Motion) -> str:
    """Say how a vote stands."""
    voted = motion.ayes + motion.nays
    return (
        f"{write_amount(motion.ayes)} for, {write_amount(motion.nays)} against, of "
        f"{write_amount(motion.electorate)}; it takes {write_fraction(motion.quorum)} that vote "
        f"and {write_fraction(motion.threshold)} of them for it"
        + ("" if voted else "; nobody has voted yet")
    )


def governs(view: View, signer: AccountId, instead: str) -> tuple[str, ...]:
    """Return why an account does not govern alone, and what to do instead."""
    match view.terms.governance:
        case Governance.COORDINATOR:
            return view.not_coordinator(signer)
        case Governance.COUNCIL:
            return ("the chain's council governs this federation, by motions of its own",)
    return (f"the members govern this federation: {instead}",)


def _no_vote(view: View, signer: AccountId, member: Participant | None) -> tuple[str, ...]:
    if member is not None and member.active:
        return ()
    return (f"{signer} has no active stake in federation {view.number}; only that votes",)


def _already_in(account: AccountId, member: Participant | None) -> tuple[str, ...]:
    return () if member is None else (f"{account} is a member already",)


def _no_motion(view: View, number: int) -> str:
    return (
        f"federation {view.number} has no proposal {number}; `bcfl federation show` lists those "
        f"that wait"
    )


def _named(proposal: Terms | AccountId | bytes | Succession) -> str:
    if isinstance(proposal, Terms):
        return "new terms"
    if isinstance(proposal, Succession):
        return f"{len(proposal.accounts)} successors of the coordinator"
    if isinstance(proposal, bytes):
        return f"the model 0x{proposal.hex()} to go on from"
    return f"{proposal} as coordinator"


def _belonging(said: tuple[bytes, int]) -> str:
    organisation, examples = said
    name = printable(organisation.decode(errors="backslashreplace"))
    belongs = f", which belongs to {name}" if organisation else ""
    return belongs + (f", with up to {examples} examples" if examples else "")
