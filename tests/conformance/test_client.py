"""substrate-interface, unmodified, does on the embedded node what it does on a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from substrateinterface import ExtrinsicReceipt, Keypair
from substrateinterface.exceptions import SubstrateRequestException

if TYPE_CHECKING:
    from substrateinterface import SubstrateInterface

ZERO = 0


def receipt(substrate: SubstrateInterface, history: Any, name: str) -> ExtrinsicReceipt:
    item = history[name]
    return ExtrinsicReceipt(substrate, extrinsic_hash=item.hash, block_hash=item.block)


def names(found: ExtrinsicReceipt) -> list[str]:
    return [
        f"{event.value['module_id']}.{event.value['event_id']}" for event in found.triggered_events
    ]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("create", "Bcfl.FederationCreated"),
        ("fund", "Bcfl.Funded"),
        ("open", "Bcfl.RoundOpened"),
        ("join", "Bcfl.Joined"),
        ("commit", "Bcfl.Committed"),
    ],
)
def test_a_call_that_succeeds_leaves_its_events(
    name: str, event: str, substrate: SubstrateInterface, history: Any
) -> None:
    found = receipt(substrate, history, name)
    assert found.is_success, found.error_message
    assert event in names(found)
    assert names(found)[-1] == "System.ExtrinsicSuccess"
    assert found.total_fee_amount > 0


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing", "FederationNotFound"),
        ("again", "AlreadyCommitted"),
        ("stranger", "NotParticipant"),
        ("early", "RoundNotSealed"),
    ],
)
def test_a_call_that_fails_is_included_with_its_error(
    name: str, error: str, substrate: SubstrateInterface, history: Any
) -> None:
    found = receipt(substrate, history, name)
    assert not found.is_success
    assert found.error_message["name"] == error
    assert found.error_message["docs"]
    assert names(found)[-1] == "System.ExtrinsicFailed"


def test_storage_maps_and_constants_are_read(substrate: SubstrateInterface, history: Any) -> None:
    federation = substrate.query("Bcfl", "Federations", [0]).value
    assert federation["metadata"] == "0x" + "42" * 32
    assert federation["members"] == 1
    members = [key.value for key, _ in substrate.query_map("Bcfl", "Participants", [0])]
    assert members == [Keypair.create_from_uri("//Bob").ss58_address]
    accounts = list(substrate.query_map("System", "Account", page_size=5))
    assert len(accounts) >= 12
    assert substrate.get_constant("Balances", "ExistentialDeposit").value == 10**9
    assert substrate.get_constant("System", "BlockHashCount").value == 2400
    keys = [
        substrate.create_storage_key("System", "Account", [account.value])
        for account, _ in accounts[:3]
    ]
    assert [value.value["data"] for _, value in substrate.query_multi(keys)] == [
        value.value["data"] for _, value in accounts[:3]
    ]


def test_state_is_read_at_the_block_that_is_asked(
    substrate: SubstrateInterface, history: Any
) -> None:
    parent = substrate.get_block_header(history["create"].block)["header"]["parentHash"]
    before = substrate.query("Bcfl", "NextFederationId", block_hash=parent).value
    after = substrate.query("Bcfl", "NextFederationId", block_hash=history["create"].block).value
    assert (before, after) == (0, 1)


def test_blocks_decode_with_their_extrinsics_and_author(
    substrate: SubstrateInterface, history: Any
) -> None:
    block = substrate.get_block(history["join"].block)
    calls = [extrinsic.value["call"] for extrinsic in block["extrinsics"]]
    assert calls[0]["call_module"] == "Timestamp"
    assert "join" in [call["call_function"] for call in calls]
    assert block["header"]["digest"]["logs"]


def test_nonces_fees_and_events_of_a_transfer(
    substrate: SubstrateInterface, alice: Keypair
) -> None:
    dave = Keypair.create_from_uri("//Dave")
    call = substrate.compose_call(
        "Balances", "transfer_keep_alive", {"dest": alice.ss58_address, "value": 10**12}
    )
    nonce = substrate.get_account_nonce(dave.ss58_address)
    expected = substrate.get_payment_info(call, dave)["partialFee"]
    before = free(substrate, dave)

    found = substrate.submit_extrinsic(
        substrate.create_signed_extrinsic(call, dave), wait_for_inclusion=True
    )

    assert found.is_success
    assert "Balances.Transfer" in names(found)
    assert found.total_fee_amount == expected
    assert free(substrate, dave) == before - 10**12 - expected
    assert substrate.get_account_nonce(dave.ss58_address) == nonce + 1


def test_waiting_for_finality(substrate: SubstrateInterface) -> None:
    dave = Keypair.create_from_uri("//Dave")
    call = substrate.compose_call("System", "remark_with_event", {"remark": "0xbcf1"})
    found = substrate.submit_extrinsic(
        substrate.create_signed_extrinsic(call, dave), wait_for_finalization=True
    )
    assert found.finalized
    assert "System.Remarked" in names(found)
    number = substrate.get_block_number(found.block_hash)
    assert substrate.get_block_hash(number) == found.block_hash
    finalized = substrate.get_block_number(substrate.get_chain_finalised_head())
    assert finalized >= number


def test_what_the_pool_refuses_raises(substrate: SubstrateInterface) -> None:
    nobody = Keypair.create_from_mnemonic(Keypair.generate_mnemonic())
    call = substrate.compose_call("System", "remark", {"remark": "0x00"})
    extrinsic = substrate.create_signed_extrinsic(call, nobody)
    with pytest.raises(SubstrateRequestException, match="Inability to pay some fees"):
        substrate.submit_extrinsic(extrinsic)


def free(substrate: SubstrateInterface, who: Keypair) -> int:
    account = substrate.query("System", "Account", [who.ss58_address], substrate.get_chain_head())
    return int(account.value["data"]["free"])
