from __future__ import annotations

import pytest

from pallet_bridge import calls
from pallet_bridge.client import expected
from pallet_bridge.runtime import load_interface
from pallet_bridge.types import AccountId, BatchEntry, Event, Planck

ME, YOU = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)


def event(name: str, **fields: object) -> Event:
    return Event("Bcfl", name, fields, 1)


def test_every_call_of_the_pallet_has_a_decision() -> None:
    pallet = {item[10:] for item in load_interface() if item.startswith("call Bcfl.")}
    assert expected.known() == pallet


def test_the_events_and_fields_of_the_table_are_the_pallets() -> None:
    known = load_interface()
    for name, raises in expected._TABLE.items():
        taken = known[f"call Bcfl.{name}"]
        for one in raises.events:
            for field, source in raises.fields.items():
                assert f"{field}: " in known[f"event Bcfl.{one}"]
                assert source == expected._WHO or f"{source.split('.')[0]}: " in taken


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"federation": 3, "account": ME, "stake": 50}, True),
        ({"federation": 4, "account": ME, "stake": 50}, False),
        ({"federation": 3, "account": YOU, "stake": 50}, False),
        ({"federation": 3, "account": ME, "stake": 51}, False),
        ({"federation": 3, "stake": 50}, False),
    ],
)
def test_federation_account_and_amount_have_to_be_those_of_the_call(
    fields: dict[str, object], fits: bool
) -> None:
    lacks = expected.missing(calls.join(3, Planck(50), bytes(32)), ME, [event("Joined", **fields)])
    assert (lacks is None) is fits


def test_the_same_event_of_another_pallet_is_none() -> None:
    call = calls.seal(3, 9)
    fields = {"federation": 3, "round": 9}
    assert expected.missing(call, ME, [Event("Later", "RoundSealed", fields, 1)]) is not None
    assert expected.missing(call, ME, [event("RoundSealed", **fields)]) is None


def test_what_an_owner_sends_raises_the_events_of_the_other_account() -> None:
    added = event("StakeAdded", federation=3, account=YOU, amount=7)
    call = calls.add_stake(3, Planck(7))
    for made in (call, calls.batch([call])):
        assert expected.missing(calls.in_name_of(YOU, made), ME, [added]) is None
        assert expected.missing(calls.in_name_of(YOU, made), ME, []) is not None
        assert expected.missing(calls.in_name_of(ME, made), YOU, [added]) is not None


def test_each_call_of_a_batch_needs_an_event_of_its_own() -> None:
    batch = calls.batch([calls.add_stake(3, Planck(7)), calls.add_stake(3, Planck(7))])
    added = event("StakeAdded", federation=3, account=ME, amount=7)
    assert expected.missing(batch, ME, [added]) is not None
    assert expected.missing(batch, ME, [added, added]) is None


def test_each_entry_of_a_relayed_batch_is_taken_or_refused() -> None:
    entries = [BatchEntry(who, bytes(32), 5, bytes(64)) for who in (ME, YOU)]
    call = calls.commit_batch(3, 9, entries)
    place = {"federation": 3, "round": 9}
    taken = event("Committed", **place, account=ME)
    refused = event("CommitmentRefused", **place, account=YOU)
    assert expected.missing(call, YOU, [refused, taken]) is None
    assert "CommitmentRefused" in str(expected.missing(call, YOU, [taken]))
    assert expected.missing(call, YOU, [refused, refused]) is not None


def test_calls_of_other_pallets_are_not_decided_on() -> None:
    assert expected.missing(calls.transfer(YOU, Planck(1)), ME, []) is None
