"""Extrinsics over `transactionWatch_v1` and `transaction_v1`: told in a node's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.interface.test_methods import events
from tests.conformance.test_rpc import HASH, TEXT, failure, mismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from substrateinterface import Keypair, SubstrateInterface

    from tests.conformance.conftest import Client


def signed(substrate: SubstrateInterface, who: Keypair, **options: Any) -> str:
    call = substrate.compose_call("System", "remark", {"remark": "0x5a"})
    return str(substrate.create_signed_extrinsic(call, who, **options).data)


def test_a_watched_extrinsic_is_told_of_until_it_is_final(
    client: Client, substrate: SubstrateInterface, alice: Keypair
) -> None:
    data = signed(substrate, alice)
    subscription = client.call("transactionWatch_v1_submitAndWatch", data)
    seen = list(events(client, subscription, "finalized"))
    assert seen[0] == {"event": "validated"}
    place = {"hash": HASH, "index": 1}
    names = [event["event"] for event in seen]
    assert names == ["validated", "bestChainBlockIncluded", "finalized"]
    for event in seen[1:]:
        assert mismatch({"event": TEXT, "block": place}, event) is None
    assert client.call("archive_v1_body", seen[-1]["block"]["hash"])[1] == data


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"nonce": 0}, "Invalid transaction: Transaction is outdated"),
        ({"damage": 60}, "Invalid transaction: Transaction has a bad signature"),
    ],
)
def test_a_refusal_is_told_over_the_subscription(
    client: Client,
    substrate: SubstrateInterface,
    alice: Keypair,
    options: dict[str, int],
    said: str,
) -> None:
    place = options.get("damage")
    nonce = {name: value for name, value in options.items() if name == "nonce"}
    data = bytearray.fromhex(signed(substrate, alice, **nonce)[2:])
    if place is not None:
        data[place] ^= 1
    subscription = client.call("transactionWatch_v1_submitAndWatch", "0x" + data.hex())
    told = client.next_note(subscription)
    assert told == {"event": "invalid", "error": said}
    again = client.call("transactionWatch_v1_submitAndWatch", "0x" + data.hex())
    assert client.next_note(again)["error"] in (said, "Transaction is already imported")


def test_what_is_broadcast_comes_into_a_block(
    client: Client,
    substrate: SubstrateInterface,
    alice: Keypair,
    next_block: Callable[[], None],
) -> None:
    nonce = client.call("system_accountNextIndex", alice.ss58_address)
    operation = client.call("transaction_v1_broadcast", signed(substrate, alice))
    heads = client.call("chain_subscribeNewHeads")
    client.next_note(heads)
    while client.call("system_accountNextIndex", alice.ss58_address) == nonce:
        client.next_note(heads)
    assert client.call("transaction_v1_stop", operation) is None
    error = client.send("transaction_v1_stop", operation)["error"]
    assert error == failure(-32602, "Invalid operation id")
