from __future__ import annotations

from dataclasses import replace

from bcfl_plugins.cli.validator import decide
from pallet_bridge.session_keys import Validator
from pallet_bridge.types import UNIT, Planck
from tests.unit.pallet_bridge.session_keys.test_keys import OTHER, OWNER, signed

DEPOSIT = Planck(UNIT)
NEW = Validator(OWNER, listed=False, validating=False, keys=None, queued=None, in_force=False)


def test_the_first_keys_take_a_deposit_and_others_do_not() -> None:
    first = decide.register(NEW, signed(), set(), DEPOSIT)
    assert first.refusals == ()
    assert [(one.free, one.held) for one in first.changes] == [(-UNIT, UNIT)]
    older = replace(NEW, keys=replace(signed().keys, aura=b"o" * 32))
    later = decide.register(older, signed(), {OWNER}, DEPOSIT)
    assert (later.refusals, later.changes) == ((), ())
    assert "count until then" in later.means


def test_what_the_chain_would_refuse_is_told() -> None:
    other = replace(NEW, account=OTHER)
    assert str(OWNER) in decide.register(other, signed(), set(), DEPOSIT).refusals[0]
    broken = replace(signed(), proof=b"")
    assert "new-keys" in decide.register(NEW, broken, set(), DEPOSIT).refusals[0]
    taken = decide.register(NEW, signed(), {OTHER}, DEPOSIT).refusals
    assert str(OTHER) in taken[0]
    same = decide.register(replace(NEW, keys=signed().keys), signed(), {OWNER}, DEPOSIT)
    assert "already" in same.refusals[0]
    assert "no session keys" in decide.give_up(NEW, DEPOSIT).refusals[0]


def test_who_gives_keys_up_has_its_deposit_back_and_resigns() -> None:
    now = replace(NEW, keys=signed().keys)
    plan = decide.give_up(now, DEPOSIT)
    assert [(one.free, one.held) for one in plan.changes] == [(UNIT, -UNIT)]
    assert "validates no more" not in plan.means
    assert "validates no more" in decide.give_up(replace(now, listed=True), DEPOSIT).means
