"""Calls of many accounts, sent together."""

from __future__ import annotations

import pytest

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.client import connect
from pallet_bridge.errors import TransactionRefused
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from tests.unit.pallet_bridge.conftest import COORDINATOR, NODES


def test_calls_of_many_accounts_share_blocks_and_have_receipts_of_their_own() -> None:
    signers = [Signer.from_uri(f"//bcfl//node-{number}") for number in range(40)]
    with connect("embedded") as chain:
        given = [calls.transfer(one.account, Planck(UNIT)) for one in signers]
        chain.execute(calls.batch(given), COORDINATOR)
        before, nonces = chain.head().number, [chain.nonce(one.account) for one in signers]
        back = calls.transfer(COORDINATOR.account, Planck(UNIT // 4))
        receipts = chain.execute_all([(back, one) for one in signers])
        assert chain.head().number - before < len(signers) // 2
        for one, receipt in zip(signers, receipts, strict=True):
            sent = [event for event in receipt.events if event.name == "Transfer"]
            assert [str(event.fields["from"]) for event in sent] == [str(one.account)]
        assert [chain.nonce(one.account) for one in signers] == [nonce + 1 for nonce in nonces]


def test_calls_of_one_account_keep_their_order() -> None:
    with connect("embedded") as chain:
        texts = [f"0x{number:02x}" for number in range(6)]
        said = [Call("System", "remark_with_event", {"remark": text}) for text in texts]
        receipts = chain.execute_all([(one, COORDINATOR) for one in said])
        places = [(receipt.block.number, receipt.extrinsic_index) for receipt in receipts]
        assert places == sorted(places)
        assert chain.execute_all([]) == []


def test_of_calls_that_fail_the_first_is_raised_and_the_others_stand() -> None:
    poor = Signer.from_uri("//Poor")
    with connect("embedded") as chain:
        good = calls.transfer(poor.account, Planck(UNIT))
        wrong = calls.fund(77, Planck(UNIT))
        with pytest.raises(FederationNotFound):
            chain.execute_all([(good, NODES[0]), (wrong, COORDINATOR), (good, NODES[1])])
        assert chain.balance(poor.account).free == 2 * UNIT
        with pytest.raises(TransactionRefused, match="Inability to pay"):
            chain.execute_all([(good, NODES[0]), (good, Signer.from_uri("//Nobody"))])
        assert chain.balance(poor.account).free == 3 * UNIT
        chain.execute(good, NODES[1])
        assert chain.balance(poor.account).free == 4 * UNIT
