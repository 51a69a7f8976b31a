"""What restricts a key, and what its owner does, decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from bcfl_plugins.config.tables import write_amount
from pallet_bridge import calls
from pallet_bridge.types import KeyScope, Planck

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId

_MEANS = {
    KeyScope.NODE: "can commit, report, and do what anyone may do for a round",
    KeyScope.COORDINATOR: "can open, relay, settle and end rounds, and report",
    KeyScope.ATTESTER: "can attest and report",
    KeyScope.FROZEN: "can do nothing",
}


def restrict(
    account: AccountId,
    owner: AccountId,
    scope: KeyScope,
    *,
    now: KeyScope | None,
    owners: tuple[AccountId, ...],
    deposit: Planck,
) -> CallPlan:
    """Plan to give an account an owner, and its key a scope.

    Parameters
    ----------
    account, owner : AccountId
        Whose key is restricted, and who acts for the account from then on.
    scope : KeyScope
        What the key is for.
    now : KeyScope or None
        What it is for so far; None: everything.
    owners : tuple of AccountId
        Who acts for the account so far.
    deposit : Planck
        What an owner puts on hold.
    """
    refusals = []
    if now is not None:
        refusals.append(
            f"the key of {account} is restricted already; its owner changes that with `bcfl keys "
            f"set-scope`"
        )
    if owner == account:
        refusals.append("an owner is another account, whose key is on another machine")
    others = [str(one) for one in owners if one != owner]
    if others:
        refusals.append(f"{', '.join(others)} acts for {account} too; take that back first")
    held = Planck(0) if owners else deposit
    return CallPlan(
        calls.restrict(owner, scope),
        f"the key of {account} {_MEANS[scope]}, and nothing else; {owner} does everything else "
        f"for it, and only {owner} can undo this; {write_amount(held)} are on hold for it",
        (Effect(account, free=-held, held=held),),
        tuple(refusals),
    )


def set_scope(account: AccountId, scope: KeyScope, now: KeyScope | None) -> CallPlan:
    """Plan to change what the key of a restricted account is for."""
    return CallPlan(
        calls.set_scope(scope),
        f"the key of {account} {_MEANS[scope]}, and nothing else",
        refusals=_not_restricted(account, now),
    )


def lift(account: AccountId, now: KeyScope | None) -> CallPlan:
    """Plan to let a key be for everything again."""
    return CallPlan(
        calls.lift_scope(),
        f"the key of {account} can do everything again, also move money; its owner still "
        f"acts for it",
        refusals=_not_restricted(account, now),
    )


def _not_restricted(account: AccountId, now: KeyScope | None) -> tuple[str, ...]:
    if now is not None:
        return ()
    return (f"the key of {account} is not restricted; `bcfl keys restrict` begins",)
