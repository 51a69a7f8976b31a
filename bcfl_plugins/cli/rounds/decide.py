"""What ends, seals and clears away rounds and offences, decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.config.tables import write_amount
from pallet_bridge import calls
from pallet_bridge.types import OffenceState, RoundState

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, Balance, Offence, Planck, Round, Terms

_ENDED = "it has ended"


def abort(view: View, account: AccountId, number: int, found: Round | None) -> CallPlan:
    """Plan to end a round without verdicts: its coordinator any time, others once it is late."""
    call = calls.abort(view.number, number)
    if found is None:
        return CallPlan(call, "end a round", refusals=(_no_round(view, number),))
    refusals = _not_open(number, found)
    late = view.clock.next > found.settle_until
    if not late and account != view.federation.coordinator:
        refusals.append(
            f"only {view.federation.coordinator} may call round {number} off before it is late; "
            f"anyone may from {view.clock.until(found.settle_until + 1)}"
        )
    means = f"end round {number} without verdicts: nobody is paid or struck for it"
    if late or found.commitments:
        means += ", and the coordinator gets a failure mark"
    return CallPlan(call, means, refusals=tuple(refusals))


def seal(view: View, number: int, found: Round | None) -> CallPlan:
    """Plan to say that a round's window is over."""
    call = calls.seal(view.number, number)
    if found is None:
        return CallPlan(call, "seal a round", refusals=(_no_round(view, number),))
    refusals = _not_open(number, found)
    if found.sealed_at is not None:
        refusals.append(f"round {number} is sealed already; it can be settled")
    elif view.clock.next <= found.commit_until:
        refusals.append(
            f"round {number} still takes commitments; come at "
            f"{view.clock.until(found.commit_until + 1)}"
        )
    return CallPlan(
        call, f"say that round {number} takes no more commitments", refusals=tuple(refusals)
    )


def expire(view: View, number: int, found: Round | None) -> CallPlan:
    """Plan to give the escrow back what nobody claimed of a round."""
    call = calls.expire(view.number, number)
    if found is None:
        return CallPlan(call, "give back what nobody claimed", refusals=(_no_round(view, number),))
    paid, until = claims_end(found)
    refusals = []
    if until is None:
        refusals.append(f"round {number} pays nothing: it has no settlement that stands")
    elif view.clock.next <= until:
        refusals.append(f"rewards may still be claimed; come at {view.clock.until(until + 1)}")
    elif not paid:
        refusals.append(f"nothing of round {number} is left to give back")
    refusals += _held_up(number, found)
    means = f"{write_amount(paid)} of round {number} go back to the escrow"
    return CallPlan(call, means, refusals=tuple(refusals))


def prune(view: View, number: int, found: Round | None, *, terms: Terms, limit: int) -> CallPlan:
    """Plan to remove records of an old round; `terms` are those it ran under."""
    call = calls.prune(view.number, number, limit)
    if found is None:
        return CallPlan(call, "remove records", refusals=(_no_round(view, number),))
    kept, refusals = kept_until(found, terms), []
    if kept is None:
        refusals.append(f"round {number} is open; see `bcfl abort`")
    elif view.clock.next <= kept:
        refusals.append(f"its records are kept; come at {view.clock.until(kept + 1)}")
    refusals += _held_up(number, found)
    left, _ = claims_end(found)
    means = f"remove up to {limit} records of round {number}; its settlement root stays"
    if left:
        means += f", and {write_amount(left)} that nobody claimed go back to the escrow"
    return CallPlan(call, means, refusals=tuple(refusals))


def lapse(view: View, number: int, account: AccountId, offence: Offence | None) -> CallPlan:
    """Plan to end a dispute that nobody decided in time, in the accused's favour."""
    call = calls.lapse(view.number, number, account)
    refusals = []
    if offence is None or not offence.waits:
        refusals.append(_no_offence(view, number, account))
    elif offence.dispute is not None and view.clock.next <= offence.dispute.until:
        over = view.clock.until(offence.dispute.until + 1)
        refusals.append(f"the dispute may still be decided; come at {over}")
    means = f"the offence of {account} in round {number} ends without a slash"
    if offence is not None and offence.dispute is not None and not offence.dispute.from_stake:
        means += f", and its bond of {write_amount(offence.dispute.bond)} is free"
    return CallPlan(call, means, refusals=tuple(refusals))


def execute_slash(view: View, number: int, account: AccountId, offence: Offence | None) -> CallPlan:
    """Plan to take what an offence costs."""
    call = calls.execute_slash(view.number, number, account)
    if offence is None or not offence.waits:
        return CallPlan(call, "slash", refusals=(_no_offence(view, number, account),))
    refusals = []
    if offence.state is OffenceState.DISPUTED:
        refusals.append("the offence is disputed: its arbiter decides, or `bcfl lapse` after that")
    elif offence.state is OffenceState.PENDING and not view.clock.has_come(offence.executable_at):
        refusals.append(
            f"it may still be disputed; come at {view.clock.until(offence.executable_at)}"
        )
    means = (
        f"take up to {write_amount(offence.amount)} of the stake of {account} for its "
        f"{offence.kind.value} in round {number}"
    )
    return CallPlan(call, means, refusals=tuple(refusals))


def dispute(
    view: View,
    account: AccountId,
    number: int,
    *,
    offence: Offence | None,
    balance: Balance,
    bond: Planck,
) -> CallPlan:
    """Plan to object to an offence of one's own; `bond` is that of the round's terms."""
    call = calls.dispute(view.number, number)
    if offence is None or not offence.waits:
        return CallPlan(call, "dispute", refusals=(_no_offence(view, number, account),))
    refusals = []
    if offence.state is not OffenceState.PENDING:
        refusals.append(f"the offence is {offence.state.value.lower()} already")
    elif view.clock.has_come(offence.executable_at):
        refusals.append("it is too late: disputes come before the block of its execution")
    means = (
        f"object to the {offence.kind.value} of {account} in round {number}; a bond of "
        f"{write_amount(bond)} comes back unless the arbiter upholds it"
    )
    if balance.free < bond + view.prices.existence:  # then the chain takes it of the stake
        return CallPlan(call, f"{means}; it is a part of the stake", refusals=tuple(refusals))
    return CallPlan(call, means, (Effect(account, free=-bond, held=bond),), tuple(refusals))


def resolve(
    view: View, place: tuple[int, AccountId], offence: Offence | None, *, uphold: bool
) -> CallPlan:
    """Plan to decide a dispute, or to vote on it; `place` is its round and the accused."""
    number, account = place
    call = calls.resolve(view.number, number, account, uphold=uphold)
    if offence is None or not offence.waits:
        return CallPlan(call, "resolve", refusals=(_no_offence(view, number, account),))
    refusals = []
    if offence.dispute is None:
        refusals.append(f"the offence is not disputed: it is {offence.state.value.lower()}")
    elif view.clock.next > offence.dispute.until:
        refusals.append("it is too late to decide; anyone may run `bcfl lapse`")
    verdict = "was rightly accused, and is slashed" if uphold else "was accused wrongly"
    return CallPlan(call, f"say that {account} {verdict}", refusals=tuple(refusals))


def claims_end(found: Round) -> tuple[int, int | None]:
    """Return what of a round is not paid, and until which block it can be claimed."""
    if found.compensation is not None:
        return found.compensation.unpaid, found.compensation.until
    settled = found.settlement
    if found.state is not RoundState.SETTLED or settled is None:
        return 0, None
    return 0 if settled.expired else settled.unpaid, settled.claim_until


def kept_until(found: Round, terms: Terms) -> int | None:
    """Return the last block in which the records of a round are kept, None while it is open."""
    if found.ended_at is None:
        return None
    kept = max(found.ended_at, found.settle_until) + terms.retention_blocks
    return kept if found.settlement is None else max(kept, found.settlement.claim_until)


def _not_open(number: int, found: Round) -> list[str]:
    if found.state is RoundState.OPEN:
        return []
    return [f"round {number} is {found.state.value.lower()}: {_ENDED}"]


def _held_up(number: int, found: Round) -> list[str]:
    if not found.pending_offences:
        return []
    count = found.pending_offences
    return [f"{count} offences of round {number} wait; `bcfl execute-slash` or `bcfl lapse` first"]


def _no_round(view: View, number: int) -> str:
    return f"federation {view.number} has no round {number}; `bcfl rounds` lists them"


def _no_offence(view: View, number: int, account: AccountId) -> str:
    return (
        f"no offence of {account} waits in round {number} of federation {view.number}; `bcfl "
        f"rounds` shows which do"
    )
