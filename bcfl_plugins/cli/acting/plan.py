"""What a command would send, what it would change, and why the chain would not take it.

A plan is made from what was read of the chain, without asking it again and without a key. So what
``--dry-run`` prints is what is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import write_amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.cli.acting.sponsors import Sponsoring
    from pallet_bridge.calls import Call, Value
    from pallet_bridge.types import AccountId, Balance, Planck

_LONGEST, _HEAD = 10_000, 34


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call moves for one account, in planck, besides its fee.

    Parameters
    ----------
    account : AccountId
        Whose money it is.
    free, held : int
        More or less of what it can spend, and of what it has on hold.
    stake : int
        More or less of its active stake in the federation.
    """

    account: AccountId
    free: int = 0
    held: int = 0
    stake: int = 0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call, and what it means.

    Parameters
    ----------
    call : Call
        What is sent.
    means : str
        What comes of it, in a sentence.
    changes : tuple of Effect
        What it moves. What depends on more than was read, it does not promise.
    refusals : tuple of str
        Why the chain would not take it now, each with what to do.
    """

    call: Call
    means: str
    changes: tuple[Effect, ...] = ()
    refusals: tuple[str, ...] = ()


def shortage(
    plan: CallPlan, payer: AccountId, balance: Balance, fee: Planck, existence: Planck
) -> str | None:
    """Return why an account cannot pay for a plan, None when it can.

    Parameters
    ----------
    plan : CallPlan
        What is to be sent.
    payer : AccountId
        Who sends it.
    balance : Balance
        What it has.
    fee : Planck
        What the call costs.
    existence : Planck
        What it has to keep.
    """
    spent = sum(-change.free for change in plan.changes if change.account == payer)
    needed = max(spent, 0) + fee + existence
    if balance.free >= needed:
        return None
    return (
        f"{payer} has {write_amount(balance.free)} to spend and needs {write_amount(needed)} "
        f"(with the fee, and {write_amount(existence)} that stay); send it "
        f"{write_amount(needed - balance.free)} or more first. Tokens that have just come count "
        "once their block is final"
    )


def as_record(
    plan: CallPlan, payer: AccountId, fee: Planck, sponsor: int | None = None
) -> dict[str, object]:
    """Return a plan as JSON says it; amounts are planck, `sponsor` is a federation's number."""
    return {
        "call": plan.call.function,
        "pallet": plan.call.pallet,
        "args": {name: _shown(value) for name, value in plan.call.args.items()},
        "account": str(payer),
        "fee": fee,
        "fee_sponsor": sponsor,
        "means": plan.means,
        "changes": [
            {
                "account": str(change.account),
                "free": change.free,
                "held": change.held,
                "stake": change.stake,
            }
            for change in plan.changes
        ],
        "refused": list(plan.refusals),
    }


def _shown(value: Value) -> Value:
    """Return an argument as it is printed: a whole runtime by its length only."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_HEAD]}... ({len(value) // 2 - 1} bytes)"
    return value


def as_lines(
    plan: CallPlan,
    payer: AccountId,
    fee: Planck,
    balance: Balance,
    sponsor: Sponsoring | None = None,
) -> Iterator[str]:
    """Give a plan as text, line by line."""
    yield f"{plan.call.pallet}.{plan.call.function}: {plan.means}"
    if sponsor is None:
        yield f"fee {write_amount(fee)}, paid by {payer}"
    else:
        yield f"fee {write_amount(fee)}, paid by federation {sponsor.federation}: {sponsor.line()}"
        fee = type(fee)(0)
    for change in plan.changes:
        if change.account == payer:
            free, held = balance.free + change.free - fee, balance.held + change.held
            yield (
                f"to spend {write_amount(balance.free)} -> {write_amount(free)}, "
                f"on hold {write_amount(balance.held)} -> {write_amount(held)}"
            )
        else:
            yield (
                f"{change.account}: to spend {signed(change.free)}, on hold {signed(change.held)}"
            )
        if change.stake:
            yield f"active stake of {change.account} {signed(change.stake)}"
    for refusal in plan.refusals:
        yield f"REFUSED {refusal}"


def signed(planck: int) -> str:
    """Return an amount with its sign."""
    return f"{'+' if planck >= 0 else ''}{write_amount(planck)}"
