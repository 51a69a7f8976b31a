from __future__ import annotations

import pytest

from bcfl_plugins.cli.acting.sponsors import Sponsoring, own_call
from pallet_bridge import calls
from pallet_bridge.types import AccountId, Planck, Sponsorship

ME, OTHER = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)
DEPOSIT = Planck(70)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (calls.unbond(3, Planck(1)), (3, 0)),
        (calls.withdraw(3, ME), (3, 0)),
        (calls.withdraw(3, OTHER), None),
        (calls.claim(3, ME, [1]), (3, 0)),
        (calls.claim(3, OTHER, [1]), None),
        (calls.join(3, Planck(9), bytes(32)), (3, 9)),
        (calls.add_stake(3, Planck(8)), (3, 8)),
        (calls.propose(3, ME), (3, 70)),
        (calls.fund(3, Planck(5)), None),
        (calls.fund_fees(3, Planck(5)), None),
        (calls.close(3), None),
        (calls.transfer(OTHER, Planck(5)), None),
        (calls.batch([calls.unbond(3, Planck(1))]), None),
    ],
)
def test_only_a_members_own_calls(call: calls.Call, expected: tuple[int, int] | None) -> None:
    assert own_call(call, ME, DEPOSIT) == expected


@pytest.mark.parametrize(
    ("purse", "left", "is_known", "pays"),
    [(10, 1, True, True), (9, 1, True, False), (10, 0, True, False), (10, 1, False, False)],
)
def test_a_federation_pays_what_it_has_for_whom_it_knows(
    purse: int, left: int, *, is_known: bool, pays: bool
) -> None:
    assert Sponsoring(3, Planck(purse), left, 24, is_known).pays(Planck(10)) is pays


def test_yesterday_does_not_count() -> None:
    assert [Sponsorship(4, 7).used_on(day) for day in (3, 4, 5)] == [0, 7, 0]
