"""What the pool refuses, in a node's words, and what it tells about what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from substrateinterface import Keypair

if TYPE_CHECKING:
    from substrateinterface import SubstrateInterface

SUBMIT = ("author_submitExtrinsic", "author_submitAndWatchExtrinsic")
ALREADY_IMPORTED = 1013
BANNED = {"code": 1012, "message": "Transaction is temporarily banned"}


def invalid(data: str) -> dict[str, Any]:
    return {"code": 1010, "message": "Invalid Transaction", "data": data}


def remark(
    substrate: SubstrateInterface, signer: Keypair, *, nonce: int | None = None, **options: Any
) -> str:
    call = substrate.compose_call("System", "remark", {"remark": "0x1234"})
    options["nonce"] = substrate.get_account_nonce(signer.ss58_address) if nonce is None else nonce
    return str(substrate.create_signed_extrinsic(call, signer, **options).data)


def nobody() -> Keypair:
    return Keypair.create_from_mnemonic(Keypair.generate_mnemonic())


@pytest.mark.parametrize("method", SUBMIT)
def test_a_bad_signature(
    method: str, client: Any, substrate: SubstrateInterface, alice: Keypair
) -> None:
    signed = remark(substrate, alice)
    # the last byte of the signature, behind length, version, address and its tag
    place = 2 + 2 * (2 + 1 + 33 + 1 + 63)
    broken = f"{signed[:place]}{int(signed[place : place + 2], 16) ^ 1:02x}{signed[place + 2 :]}"
    assert client.send(method, broken)["error"] == invalid("Transaction has a bad signature")
    assert client.send("author_submitExtrinsic", broken)["error"] == BANNED


@pytest.mark.parametrize("method", SUBMIT)
def test_an_account_that_cannot_pay(
    method: str, client: Any, substrate: SubstrateInterface
) -> None:
    error = client.send(method, remark(substrate, nobody()))["error"]
    assert error == invalid("Inability to pay some fees (e.g. account balance too low)")


@pytest.mark.parametrize("method", SUBMIT)
def test_a_used_nonce(
    method: str, client: Any, substrate: SubstrateInterface, alice: Keypair
) -> None:
    error = client.send(method, remark(substrate, alice, nonce=0))["error"]
    assert error == invalid("Transaction is outdated")


def test_a_call_that_must_be_signed(client: Any, substrate: SubstrateInterface) -> None:
    unique = nobody().public_key.hex()
    call = substrate.compose_call("System", "remark", {"remark": f"0x{unique}"})
    unsigned = str(substrate.create_unsigned_extrinsic(call).data)
    error = client.send("author_submitExtrinsic", unsigned)["error"]
    assert error == invalid("Transaction call is not expected")


def test_an_included_extrinsic_again(
    client: Any, substrate: SubstrateInterface, history: Any
) -> None:
    block = client.call("chain_getBlock", history["create"].block)["block"]
    again = next(item for item in block["extrinsics"] if len(item) > 200)
    heads = client.call("chain_subscribeNewHeads")
    error = client.send("author_submitExtrinsic", again)["error"]
    while error["code"] == ALREADY_IMPORTED:  # a busy node prunes its pool after some more blocks
        client.next_note(heads)
        error = client.send("author_submitExtrinsic", again)["error"]
    assert error == BANNED


def test_a_gap_in_the_nonces_waits_then_everything_is_final(
    client: Any, substrate: SubstrateInterface
) -> None:
    eve = Keypair.create_from_uri("//Eve")
    nonce = substrate.get_account_nonce(eve.ss58_address)
    later = remark(substrate, eve, nonce=nonce + 1)
    waiting = client.call("author_submitAndWatchExtrinsic", later)
    assert client.next_note(waiting) == "future"
    assert client.send("author_submitExtrinsic", later)["error"] == {
        "code": 1013,
        "message": "Transaction Already Imported",
        "data": "Any { .. }",
    }
    assert client.call("system_accountNextIndex", eve.ss58_address) == nonce
    assert later not in client.call("author_pendingExtrinsics")

    first = client.call("author_submitAndWatchExtrinsic", remark(substrate, eve, nonce=nonce))

    told = {first: [client.next_note(first)], waiting: [client.next_note(waiting)]}
    assert told == {first: ["ready"], waiting: ["ready"]}
    for subscription, statuses in told.items():
        while not (isinstance(statuses[-1], dict) and "finalized" in statuses[-1]):
            statuses.append(client.next_note(subscription))
        block = statuses[-1]["finalized"]
        assert statuses == ["ready", {"inBlock": block}, {"finalized": block}]
    assert client.call("system_accountNextIndex", eve.ss58_address) == nonce + 2
