from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId, Event, Planck, UnbondingChunk
from tests.unit.pallet_bridge.some_member import some_member

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
ALICE_HEX = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"


def test_an_account_reads_and_writes_ss58() -> None:
    account = AccountId.parse(ALICE)
    assert account == AccountId.parse(ALICE_HEX)
    assert str(account) == ALICE
    assert repr(account) == f"AccountId('{ALICE}')"


def test_accounts_are_ordered_by_their_bytes_and_not_by_their_text() -> None:
    accounts = [AccountId(bytes([value]) * 32) for value in (255, 0, 7)]
    assert [account.raw[0] for account in sorted(accounts)] == [0, 7, 255]


def test_every_leading_byte_survives_ss58() -> None:
    for value in range(256):
        account = AccountId(bytes([value]) + bytes(31))
        assert AccountId.parse(str(account)) == account


@pytest.mark.parametrize("text", ["2" * 2_000_000, "0x" + "2" * 2_000_000, "0x0" + "é" * 10**6])
def test_long_text_is_no_account_and_costs_nothing(text: str) -> None:
    """Its value as a number takes its square of time: one request kept the chain busy for good."""
    with pytest.raises(EncodingError) as raised:
        AccountId.parse(text)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x00",
        "0x" + "zz" * 32,
        ALICE[:-1],
        ALICE[:-1] + "Z",
        ALICE + "1",
        ALICE.replace("G", "0"),
        "1" * 48,
        "z" * 100,
        "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",  # Alice on another network
    ],
)
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        AccountId.parse(text)


def test_an_account_has_32_bytes() -> None:
    with pytest.raises(EncodingError, match="32 bytes, not 31"):
        AccountId(bytes(31))


def test_the_stake_that_a_slash_reaches_counts_what_is_unbonding() -> None:
    chunks = (UnbondingChunk(Planck(5), 10), UnbondingChunk(Planck(7), 20))
    member = replace(some_member(100), unbonding=chunks)
    assert member.stake == 112


def test_an_event_field_of_another_kind_is_refused() -> None:
    event = Event("Bcfl", "Rewarded", {"amount": "5", "account": AccountId(bytes(32))}, 1)
    assert event.account() == AccountId(bytes(32))
    with pytest.raises(EncodingError, match=r"Bcfl\.Rewarded has no int 'amount'"):
        event.integer("amount")
    with pytest.raises(EncodingError, match="'report'"):
        event.hash("report")


def test_records_pickle() -> None:
    account = AccountId.parse(ALICE)
    assert pickle.loads(pickle.dumps(account)) == account
