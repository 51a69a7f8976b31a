"""An upgrade whose records take more than one block: no call comes in until all are rewritten."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.client.substrate.migrations import CURSOR
from pallet_bridge.embedded import EmbeddedNode, Instant, Manual
from pallet_bridge.embedded.chain.view import Migration
from pallet_bridge.embedded.errors import BlockRefused, MigrationFailed
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.errors.migrations import MigrationStuck, MigrationUnderWay
from pallet_bridge.keys import Signer
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import Planck
from tests.conformance.conftest import raw_spec, running
from tests.conformance.migrating.recorded import MEMBERS, first_of, grown, said_of_version_2
from tests.conformance.test_blocks import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pallet_bridge.embedded.chain.block import Block
    from pallet_bridge.embedded.chain.chain import Chain

MEMBERS_MORE = 4_000
FEWEST_BLOCKS = 3
STORAGE_VERSION = 4
STUCK = b"\x01"
BLOCK_PS = 10**12
"""What a block may take: a second."""
ALICE = Signer.from_uri("//Alice")
BOB = Signer.from_uri("//Bob")
EMPTY = int(said_of_version_2()["phases"]["empty"])


def transfer() -> calls.Call:
    return calls.transfer(BOB.account, Planck(10**12))


@pytest.fixture
def chain() -> Chain:
    return first_of(grown(MEMBERS_MORE))


@pytest.fixture
def manual(chain: Chain) -> Iterator[EmbeddedClient]:
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Manual()), timeout=1.0) as found:
        yield found


def version(chain: Chain) -> int:
    stored = chain.get(storage_prefix(PALLET, ":__STORAGE_VERSION__:")) or b""
    return int.from_bytes(stored, "little")


def spent(chain: Chain) -> int:
    """What the head took, in picoseconds of a node's time: the sum over the classes of calls."""
    reader = ScaleReader(chain.get(storage_prefix("System", "BlockWeight")) or b"")
    weights = [(reader.compact(), reader.compact()) for _ in range(3)]
    return sum(time for time, _ in weights)


def members(chain: Chain) -> set[bytes]:
    return set(chain.keys(MEMBERS, count=10 * MEMBERS_MORE))


def test_the_key_of_the_cursor_is_that_of_the_pallet() -> None:
    assert storage_prefix("MultiBlockMigrations", "Cursor") == CURSOR


def test_a_large_state_takes_blocks_that_are_not_overweight(chain: Chain) -> None:
    before = members(chain)
    chain.author()
    blocks = 1
    while chain.migration is not None:
        assert chain.migration is Migration.UNDER_WAY
        assert spent(chain) < BLOCK_PS
        chain.author()
        blocks += 1
    assert blocks >= FEWEST_BLOCKS
    assert version(chain) == STORAGE_VERSION
    assert members(chain) == before
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Manual())) as client:
        client.node.seal()
        assert len(client.participants(EMPTY)) == MEMBERS_MORE


def test_a_call_waits_in_the_pool_until_the_records_are_rewritten(manual: EmbeddedClient) -> None:
    manual.node.seal()
    submission = manual.submit(transfer(), ALICE)
    blocks = 0
    while manual.node.chain.migration is not None:
        head = manual.node.seal()
        block = manual.node.chain.block(head)
        assert block is not None
        assert len(block.extrinsics) == 1  # the time
        blocks += 1
    assert blocks >= FEWEST_BLOCKS - 1
    manual.node.seal()
    assert submission.wait(1.0).block.number == blocks + 2


def test_who_waits_is_told_why(manual: EmbeddedClient) -> None:
    manual.node.seal()
    submission = manual.submit(transfer(), ALICE)
    with pytest.raises(MigrationUnderWay, match="rewrites its records"):
        submission.wait(0.1)
    at = manual.node.chain.head
    with pytest.raises(MigrationUnderWay, match=r"reading Bcfl\.Participants"):
        manual.participants(EMPTY, at=at)
    with pytest.raises(MigrationUnderWay):  # it waits for an answer's time, and nobody makes blocks
        manual.participants(EMPTY)


def test_who_reads_meanwhile_waits_for_the_end(chain: Chain) -> None:
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Manual())) as client:
        client.node.seal()
        found: list[int] = []
        reader = threading.Thread(target=lambda: found.append(len(client.participants(EMPTY))))
        reader.start()
        while chain.migration is not None:
            client.node.seal()
        reader.join(60)
        assert found == [MEMBERS_MORE]


def test_a_chain_that_seals_by_itself_goes_on_to_the_call(chain: Chain) -> None:
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Instant())) as client:
        receipt = client.execute(transfer(), ALICE)
        assert receipt.block.number > FEWEST_BLOCKS


def test_blocks_of_a_migration_execute_again_and_take_no_call(chain: Chain) -> None:
    again = first_of(grown(MEMBERS_MORE))
    blocks: list[Block] = []
    while len(blocks) == 0 or chain.migration is not None:
        blocks.append(chain.author().block)
    for block in blocks:
        again.import_block(block)
    assert again.head == chain.head
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Manual())) as client:
        call = client.sign(transfer(), ALICE).extrinsic
    other = first_of(grown(MEMBERS_MORE))
    first = other.author([call])
    assert first.only_inherents
    forced = type(first.block)(first.block.header, (*first.block.extrinsics, call))
    with pytest.raises(BlockRefused):
        first_of(grown(MEMBERS_MORE)).import_block(forced)


def test_a_migration_that_failed_takes_no_call_and_says_so(
    chain: Chain, caplog: pytest.LogCaptureFixture
) -> None:
    chain.author()
    chain.set_storage({CURSOR: STUCK})
    with EmbeddedClient(EmbeddedNode.start(chain=chain, sealing=Instant()), timeout=5.0) as client:
        head = client.head().number
        submission = client.submit(transfer(), ALICE)
        with pytest.raises(MigrationStuck, match=r"upgrade-a-chain\.md"):
            submission.wait(0.3)
        with pytest.raises(MigrationStuck):
            client.participants(EMPTY)
        assert client.head().number == head
    assert "takes no calls" in caplog.text
    with pytest.raises(MigrationFailed):
        chain.migrate()


@pytest.mark.slow
def test_a_node_comes_to_the_same_states(
    node_binary: Path, tmp_path: Path, chain: Chain, connect_to: Callable[[str], Any]
) -> None:
    with running(node_binary, tmp_path, raw_spec(chain)) as url:
        with connect(url) as client:
            assert client.genesis_hash == chain.genesis_hash
            receipt = client.execute(transfer(), ALICE, timeout=120.0)
            assert receipt.block.number > FEWEST_BLOCKS
        asked = connect_to(url)
        for number in range(1, receipt.block.number + 1):
            block = decode(asked.call("chain_getBlock", asked.call("chain_getBlockHash", number)))
            calls_too = number == receipt.block.number
            assert len(block.extrinsics) == (2 if calls_too else 1)
            assert chain.import_block(block) == chain.head  # it refuses another state root
        assert chain.migration is None
        assert version(chain) == STORAGE_VERSION
