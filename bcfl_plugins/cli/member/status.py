"""``bcfl status``: what may I do now, what is due, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from bcfl_plugins.cli.acting.options import ChainHash, MaybeAccount
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import FederationNumber, MaybeKey, Url, account_of
from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.cli.acting.times import BlockClock
    from bcfl_plugins.cli.member.duties import Duty
    from bcfl_plugins.cli.member.standing import Standing


def status(
    *,
    chain: Url,
    federation: FederationNumber,
    key: MaybeKey = None,
    account: MaybeAccount = None,
    genesis: ChainHash = None,
    as_json: AsJson = False,
) -> None:
    """Say what an account has in a federation, what it may do now, and what is due until when.

    What costs something when it is not done in time comes first. The key is not used: give any
    account to look at.
    """
    from bcfl_plugins.cli.member.duties import duties  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.member.standing import read_standing  # noqa: PLC0415

    if account is None and key is None:
        raise ConfigError("say whose status: give --account, or --key")
    who = account_of(str(key), chain) if account is None else read_account(account)
    with checked(chain, belief_of(genesis, key if account is None else None, who)) as client:
        standing = read_standing(client, federation, who)
    found = duties(standing)
    if as_json:
        print_json(as_record(standing, found))
        return
    out = console()
    for line in as_lines(standing, found):
        out.print(escape(line))


def as_record(standing: Standing, found: Sequence[Duty]) -> dict[str, object]:
    """Return a status as JSON says it; amounts are planck."""
    view, member = standing.view, standing.member
    return {
        "account": str(standing.account),
        "federation": view.number,
        "block": view.clock.block,
        "slot_s": view.clock.slot_s,
        "state": view.federation.state.value,
        "free": standing.balance.free,
        "held": standing.balance.held,
        "coordinates": standing.coordinates,
        "bond": 0 if standing.bond is None else standing.bond.amount,
        "member": None
        if member is None
        else {
            "active": member.active,
            "unbonding": [
                {"amount": chunk.amount, **view.clock.record(chunk.until)}
                for chunk in member.unbonding
            ],
            "strikes": member.strikes,
            "offences": member.offences,
            "pending_offences": member.pending_offences,
        },
        "fees": None if standing.fees is None else standing.fees.record(),
        "duties": [_duty_record(view.clock, duty) for duty in found],
    }


def as_lines(standing: Standing, found: Sequence[Duty]) -> Iterator[str]:
    """Give a status as text, line by line."""
    view, member = standing.view, standing.member
    yield (
        f"{standing.account}: {write_amount(standing.balance.free)} to spend, "
        f"{write_amount(standing.balance.held)} on hold"
    )
    state = view.federation.state.value.lower()
    role = ", coordinated by it" if standing.coordinates else ""
    yield f"federation {view.number} is {state}{role}; now block {view.clock.block}"
    if member is None:
        yield "no member"
    else:
        on_way = sum(chunk.amount for chunk in member.unbonding)
        yield (
            f"member with {write_amount(member.active)} active, {write_amount(on_way)} on the way "
            f"out, {member.strikes} strikes, {member.offences} offences"
        )
    fees = standing.fees
    if fees is not None and fees.is_known and fees.purse:
        yield fees.line()
    for duty in found:
        yield _duty_line(view.clock, duty)


def _duty_line(clock: BlockClock, duty: Duty) -> str:
    later = duty.since > clock.next
    mark = "later" if later else "DUE" if duty.costs else "now" if duty.command else "note"
    line = f"{mark:>5}  {duty.what}"
    if later:
        line += f": from {clock.until(duty.since)}"
    elif duty.until is not None:
        line += f": until {clock.until(duty.until)}"
    if duty.costs:
        line += f"; after that {duty.costs} is lost"
    return f"{line}\n       {duty.command}" if duty.command else line


def _duty_record(clock: BlockClock, duty: Duty) -> dict[str, object]:
    return {
        "what": duty.what,
        "command": duty.command,
        "now": bool(duty.command) and duty.since <= clock.next,
        "since": clock.record(duty.since) if duty.since else None,
        "until": None if duty.until is None else clock.record(duty.until),
        "costs": duty.costs,
    }
