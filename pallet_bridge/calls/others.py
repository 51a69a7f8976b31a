"""Calls of other pallets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.types.base import AccountId, Planck


def transfer(dest: AccountId, amount: Planck) -> Call:
    """Send balance, keeping the sender's account alive."""
    args: dict[str, Value] = {"dest": values.account(dest), "value": amount}
    return Call("Balances", "transfer_keep_alive", args)


def batch(calls: Sequence[Call]) -> Call:
    """Make one call of several: all succeed or none does."""
    inner: list[Value] = [
        {"call_module": c.pallet, "call_function": c.function, "call_args": dict(c.args)}
        for c in calls
    ]
    return Call("Utility", "batch_all", {"calls": inner})


def council_propose(proposal: Call, threshold: int, length_bound: int) -> Call:
    """Propose a call to the council; with `threshold` 1 it is done at once.

    When the call inside fails, the motion is gone all the same, and whoever waits for it gets the
    error's class, with `CallFailed.inside`.

    `length_bound` is at least the length of the encoded call in bytes.
    """
    inner: Value = {
        "call_module": proposal.pallet,
        "call_function": proposal.function,
        "call_args": dict(proposal.args),
    }
    args: dict[str, Value] = {
        "threshold": threshold,
        "proposal": inner,
        "length_bound": length_bound,
    }
    return Call("Council", "propose", args)
