"""What the owner of a validator's account would send, decided from what was read of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import CallPlan, Effect
from pallet_bridge import calls

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pallet_bridge.session_keys import SignedKeys, Validator
    from pallet_bridge.types import AccountId, Planck

LATER = "from the session after the next one on"


def register(
    now: Validator, signed: SignedKeys, owners: AbstractSet[AccountId], deposit: Planck
) -> CallPlan:
    """Plan to register session keys, in place of those that the account has."""
    refusals = []
    if signed.account != now.account:
        refusals.append(
            f"these keys are signed for {signed.account}, and {now.account} would send them; use "
            f"its key, or make keys with --account {now.account}"
        )
    elif not signed.is_proved:
        refusals.append("the keys did not sign this account; make them anew: `new-keys`")
    refusals += [
        f"{who} has one of these keys, and no key is two accounts'; make new ones: `new-keys`"
        for who in sorted(owners - {now.account})
    ]
    if signed.keys == now.keys:
        refusals.append(f"{now.account} has these keys already")
    call = calls.set_session_keys(signed.keys.aura, signed.keys.grandpa, signed.proof)
    means = f"{now.account} validates with these keys {LATER}, where the council lists it"
    if now.keys is None:
        first = Effect(now.account, free=-deposit, held=deposit)
        return CallPlan(call, means, (first,), tuple(refusals))
    return CallPlan(call, f"{means}; those of before count until then", refusals=tuple(refusals))


def give_up(now: Validator, deposit: Planck) -> CallPlan:
    """Plan to give the session keys up."""
    refusals = () if now.keys is not None else (f"{now.account} has no session keys",)
    means = f"{now.account} has no session keys"
    if now.listed:
        means += f", and validates no more {LATER}; the council's list keeps it"
    back = Effect(now.account, free=deposit, held=-deposit)
    return CallPlan(calls.purge_session_keys(), means, (back,), refusals)
