from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.embedded.rpc.dev.storage import changes_of
from pallet_bridge.embedded.rpc.errors import RpcError
from pallet_bridge.embedded.service import Service
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_128, storage_prefix
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.chain import Chain

ALICE, BOB = (Signer.from_uri(f"//{name}").account for name in ("Alice", "Bob"))
ACCOUNTS, KEY = storage_prefix("System", "Account"), storage_prefix("Sudo", "Key")
NOW = storage_prefix("Timestamp", "Now")


@pytest.fixture
def service(chain: Chain) -> Service:
    return Service(chain)


def of(account: Any) -> bytes:
    return ACCOUNTS + blake2_128(account.raw) + account.raw


def record(*, nonce: int = 0, providers: int = 0, free: int = 0) -> bytes:
    counts = b"".join(count.to_bytes(4, "little") for count in (nonce, 0, providers, 0))
    return counts + free.to_bytes(16, "little") + bytes(48)


def test_values_and_entries_of_maps_are_written_by_the_metadata(service: Service) -> None:
    entry = [[str(ALICE)], {"providers": 1, "data": {"free": "1000"}}]
    wanted: Any = {"System": {"Account": [entry]}, "Sudo": {"Key": str(BOB)}}
    assert changes_of(service, wanted) == {
        of(ALICE): record(providers=1, free=1000),
        KEY: BOB.raw,
    }


def test_names_may_be_those_that_javascript_has(service: Service) -> None:
    wanted: Any = {"system": {"account": [[["0x" + ALICE.raw.hex()], {"nonce": 2}]]}}
    assert changes_of(service, wanted) == {of(ALICE): record(nonce=2)}
    moved = changes_of(service, {"transactionPayment": {"nextFeeMultiplier": 5}})
    prefix = storage_prefix("TransactionPayment", "NextFeeMultiplier")
    assert moved == {prefix: (5).to_bytes(16, "little")}


def test_null_deletes_and_other_empty_values_do_not(service: Service) -> None:
    wanted: Any = {"System": {"Account": [[[str(ALICE)], None]]}, "Sudo": {"Key": None}}
    assert changes_of(service, wanted) == {of(ALICE): None, KEY: None}
    assert changes_of(service, {"Timestamp": {"Now": 0}}) == {NOW: bytes(8)}


def test_hexadecimal_text_is_the_stored_bytes(service: Service) -> None:
    wanted: Any = {"Timestamp": {"Now": "0x0102"}, "System": {"Account": [[[str(BOB)], "0x"]]}}
    assert changes_of(service, wanted) == {NOW: b"\x01\x02", of(BOB): b""}


def test_a_map_is_removed_with_what_was_written_before_but_not_after(service: Service) -> None:
    held = service.chain.keys(ACCOUNTS, count=1000, at=service.chain.head)
    assert len(held) >= 6
    strange = Signer.from_uri("//Nobody").account
    before: Any = {"System": {"Account": [[[str(strange)], {}]], "$removePrefix": ["Account"]}}
    assert changes_of(service, before) == dict.fromkeys([*held, of(strange)])
    after: Any = {"System": {"$removePrefix": ["Account"], "Account": [[[str(BOB)], {"nonce": 1}]]}}
    assert changes_of(service, after) == {**dict.fromkeys(held), of(BOB): record(nonce=1)}


def test_a_map_of_more_entries_than_a_page_is_removed_whole(service: Service) -> None:
    many = {ACCOUNTS + number.to_bytes(48, "big"): b"\x01" for number in range(2_500)}
    service.set_storage(many)
    removed = changes_of(service, {"System": {"$removePrefix": ["Account"]}})
    assert many.keys() < removed.keys()


def test_maps_of_several_keys_and_enums_are_written(service: Service) -> None:
    wanted: Any = {"Bcfl": {"Votes": [[[0, 1, str(ALICE)], {"approve": True}]]}}
    ((key, value),) = changes_of(service, wanted).items()
    assert key.startswith(storage_prefix("Bcfl", "Votes"))
    assert key.endswith(ALICE.raw)
    assert value == b"\x01" + bytes(16)
    digest: Any = {"System": {"Digest": {"logs": [{"Consensus": ["BABE", "0x01"]}]}}}
    ((_, value),) = changes_of(service, digest).items()
    assert value == compact(1) + b"\x04BABE" + blob(b"\x01")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("0x", "an object of pallets"),
        (None, "an object of pallets"),
        ({"Systm": {}}, "no pallet 'Systm'; it has System, Timestamp"),
        ({"System": []}, "System is an object"),
        ({"System": {"Acount": []}}, "no item 'Acount'; it has Account"),
        ({"System": {"$removePrefix": "Account"}}, "System.$removePrefix is a list"),
        ({"System": {"$removePrefix": ["Acount"]}}, "no item 'Acount'"),
        ({"System": {"$removePrefix": [7]}}, "no item 7"),
        ({"System": {"Account": None}}, "System.Account is a map"),
        ({"System": {"Account": {}}}, "System.Account is a map"),
        ({"System": {"Account": [[[str(ALICE)]]]}}, "an entry of the map System.Account"),
        ({"System": {"Account": [[[], {}]]}}, "System.Account has 1 keys"),
        ({"System": {"Account": [[str(ALICE), {}]]}}, "System.Account has 1 keys"),
        ({"System": {"Account": [[[7], {}]]}}, "System.Account key 0"),
        (
            {"System": {"Account": [[[str(ALICE)], {"data": {"free": -1}}]]}},
            "System.Account[0].data.free: -1 does not fit u128",
        ),
        ({"Timestamp": {"Now": "soon"}}, "Timestamp.Now is 'soon'"),
        ({"Timestamp": {"Now": "0x0"}}, "Timestamp.Now is '0x0', which is no hex"),
        ({"Bcfl": {"Votes": [[[0], True]]}}, "Bcfl.Votes has 3 keys"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(service: Service, wanted: Any, told: str) -> None:
    with pytest.raises(RpcError) as refused:
        changes_of(service, wanted)
    assert refused.value.code == -32602
    assert told in str(refused.value.data)
