"""Waiting on a chain that makes blocks only when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.errors import ChainTimeout, ChainUnavailable
from pallet_bridge.keys import Signer
from pallet_bridge.types import AccountId, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

ALICE = Signer.from_uri("//Alice")
CALL = calls.transfer(AccountId(b"\x55" * 32), Planck(10**10))


@pytest.fixture
def manual() -> Iterator[EmbeddedClient]:
    with EmbeddedClient(EmbeddedNode.start(sealing=Manual())) as client:
        yield client


def test_a_wait_that_was_too_short_can_be_repeated(manual: EmbeddedClient) -> None:
    submission = manual.submit(CALL, ALICE)
    with pytest.raises(ChainTimeout, match="included"):
        submission.wait(0.05)
    manual.node.seal()
    assert submission.wait(10).block.number == 1


def test_several_calls_of_an_account_come_in_one_block_in_order(manual: EmbeddedClient) -> None:
    submissions = [manual.submit(CALL, ALICE) for _ in range(3)]
    manual.node.seal()
    receipts = [submission.wait(10) for submission in submissions]
    assert {receipt.block.number for receipt in receipts} == {1}
    places = [receipt.extrinsic_index for receipt in receipts]
    assert places == sorted(places)


def test_waiting_for_a_block_seals_it(manual: EmbeddedClient) -> None:
    assert manual.wait_until_block(4, timeout=10).number == 4
    assert manual.wait_until_block(2, timeout=10).number == 4


def test_a_chain_that_goes_away_ends_the_wait(manual: EmbeddedClient) -> None:
    submission = manual.submit(CALL, ALICE)
    manual.node.close()
    with pytest.raises(ChainUnavailable):
        submission.wait(10)
    with pytest.raises(ChainUnavailable):
        manual.head()
