"""Groups that follow from a block: everybody draws the same, and nobody chooses."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.secure.groups import Grouping, drawable
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn
from tests.unit.pallet_bridge.some_member import some_member

if TYPE_CHECKING:
    from pallet_bridge.types import Participant


def grouping(count: int, size: int = 4, block: str = "block") -> Grouping:
    accounts = sorted((account(n) for n in range(count)), key=lambda one: one.raw)
    return Grouping(drawn(block), 9, size, tuple(accounts))


def member(*, suspended_until: int = 0, pending: int = 0) -> Participant:
    return replace(some_member(1, suspended_until), pending_offences=pending)


@pytest.mark.parametrize(("count", "sizes"), [(3, [3]), (8, [4, 4]), (10, [5, 5]), (11, [5, 6])])
def test_everybody_is_in_one_group_and_no_group_is_small(count: int, sizes: list[int]) -> None:
    one = grouping(count)
    groups = one.groups(PLACE)
    assert sorted(map(len, groups)) == sizes
    assert sorted(who for group in groups for who in group) == sorted(one.accounts)
    for group in groups:
        assert list(group) == sorted(group, key=lambda who: who.raw)
        assert all(one.group_of(PLACE, who) == group for who in group)
    assert one.group_of(PLACE, account(99)) == ()


def test_each_block_and_each_round_draws_anew() -> None:
    one = grouping(40)
    others = (
        (grouping(40, block="another"), PLACE),
        (replace(one, number=10), PLACE),
        (one, replace(PLACE, round=4)),
        (one, replace(PLACE, federation=8)),
        (one, replace(PLACE, genesis=bytes(32))),
    )
    for other, place in others:
        assert other.groups(place) != one.groups(PLACE)
    assert grouping(40).groups(PLACE) == one.groups(PLACE)


def test_any_two_are_together_as_often_as_any_other_two() -> None:
    rounds, count = 2000, 9
    met: Counter[frozenset[object]] = Counter()
    for number in range(rounds):
        for group in grouping(count, 3, f"block {number}").groups(PLACE):
            met.update(frozenset((a, b)) for a in group for b in group if a.raw < b.raw)
    assert len(met) == count * (count - 1) // 2
    expected = rounds * 2 / (count - 1)
    assert all(abs(times - expected) < 0.2 * expected for times in met.values())


def test_who_is_suspended_is_not_drawn() -> None:
    members = {
        account(0): member(),
        account(1): member(suspended_until=9),
        account(2): member(suspended_until=10),
        account(3): member(pending=1),
    }
    assert {*drawable(members, 9)} == {account(0), account(1)}
    assert list(drawable(members, 9)) == sorted(drawable(members, 9), key=lambda one: one.raw)


def test_the_digest_stands_for_all_of_it() -> None:
    one = grouping(5)
    changed = (
        replace(one, block=bytes(32)),
        replace(one, number=8),
        replace(one, size=5),
        replace(one, accounts=one.accounts[:-1]),
    )
    assert len({one.digest, *(other.digest for other in changed)}) == 5
