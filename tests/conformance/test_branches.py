"""Calls in blocks that another branch takes the place of: none is lost, none is told wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded import Chain, EmbeddedNode, Manual
from pallet_bridge.errors import CallFailed, ChainTimeout, OutboxError
from pallet_bridge.keys import Signer
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.types import UNIT, AccountId, BlockRef, Planck, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVE, POOR = Signer.from_uri("//Eve"), Signer.from_uri("//Poor//of//finality")
KEYS = {"coordinator": EVE, "poor": POOR}
PURSE = AccountId(b"\x09" * 32)
PAY = calls.transfer(PURSE, Planck(UNIT))

pytestmark = pytest.mark.slow


class Lagging(NodeClient):
    """Sees finality some blocks behind the head, as a network has it."""

    behind = 3

    def finalized(self) -> BlockRef:
        number = max(0, self.head().number - self.behind)
        found = self.block_at(number)
        assert found is not None
        return found


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(chain=Chain.new(), sealing=Manual()) as node:
        yield node


@pytest.fixture
def client(node: EmbeddedNode) -> Iterator[Lagging]:
    with Lagging(node.url, timeout=10.0) as client:
        yield client


class Told:
    """An outbox, and what it told of."""

    def __init__(self, client: NodeClient, path: Path) -> None:
        self.blocks: list[int] = []
        self.receipts: dict[bytes, BlockRef] = {}
        self.client, self.path = client, path
        self.outbox = Outbox(client, path, KEYS, on_receipt=self._note, on_replaced=self._forget)

    def _note(self, _call: calls.Call, receipt: Receipt) -> None:
        self.blocks.append(receipt.block.number)
        self.receipts[receipt.extrinsic_hash] = receipt.block

    def _forget(self, signed: bytes) -> None:
        self.receipts.pop(signed, None)

    @property
    def open(self) -> int:
        return len(OutboxFile(self.path, self.client.genesis_hash).pending())

    def is_true(self) -> bool:
        """Say whether what was told, and not taken back, is what the chain has."""
        return all(self.client.block_at(b.number) == b for b in self.receipts.values())


@pytest.fixture
def told(client: NodeClient, tmp_path: Path) -> Told:
    return Told(client, tmp_path / "outbox.jsonl")


def pay(told: Told, node: EmbeddedNode, signer: str = "coordinator", call: calls.Call = PAY) -> int:
    """Send a call that the next block has; return the block's number."""
    ticket = told.outbox.put(call, signer)
    with pytest.raises(ChainTimeout):
        told.outbox.send(ticket, timeout=0.2)
    node.seal()
    return told.outbox.send(ticket, timeout=10).block.number


def give(node: EmbeddedNode, amount: int) -> None:
    with NodeClient(node.url, timeout=10.0) as other:
        gift = other.submit(calls.transfer(POOR.account, Planck(amount * UNIT)), EVE)
        node.seal()
        gift.wait(10)


def payments(client: NodeClient) -> int:
    return client.balance(PURSE).free // UNIT


def test_a_call_is_done_with_once_its_block_is_final(told: Told, node: EmbeddedNode) -> None:
    assert [pay(told, node), pay(told, node)] == [1, 2]
    assert told.open == 2
    with pytest.raises(ChainTimeout, match="finality of block 2"):
        told.outbox.confirm(timeout=0.2)
    node.seal(3)
    told.outbox.confirm(timeout=0.2)
    assert told.open == 0
    assert told.blocks == [1, 2]


def test_a_call_whose_block_was_replaced_comes_into_another(
    told: Told, node: EmbeddedNode, client: NodeClient
) -> None:
    pay(told, node)
    start = node.snapshot()
    pay(told, node)
    node.revert(start)  # the pool of a node that changes its branch has forgotten nothing; this has
    node.chain.advance_time(60_000)
    node.seal()
    assert not told.is_true()
    with pytest.raises(ChainTimeout):
        told.outbox.confirm(timeout=0.2)
    assert told.is_true()
    node.seal(5)
    told.outbox.confirm(timeout=5)
    assert (told.open, payments(client)) == (0, 2)
    assert told.is_true()
    assert told.blocks == [1, 2, 3]


def test_a_new_call_waits_for_those_whose_blocks_are_gone(
    told: Told, node: EmbeddedNode, client: NodeClient
) -> None:
    start = node.snapshot()
    pay(told, node)
    pay(told, node)
    node.revert(start)
    node.chain.advance_time(60_000)
    assert client.nonce(EVE.account) == 0
    ticket = told.outbox.put(PAY, "coordinator")
    for _ in range(3):  # the two that were gone, each in a block, then the new one
        with pytest.raises(ChainTimeout):
            told.outbox.send(ticket, timeout=0.2)
        node.seal()
    assert told.outbox.send(ticket, timeout=10).block.number == 3
    node.seal(6)
    told.outbox.confirm(timeout=5)
    assert (told.open, payments(client), client.nonce(EVE.account)) == (0, 3, 3)
    assert told.is_true()


def test_bytes_whose_era_is_over_are_signed_again_and_no_longer_told(
    node: EmbeddedNode, tmp_path: Path
) -> None:
    with Lagging(node.url, timeout=10.0, era_blocks=16) as client:
        told = Told(client, tmp_path / "outbox.jsonl")
        start = node.snapshot()
        pay(told, node)
        (first,) = told.receipts
        node.revert(start)
        with node.locked() as chain:  # blocks of an author who leaves the call out
            for _ in range(24):
                chain.author()
        with pytest.raises(ChainTimeout):
            told.outbox.confirm(timeout=0.2)
        node.seal(5)
        told.outbox.confirm(timeout=5)
        assert first not in told.receipts
        assert len(told.receipts) == payments(client) == 1
        assert told.is_true()


def test_a_process_that_ends_before_finality_leaves_the_call_to_the_next(
    told: Told, node: EmbeddedNode, client: NodeClient
) -> None:
    start = node.snapshot()
    pay(told, node)
    node.revert(start)
    node.chain.advance_time(60_000)
    node.seal(2)
    after = Told(client, told.path)
    with pytest.raises(ChainTimeout):
        after.outbox.resume(timeout=0.2)
    node.seal(5)
    after.outbox.confirm(timeout=5)
    assert (after.open, payments(client)) == (0, 1)
    assert after.is_true()


def test_what_failed_in_a_block_that_is_gone_may_succeed_in_another(
    told: Told, node: EmbeddedNode, client: NodeClient
) -> None:
    give(node, 3)
    start = node.snapshot()
    big = calls.transfer(PURSE, Planck(5 * UNIT))
    ticket = told.outbox.put(big, "poor")
    with pytest.raises(ChainTimeout):
        told.outbox.send(ticket, timeout=0.2)
    node.seal()
    with pytest.raises(CallFailed):
        told.outbox.send(ticket, timeout=10)
    assert told.open == 1
    node.revert(start)
    node.chain.advance_time(60_000)  # here it is given enough before
    give(node, 20)
    with pytest.raises(ChainTimeout):
        told.outbox.confirm(timeout=0.2)
    node.seal(5)
    told.outbox.confirm(timeout=5)
    assert (told.open, payments(client), len(told.receipts)) == (0, 5, 1)
    assert told.is_true()


def test_what_failed_is_said_once(told: Told, node: EmbeddedNode) -> None:
    start = node.snapshot()
    give(node, 3)
    ticket = told.outbox.put(calls.transfer(PURSE, Planck(5 * UNIT)), "poor")
    with pytest.raises(ChainTimeout):
        told.outbox.send(ticket, timeout=0.2)
    node.seal()
    with pytest.raises(CallFailed):
        told.outbox.send(ticket, timeout=10)
    node.revert(start)
    node.chain.advance_time(60_000)
    give(node, 3)
    with pytest.raises(ChainTimeout):
        told.outbox.confirm(timeout=0.2)
    node.seal(5)
    told.outbox.confirm(timeout=5)
    assert (told.open, told.receipts) == (0, {})


def test_what_fails_on_the_other_branch_is_taken_back_and_said(
    told: Told, node: EmbeddedNode, client: NodeClient, caplog: pytest.LogCaptureFixture
) -> None:
    start = node.snapshot()
    give(node, 3)
    pay(told, node, "poor")
    node.revert(start)
    node.chain.advance_time(60_000)  # here nobody gives
    node.seal()
    with pytest.raises(OutboxError):
        told.outbox.confirm(timeout=5)
    assert told.receipts == {}
    assert (told.open, payments(client)) == (0, 0)
    assert "another branch took the place of" in caplog.text
