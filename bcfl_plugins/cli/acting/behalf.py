"""What becomes of a plan by the key that signs it: its scope, and whom it acts for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.plan import shortage
from pallet_bridge import calls
from pallet_bridge.scopes import in_scope, key_owners, scope_of
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.plan import CallPlan
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import AccountId


def by_key(client: ChainClient, plan: CallPlan, payer: AccountId, actor: AccountId) -> CallPlan:
    """Return a plan as the key of `payer` signs it, in the name of `actor`.

    Parameters
    ----------
    client : ChainClient
        The chain.
    plan : CallPlan
        What `actor` is to do.
    payer : AccountId
        Whose key signs.
    actor : AccountId
        Who acts by it: the same account, or one that it owns.
    """
    if actor != payer:
        plan = _in_name(client, plan, payer, actor)
    scope = scope_of(client, payer)
    if scope is None or in_scope(scope, plan.call):
        return plan
    return _refused(
        plan,
        f"the key of {payer} is restricted to the scope {scope.value.lower()}, which has no "
        f"{plan.call.pallet}.{plan.call.function}; let its owner send it, with the owner's --key "
        f"and --for {actor}",
    )


def _in_name(client: ChainClient, plan: CallPlan, payer: AccountId, actor: AccountId) -> CallPlan:
    owners = key_owners(client, actor)
    if payer not in owners:
        named = ", ".join(map(str, owners)) or "nobody"
        plan = _refused(
            plan, f"{payer} does not own {actor}; {named} does: use that key, or leave out --for"
        )
    existence = client.prices().existence
    short = shortage(plan, actor, client.balance(actor), Planck(0), existence)
    if short is not None and any(one.free < 0 for one in plan.changes if one.account == actor):
        plan = _refused(plan, short)
    return replace(
        plan,
        call=calls.in_name_of(actor, plan.call),
        means=f"{plan.means}; in the name of {actor}",
    )


def _refused(plan: CallPlan, why: str) -> CallPlan:
    return replace(plan, refusals=(*plan.refusals, why))
