from __future__ import annotations

import pytest

from bcfl_plugins.cli.keys import decide
from pallet_bridge import calls
from pallet_bridge.types import AccountId, KeyScope, Planck

ME, OWNER, OTHER = (AccountId(bytes([number]) * 32) for number in (1, 2, 3))
DEPOSIT = Planck(11)


def restrict(
    owner: AccountId = OWNER, now: KeyScope | None = None, owners: tuple[AccountId, ...] = ()
) -> tuple[str, ...]:
    plan = decide.restrict(ME, owner, KeyScope.NODE, now=now, owners=owners, deposit=DEPOSIT)
    assert plan.call == calls.restrict(owner, KeyScope.NODE)
    return plan.refusals


def test_an_owner_costs_a_deposit_once() -> None:
    assert restrict() == ()
    plan = decide.restrict(ME, OWNER, KeyScope.NODE, now=None, owners=(), deposit=DEPOSIT)
    assert (plan.changes[0].free, plan.changes[0].held) == (-11, 11)
    there = decide.restrict(ME, OWNER, KeyScope.NODE, now=None, owners=(OWNER,), deposit=DEPOSIT)
    assert (there.changes[0].held, there.refusals) == (0, ())


def test_what_is_in_the_way_is_said() -> None:
    assert "another account" in restrict(owner=ME)[0]
    assert "set-scope" in restrict(now=KeyScope.FROZEN)[0]
    assert str(OTHER) in restrict(owners=(OWNER, OTHER))[0]


@pytest.mark.parametrize("scope", KeyScope)
def test_each_scope_is_said_in_words(scope: KeyScope) -> None:
    plan = decide.set_scope(ME, scope, KeyScope.NODE)
    assert plan.refusals == ()
    assert str(ME) in plan.means
    assert decide.set_scope(ME, scope, None).refusals == decide.lift(ME, None).refusals
    assert "not restricted" in decide.lift(ME, None).refusals[0]
