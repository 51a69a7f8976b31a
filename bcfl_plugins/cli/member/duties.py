"""What an account may do now, what is due, and what only time brings; from what was read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from bcfl_plugins.cli.member.decide import withdrawable
from bcfl_plugins.config.tables import write_amount
from pallet_bridge.types import (
    Admission,
    FederationState,
    MotionState,
    OffenceState,
    Vouched,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.cli.member.standing import Standing
    from pallet_bridge.types import AccountId, Offence, Participant


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do, or to wait for.

    Parameters
    ----------
    what : str
        In a sentence.
    command : str
        What does it; empty where nothing is to be done.
    since : int
        The first block in which it can be done; 0: now.
    until : int or None
        The last such block, None where there is none.
    costs : str
        What is lost after that; empty: nothing.
    """

    what: str
    command: str = ""
    since: int = 0
    until: int | None = None
    costs: str = ""


def duties(standing: Standing) -> tuple[Duty, ...]:
    """Return all of them, those that cost something first, then by their last block."""
    found = chain(
        _stake(standing),
        _entry(standing),
        _rewards(standing),
        _offences(standing),
        _terms(standing),
        _votes(standing),
        _seat(standing),
        _coordination(standing),
        _bond(standing),
        _refund(standing),
    )
    last = 2**63
    return tuple(
        sorted(found, key=lambda duty: (not duty.costs, duty.until or last, duty.since, duty.what))
    )


def _stake(standing: Standing) -> Iterator[Duty]:
    view, member = standing.view, standing.member
    if member is None:
        return
    free = withdrawable(view, member)
    if free and not member.pending_offences:
        yield Duty(f"{write_amount(free)} of the stake are free", "bcfl withdraw")
    if not view.is_over:
        for chunk in member.unbonding:
            if not view.clock.has_come(chunk.until):
                what = f"{write_amount(chunk.amount)} are on their way out"
                yield Duty(what, "bcfl withdraw", since=chunk.until)
    if not member.stake and not member.is_suspended(view.clock.next):
        yield Duty("without stake it may leave", "bcfl withdraw")
    if view.clock.block < member.suspended_until:
        yield Duty("it is suspended and cannot commit", since=member.suspended_until)
    if 0 < member.active < view.terms.min_stake and not view.is_over:
        lacking = write_amount(view.terms.min_stake - member.active)
        yield Duty(f"{lacking} are missing for it to take part", f'bcfl stake "{lacking}"')
    if view.federation.state is FederationState.CLOSING and member.active and not view.is_over:
        yield Duty(
            "the federation closes, then all stake is free; it may leave before",
            "bcfl unbond",
            until=view.federation.closing_ends,
        )
    yield from _next_commit(standing, member)


def _next_commit(standing: Standing, member: Participant) -> Iterator[Duty]:
    view, opened = standing.view, standing.round
    if opened is None or standing.commitment is not None or opened.sealed_at is not None:
        return
    may = member.active >= view.terms.min_stake and not member.is_suspended(view.clock.next)
    if may and view.clock.block < opened.commit_until:
        number = view.federation.open_round
        what = f"round {number} is open and has nothing of it; its node commits"
        yield Duty(what, until=opened.commit_until)


def _entry(standing: Standing) -> Iterator[Duty]:
    view, account = standing.view, standing.account
    if standing.member is not None or view.closed():
        return
    least = f'bcfl join --stake "{write_amount(view.terms.min_stake)}"'
    match view.terms.admission, standing.invitation:
        case Admission.OPEN, _:
            yield Duty("anyone may join", least)
        case Vouched(needed), invitation if invitation is not None and invitation.vouchers:
            count = len(invitation.vouchers)
            what = f"{count} of {needed} members vouched for it"
            yield Duty(what, least if count >= needed else f"bcfl federation vouch {account}")
        case _, invitation if invitation is not None:
            yield Duty("it is invited", least)


def _rewards(standing: Standing) -> Iterator[Duty]:
    clock = standing.view.clock
    for number, reward in standing.rewards.items():
        what = f"up to {write_amount(reward.amount)} of round {number}"
        if reward.is_held_up:
            yield Duty(f"{what} are held up by an offence")
        elif clock.block <= reward.until:
            ripe = clock.block >= reward.after
            yield Duty(
                f"{what} can be claimed",
                "bcfl claim",
                since=0 if ripe else reward.after + 1,
                until=reward.until,
                costs="the reward" if ripe else "",
            )


def _offences(standing: Standing) -> Iterator[Duty]:
    for (number, accused), offence in standing.offences.items():
        if accused == standing.account:
            yield from _own_offence(standing, number, offence)
        elif offence.state is OffenceState.DISPUTED and offence.dispute is not None:
            yield from _judge(standing, number, accused, offence.dispute.until)


def _own_offence(standing: Standing, number: int, offence: Offence) -> Iterator[Duty]:
    clock, cost = standing.view.clock, write_amount(offence.amount)
    what = f"{offence.kind.value} in round {number}: {cost} of the stake"
    slash = f"bcfl execute-slash --round {number} --account {standing.account}"
    match offence.state:
        case OffenceState.PENDING if not clock.has_come(offence.executable_at):
            dispute = f"bcfl dispute --round {number}"
            yield Duty(f"{what}, unless you object", dispute, until=offence.executable_at - 1,
                       costs=cost)  # fmt: skip
        case OffenceState.PENDING | OffenceState.UPHELD:
            yield Duty(f"{what} are due; until then nothing can be withdrawn", slash)
        case OffenceState.DISPUTED if offence.dispute is not None:
            over = offence.dispute.until + 1
            lapse = f"bcfl lapse --round {number} --account {standing.account}"
            yield Duty(f"{what} are disputed; undecided it ends in your favour", lapse, since=over)


def _judge(standing: Standing, number: int, accused: AccountId, until: int) -> Iterator[Duty]:
    is_arbiter = standing.view.terms.arbiter == standing.account
    if is_arbiter and standing.view.clock.block < until:
        yield Duty(
            f"a dispute of {accused} in round {number} waits for its arbiter",
            f"bcfl resolve --round {number} --account {accused} --uphold (or --overturn)",
            until=until,
        )


def _terms(standing: Standing) -> Iterator[Duty]:
    pending = standing.view.federation.pending_terms
    if pending is None or standing.member is None:
        return
    what = f"terms {pending.version} come into force at block {pending.starts_at}"
    if pending.is_worse:
        what += "; they are worse for members, who may leave under the old ones"
        yield Duty(what, "bcfl federation terms, bcfl unbond", until=pending.starts_at)
    else:
        yield Duty(what, "bcfl federation terms", until=pending.starts_at)


def _votes(standing: Standing) -> Iterator[Duty]:
    clock, member = standing.view.clock, standing.member
    for number, motion in standing.motions.items():
        if motion.state is not MotionState.OPEN:
            yield Duty(f"proposal {number} is decided; its votes can be cleared away",
                       f"bcfl federation enact {number}")  # fmt: skip
            continue
        votes = member is not None and member.active and member.held_since < motion.proposed_at
        if votes and clock.block < motion.voting_until:
            command = f"bcfl federation vote {number} --approve (or --reject)"
            yield Duty(f"proposal {number} is under vote", command, until=motion.voting_until)
        yield Duty(f"proposal {number} can be decided", f"bcfl federation enact {number}",
                   since=motion.enact_at)  # fmt: skip


def _seat(standing: Standing) -> Iterator[Duty]:
    opened = standing.round
    for seat in standing.seats if opened is not None else ():
        if seat.account == standing.account and seat.said is None and not seat.is_void:
            assert opened is not None  # noqa: S101 - the condition above, for the type checker
            what = f"a seat in the committee of round {standing.view.federation.open_round}"
            lost = "a part of the stake" if standing.view.terms.silence else ""
            yield Duty(f"{what} has not attested", "bcfl attest RUN", until=opened.settle_until,
                       costs=lost)  # fmt: skip


def _coordination(standing: Standing) -> Iterator[Duty]:
    view, opened = standing.view, standing.round
    if opened is not None:
        number = view.federation.open_round
        if view.clock.block >= opened.settle_until:
            yield Duty(f"round {number} was not settled in time", f"bcfl abort --round {number}")
        elif standing.coordinates:
            what = f"round {number} is open; the run settles it"
            yield Duty(f"{what}, or you call it off", f"bcfl abort --round {number}",
                       until=opened.settle_until, costs="a failure mark")  # fmt: skip
    yield from _closing(standing)
    if not standing.coordinates or view.closed():
        return
    posted = 0 if standing.bond is None else standing.bond.amount
    if posted < view.terms.coordinator_bond:
        lacking = write_amount(view.terms.coordinator_bond - posted)
        yield Duty(f"{lacking} of the bond are missing: no round opens",
                   f'bcfl federation post-bond "{lacking}"')  # fmt: skip
    needed = view.federation.owed + view.terms.round_reward + view.prices.existence
    if opened is None and standing.escrow < needed:
        lacking = write_amount(needed - standing.escrow)
        yield Duty(f"{lacking} are missing in the escrow for the next round",
                   f'bcfl federation fund "{lacking}"')  # fmt: skip


def _closing(standing: Standing) -> Iterator[Duty]:
    view, ends = standing.view, standing.view.federation.closing_ends
    if ends is None or view.federation.state is not FederationState.CLOSING:
        return
    if view.federation.members and view.is_over:
        yield Duty(
            f"{view.federation.members} members are still in: anyone may release their stake",
            "bcfl withdraw --all",
        )
    else:
        yield Duty("the closing can be finished", "bcfl federation close", since=ends)


def _bond(standing: Standing) -> Iterator[Duty]:
    view, bond = standing.view, standing.bond
    if bond is None:
        return
    amount = write_amount(bond.amount)
    if view.is_over or (bond.free_at is not None and view.clock.has_come(bond.free_at)):
        yield Duty(f"the bond of {amount} is free", "bcfl federation withdraw-bond")
    elif bond.free_at is not None:
        yield Duty(f"the bond of {amount} becomes free", "bcfl federation withdraw-bond",
                   since=bond.free_at)  # fmt: skip


def _refund(standing: Standing) -> Iterator[Duty]:
    """Tell a sponsor of a closed federation of its part of what is left."""
    federation = standing.view.federation
    if federation.state is not FederationState.CLOSED or not standing.sponsored:
        return
    part = federation.part_of(federation.left, standing.sponsored)
    yield Duty(
        f"it is closed, and {write_amount(part)} of what is left of its escrow are yours",
        "bcfl federation refund",
    )
