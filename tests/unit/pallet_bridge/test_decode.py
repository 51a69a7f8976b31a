"""Whatever a node answers is read without trust: what does not fit is a `BadChainValue`."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.backends import decode
from pallet_bridge.errors import BadChainValue, CallFailed
from pallet_bridge.types import AccountId, FederationState, RoundState

if TYPE_CHECKING:
    from collections.abc import Callable

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
HASH = "0x" + "ab" * 32
FEDERATION = {
    "coordinator": ALICE,
    "state": {"Closing": {"ends": 9}},
    "terms_version": 1,
    "metadata": HASH,
    "deposit": 10,
    "next_round": 2,
    "open_round": None,
    "members": 3,
    "failed_rounds": 0,
    "owed": 2**100,
    "reserved": 0,
}
PARTICIPANT = {
    "active": 1,
    "unbonding": [{"amount": 2, "until": 3}],
    "strikes": 0,
    "clean_rounds": 0,
    "offences": 0,
    "pending_offences": 0,
    "credits": 0,
    "suspended_until": 0,
}
ROUND = {
    "state": "Settled",
    "base_model": HASH,
    "terms_version": 1,
    "opened_at": 1,
    "commit_until": 2,
    "settle_until": 3,
    "sealed_at": 2,
    "commitments": 1,
    "settlement": {
        "model": HASH,
        "report": HASH,
        "root": HASH,
        "accepted": 1,
        "rejected": 0,
        "rewards": 5,
        "settled_at": 3,
    },
}
REWARDED = {
    "module_id": "Bcfl",
    "event_id": "Rewarded",
    "extrinsic_idx": 1,
    "attributes": {"federation": 0, "round": 1, "account": ALICE, "amount": 5},
}


def test_records_are_read() -> None:
    federation = decode.federation(FEDERATION)
    assert (federation.state, federation.closing_ends) == (FederationState.CLOSING, 9)
    assert federation.owed == 2**100
    assert decode.participant(PARTICIPANT).stake == 3
    settlement = decode.round_(ROUND).settlement
    assert settlement is not None
    assert settlement.root == b"\xab" * 32
    assert decode.round_(ROUND | {"settlement": None, "state": "Open"}).state is RoundState.OPEN
    event = decode.event(REWARDED)
    assert event.account() == AccountId.parse(ALICE)
    assert (event.integer("amount"), event.extrinsic) == (5, 1)


CASES: list[tuple[Callable[[object], object], dict[str, Any], tuple[str, ...], Any]] = [
    (decode.federation, FEDERATION, ("coordinator",), "5Grw"),
    (decode.federation, FEDERATION, ("coordinator",), 7),
    (decode.federation, FEDERATION, ("state",), "Sleeping"),
    (decode.federation, FEDERATION, ("state",), {"Closing": {}}),
    (decode.federation, FEDERATION, ("metadata",), "0xabcd"),
    (decode.federation, FEDERATION, ("metadata",), "0x" + "zz" * 32),
    (decode.federation, FEDERATION, ("metadata",), None),
    (decode.federation, FEDERATION, ("members",), "3"),
    (decode.federation, FEDERATION, ("members",), True),
    (decode.federation, FEDERATION, ("open_round",), 1.0),
    (decode.participant, PARTICIPANT, ("unbonding",), 5),
    (decode.participant, PARTICIPANT, ("unbonding",), [5]),
    (decode.round_, ROUND, ("state",), {"Settled": 1}),
    (decode.round_, ROUND, ("settlement", "rewards"), None),
    (decode.event, REWARDED, ("module_id",), None),
    (decode.event, REWARDED, ("attributes",), None),
    (decode.event, REWARDED, ("attributes", "account"), HASH[:10]),
    (decode.event, REWARDED, ("extrinsic_idx",), "1"),
]


@pytest.mark.parametrize(("read", "value", "place", "wrong"), CASES)
def test_a_value_of_another_kind_is_refused(
    read: Callable[[object], object], value: dict[str, Any], place: tuple[str, ...], wrong: Any
) -> None:
    changed = deepcopy(value)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = wrong
    with pytest.raises(BadChainValue):
        read(changed)


@pytest.mark.parametrize("read", [decode.federation, decode.round_, decode.event, decode.terms])
@pytest.mark.parametrize("value", [None, [], "text", {}, 5])
def test_what_is_no_struct_is_refused(read: Callable[[object], object], value: object) -> None:
    with pytest.raises(BadChainValue):
        read(value)


def test_events_of_other_pallets_are_given_as_they_are() -> None:
    event = decode.event(REWARDED | {"module_id": "Other", "attributes": 7})
    assert event.fields == {"0": 7}


@pytest.mark.parametrize(
    ("value", "name"),
    [("BadOrigin", "BadOrigin"), ({"Token": "BelowMinimum"}, "BelowMinimum")],
)
def test_errors_outside_of_pallets_are_told_by_name(value: object, name: str) -> None:
    error = decode.dispatch_error(value)
    assert isinstance(error, CallFailed)
    assert error.name == name


@pytest.mark.parametrize("error", ["0x03000000", 3])
def test_a_pallets_error_is_two_indices(error: object) -> None:
    assert decode.dispatch_error({"Module": {"index": 8, "error": error}}) == (8, 3)


@pytest.mark.parametrize(
    "value", [None, {}, {"Module": 1}, {"Module": {"index": 8}}, {"a": 1, "b": 2}]
)
def test_what_is_no_dispatch_error_is_refused(value: object) -> None:
    with pytest.raises(BadChainValue):
        decode.dispatch_error(value)
