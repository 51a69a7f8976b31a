from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from substrateinterface import Keypair

if TYPE_CHECKING:
    from substrateinterface import SubstrateInterface

NUMBER = "0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac"


def make_a_block(client: Any, substrate: SubstrateInterface) -> None:
    """Have a block soon: a real node makes them anyway, the embedded one for an extrinsic."""
    ferdie = Keypair.create_from_uri("//Ferdie")
    call = substrate.compose_call("System", "remark", {"remark": "0x01"})
    nonce = client.call("system_accountNextIndex", ferdie.ss58_address)
    extrinsic = substrate.create_signed_extrinsic(call, ferdie, nonce=nonce)
    client.call("author_submitExtrinsic", str(extrinsic.data))


@pytest.mark.parametrize(
    ("method", "stop"),
    [
        ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads"),
        ("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads"),
        ("chain_subscribeAllHeads", "chain_unsubscribeAllHeads"),
    ],
)
def test_heads_come_in_order(
    method: str, stop: str, client: Any, substrate: SubstrateInterface
) -> None:
    subscription = client.call(method)
    head = client.next_note(subscription)
    make_a_block(client, substrate)
    following = client.next_note(subscription)
    assert int(following["number"], 16) == int(head["number"], 16) + 1
    assert following["parentHash"] == client.call("chain_getBlockHash", int(head["number"], 16))
    assert client.call(stop, subscription) is True
    assert client.call(stop, subscription) is False


def test_changed_values_are_told(client: Any, substrate: SubstrateInterface) -> None:
    subscription = client.call("state_subscribeStorage", [NUMBER, "0x1234"])
    initial = client.next_note(subscription)
    assert [key for key, _ in initial["changes"]] == [NUMBER, "0x1234"]
    assert initial["changes"][1] == ["0x1234", None]
    make_a_block(client, substrate)
    update = client.next_note(subscription)
    ((key, value),) = update["changes"]
    assert key == NUMBER
    assert value == client.call("state_getStorage", NUMBER, update["block"])
    assert client.call("state_unsubscribeStorage", subscription) is True


def test_the_runtime_version_is_told_once(client: Any, substrate: SubstrateInterface) -> None:
    subscription = client.call("state_subscribeRuntimeVersion")
    version = client.next_note(subscription)
    assert version["specName"] == "bcfl"
    heads = client.call("chain_subscribeNewHeads")
    client.next_note(heads)
    make_a_block(client, substrate)
    client.next_note(heads)
    told = {note["params"]["subscription"] for note in client.notes}
    assert subscription not in told


def test_the_client_library_follows_heads_and_storage(substrate: SubstrateInterface) -> None:
    ferdie = Keypair.create_from_uri("//Ferdie")
    seen: list[int] = []

    def on_head(block: dict[str, Any], _update: int, _subscription: str) -> list[int] | None:
        seen.append(block["header"]["number"])
        return seen or None

    assert substrate.subscribe_block_headers(on_head) == seen
    account = substrate.create_storage_key("System", "Account", [ferdie.ss58_address])
    values: list[int] = []

    def on_value(_key: Any, value: Any, _update: int, _subscription: str) -> bool:
        values.append(value.value["data"]["free"])
        return True

    assert substrate.subscribe_storage([account], on_value) is True
    assert values[0] > 0
