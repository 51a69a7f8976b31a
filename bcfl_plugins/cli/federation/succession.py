"""Who may take over from a coordinator: decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.cli.federation.govern import governs
from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.config.terms_check import succession_faults
from pallet_bridge import calls
from pallet_bridge.succession import take_over_from
from pallet_bridge.types import Succession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId, Bond, Office, TermRanges


def name_successors(
    view: View, signer: AccountId, line: Succession, ranges: TermRanges
) -> CallPlan:
    """Plan to name successors, as a coordinator that governs or has no members yet."""
    refusals = [*view.closed(), *succession_faults(line, ranges)]
    notice = 0
    if view.federation.members:
        refusals += governs(view, signer, "`bcfl federation propose --successor`")
        notice = max(view.terms.notice_blocks, view.terms.unbonding_blocks)
    else:
        refusals += view.not_coordinator(signer)
    start = view.clock.until(view.clock.next + notice)
    means = f"{_named(line)}, from {start}" if line.accounts else f"nobody takes over, from {start}"
    return CallPlan(calls.name_successors(view.number, line), means, refusals=tuple(refusals))


def take_over(
    view: View, signer: AccountId, start: int | None, *, bond: Bond | None, line: Succession
) -> CallPlan:
    """Plan to take the place of a coordinator that missed its deadlines.

    `start` is the block from which the signer may, `bond` what it has on hold, `line` the
    succession in force.
    """
    refusals = [*view.closed()]
    if signer == view.federation.coordinator:
        refusals.append(f"{signer} coordinates federation {view.number} already")
    elif signer not in line.accounts:
        refusals.append(
            f"{signer} is not among the successors of federation {view.number}; `bcfl federation "
            f"show` lists them"
        )
    elif start is None:
        refusals.append("there was no round yet, so no deadline was missed")
    elif not view.clock.has_come(start):
        refusals.append(
            f"the coordinator has missed no deadline, or another successor comes first; if no "
            f"round is settled or opened until then, come at {view.clock.until(start)}"
        )
    has = 0 if bond is None else bond.amount
    missing = max(0, view.terms.coordinator_bond - has)
    means = f"{signer} coordinates federation {view.number}"
    if view.federation.open_round is not None:
        means += f"; round {view.federation.open_round} ends without a settlement"
    if missing:
        means += f"; {write_amount(missing)} go on hold as its bond"
    effect = (Effect(signer, free=-missing, held=missing),) if missing else ()
    return CallPlan(calls.take_over(view.number), means, effect, tuple(refusals))


def plan_take_over(client: ChainClient, view: View, signer: AccountId) -> CallPlan:
    """Read what `take_over` goes by, and plan it."""
    office = client.office(view.number, at=view.at)
    line = Succession((), 0, 0) if office is None else office.in_force(view.clock.next)
    start = take_over_from(client, view.number, signer, at=view.at)
    bond = client.bond(view.number, signer, at=view.at)
    return take_over(view, signer, start, bond=bond, line=line)


def pause(
    view: View, signer: AccountId, until: int, office: Office | None, ranges: TermRanges
) -> CallPlan:
    """Plan to say that there is no round for a while, on purpose."""
    refusals = [*view.closed(), *view.not_coordinator(signer)]
    if view.federation.open_round is not None:
        refusals.append(f"round {view.federation.open_round} is open; settle or abort it first")
    if office is None:
        refusals.append("nobody may take over here, so no pause is needed")
    latest = view.clock.next + ranges.max_retention_blocks
    if until > latest:
        refusals.append(f"a pause ends at block {latest} at the latest; announce another one then")
    return CallPlan(
        calls.pause(view.number, until),
        f"the time without a round counts from {view.clock.until(until)}",
        refusals=tuple(refusals),
    )


def lines(view: View, office: Office | None) -> Iterator[str]:
    """Give who may take over as text, line by line."""
    if office is None:
        return
    line = office.in_force(view.clock.next)
    if line.accounts:
        yield f"{_named(line)}"
    pending = office.pending
    if pending is not None and not view.clock.has_come(pending.starts_at):
        yield (
            f"from {view.clock.until(pending.starts_at)}: "
            f"{_named(pending.succession) if pending.succession.accounts else 'nobody takes over'}"
        )
    until = 0 if office.pause is None else office.pause.until
    if office.pause is not None and office.pause.round == view.federation.next_round:
        yield f"no round is meant to open until {view.clock.until(until)}"


def record(view: View, office: Office | None) -> dict[str, object] | None:
    """Return the same for programs."""
    if office is None:
        return None
    pending, pause = office.pending, office.pause
    waits = pending is not None and not view.clock.has_come(pending.starts_at)
    return {
        "since": office.since,
        **_record(office.in_force(view.clock.next)),
        "announced": {"starts_at": pending.starts_at, **_record(pending.succession)}
        if pending is not None and waits
        else None,
        "pause": None if pause is None else {"round": pause.round, "until": pause.until},
    }


def _record(line: Succession) -> dict[str, object]:
    return {
        "accounts": [str(one) for one in line.accounts],
        "idle_blocks": line.idle_blocks,
        "turn_blocks": line.turn_blocks,
    }


def _named(line: Succession) -> str:
    names = ", then ".join(str(one) for one in line.accounts)
    return (
        f"{names} may take over when a round is late, or after {line.idle_blocks} blocks without "
        f"one; each waits {line.turn_blocks} blocks for the one before it"
    )
