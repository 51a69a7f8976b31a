"""What the pool may say of a transaction, in the words of a node, and waiting for a block."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.client import connect
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.client.protocol import SignedCall
from pallet_bridge.client.submission import NodeSubmission
from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.errors import (
    BadChainValue,
    CallFailed,
    ChainTimeout,
    ChainUnavailable,
    TransactionLost,
    TransactionRefused,
)
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.testing.scenarios.scenario import inner
from pallet_bridge.types import UNIT, AccountId, BlockRef, Planck, Receipt
from tests.unit.pallet_bridge.conftest import COORDINATOR, NODES

if TYPE_CHECKING:
    from collections.abc import Iterator

ALICE = Signer.from_uri("//Alice")
CALL = calls.transfer(AccountId(b"\x55" * 32), Planck(10**10))
SIGNED = SignedCall(AccountId(bytes(32)), 0, b"bytes", b"\1" * 32, calls.seal(0, 0))
ONE, TWO = b"\1" * 32, b"\2" * 32


class Statuses:
    """A subscription whose notifications are known beforehand."""

    def __init__(self, *statuses: Any) -> None:
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = False
        for status in statuses:
            self._inbox.put(status)

    def next(self, timeout: float) -> Any:
        try:
            return self._inbox.get(timeout=timeout)
        except queue.Empty:
            raise ChainTimeout("the next notification", timeout) from None

    def close(self) -> None:
        self.closed = True


def receipt_in(signed: SignedCall, block: bytes, final: bool) -> Receipt:
    return Receipt(BlockRef(block[0], block), signed.hash, 1, Planck(0), ())


def submission(*statuses: Any, lost: list[SignedCall] | None = None) -> NodeSubmission:
    on_lost = [].append if lost is None else lost.append
    return NodeSubmission(SIGNED, Statuses(*statuses), receipt_in, on_lost, lambda *_: None)


def hex_of(block: bytes) -> str:
    return "0x" + block.hex()


def test_inclusion_after_what_comes_before_it() -> None:
    waiting = submission("future", "ready", {"broadcast": ["peer"]}, {"inBlock": hex_of(ONE)})
    assert waiting.wait(60).block.hash == ONE
    assert waiting.wait(0).block.hash == ONE


def test_a_retracted_block_is_not_the_block() -> None:
    statuses = (
        {"inBlock": hex_of(ONE)},
        {"retracted": hex_of(ONE)},
        {"inBlock": hex_of(TWO)},
        {"finalized": hex_of(TWO)},
    )
    assert submission(*statuses).wait(60, finalized=True).block.hash == TWO


def test_inclusion_is_not_finality() -> None:
    waiting = submission({"inBlock": hex_of(ONE)})
    with pytest.raises(ChainTimeout, match="finalized"):
        waiting.wait(0, finalized=True)


@pytest.mark.parametrize("status", ["dropped", "invalid", {"usurped": hex_of(TWO)}])
def test_what_leaves_the_pool_is_lost_and_told(status: Any) -> None:
    lost: list[SignedCall] = []
    with pytest.raises(TransactionLost) as raised:
        submission("ready", status, lost=lost).wait(60)
    assert raised.value.status in str(status)
    assert lost == [SIGNED]


@pytest.mark.parametrize(
    "status", [7, None, {}, {"a": 1, "b": 2}, {"inBlock": 5}, {"finalized": "0x"}]
)
def test_what_no_pool_says_is_refused(status: Any) -> None:
    with pytest.raises(BadChainValue):
        submission(status).wait(60)


@pytest.fixture
def manual() -> Iterator[EmbeddedClient]:
    with EmbeddedClient(node=EmbeddedNode.start(sealing=Manual())) as client:
        yield client


@pytest.mark.slow
def test_a_wait_that_was_too_short_can_be_repeated(manual: EmbeddedClient) -> None:
    submission = manual.submit(CALL, ALICE)
    with pytest.raises(ChainTimeout, match="included"):
        submission.wait(0.05)
    manual.node.seal()
    assert submission.wait(60).block.number == 1


@pytest.mark.slow
def test_several_calls_of_an_account_come_in_one_block_in_order(manual: EmbeddedClient) -> None:
    submissions = [manual.submit(CALL, ALICE) for _ in range(3)]
    manual.node.seal()
    receipts = [submission.wait(60) for submission in submissions]
    assert {receipt.block.number for receipt in receipts} == {1}
    places = [receipt.extrinsic_index for receipt in receipts]
    assert places == sorted(places)


@pytest.mark.slow
def test_waiting_for_a_block_seals_it(manual: EmbeddedClient) -> None:
    assert manual.wait_until_block(4, timeout=60).number == 4
    assert manual.wait_until_block(2, timeout=60).number == 4


@pytest.mark.slow
def test_a_chain_that_goes_away_ends_the_wait(manual: EmbeddedClient) -> None:
    submission = manual.submit(CALL, ALICE)
    manual.node.close()
    with pytest.raises(ChainUnavailable):
        submission.wait(60)
    with pytest.raises(ChainUnavailable):
        manual.head()


def inside(name: str, call: calls.Call) -> calls.Call:
    """Return a call that goes on whatever becomes of the one inside."""
    boss = {"Id": "0x" + ALICE.account.raw.hex()}
    as_alice = {"system": {"Signed": "0x" + ALICE.account.raw.hex()}}
    within = inner(call)
    return {
        "Council.Executed": calls.council_propose(call, threshold=1, length_bound=500),
        "Council.MemberExecuted": calls.Call(
            "Council", "execute", {"proposal": within, "length_bound": 500}
        ),
        "Sudo.Sudid": calls.Call("Sudo", "sudo", {"call": within}),
        "Sudo.SudoAsDone": calls.Call("Sudo", "sudo_as", {"who": boss["Id"], "call": within}),
        "Utility.BatchInterrupted": calls.Call("Utility", "batch", {"calls": [within]}),
        "Utility.ItemFailed": calls.Call("Utility", "force_batch", {"calls": [within]}),
        "Utility.DispatchedAs": calls.Call(
            "Sudo",
            "sudo",
            {
                "call": inner(
                    calls.Call("Utility", "dispatch_as", {"as_origin": as_alice, "call": within})
                )
            },
        ),
    }[name]


RESOLVE = calls.resolve(91, 2, ALICE.account, uphold=False)
REPLACE = calls.replace_coordinator(2**31, ALICE.account)
SEAL = calls.seal(70, 3)


@pytest.mark.parametrize(
    ("name", "failing", "error"),
    [
        ("Council.Executed", RESOLVE, "FederationNotFound"),
        ("Council.MemberExecuted", SEAL, "BadOrigin"),
        ("Sudo.Sudid", REPLACE, "FederationNotFound"),
        ("Sudo.SudoAsDone", SEAL, "FederationNotFound"),
        ("Utility.BatchInterrupted", SEAL, "FederationNotFound"),
        ("Utility.ItemFailed", SEAL, "FederationNotFound"),
        ("Utility.DispatchedAs", SEAL, "FederationNotFound"),
    ],
)
@pytest.mark.slow
def test_an_error_inside_what_succeeded_is_not_lost(
    name: str, failing: calls.Call, error: str
) -> None:
    """A council motion that failed inside came back as a receipt, its error undecoded."""
    with connect("embedded") as chain:
        signed = chain.sign(inside(name, failing), ALICE)
        with pytest.raises(CallFailed) as raised:
            chain.send(signed).wait(60)
        assert (raised.value.inside, raised.value.name) == (name, error)
        assert isinstance(raised.value, FederationNotFound) == (error == "FederationNotFound")
        assert name in str(raised.value)
        with pytest.raises(type(raised.value), match="inside"):
            chain.find(signed, since=0)


@pytest.mark.slow
def test_an_error_of_no_pallet_inside_another_call_keeps_its_kind() -> None:
    with connect("embedded") as chain:
        wish = calls.Call("System", "set_heap_pages", {"pages": 9})  # root's alone
        with pytest.raises(CallFailed) as raised:
            chain.execute(inside("Utility.ItemFailed", wish), ALICE)
        assert (raised.value.name, raised.value.inside) == ("BadOrigin", "Utility.ItemFailed")
        gift = calls.transfer(AccountId(b"\x21" * 32), Planck(10**12))
        receipt = chain.execute(inside("Utility.ItemFailed", gift), ALICE)
        assert chain.balance(AccountId(b"\x21" * 32)).free == 10**12
        assert "BatchCompleted" in [event.name for event in receipt.events]


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
