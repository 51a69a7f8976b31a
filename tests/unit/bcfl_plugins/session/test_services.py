"""What plugins send through: ordered with the other work, written down, and patient or not."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from bcfl_plugins.published.keeping import EvidenceKeeper
from bcfl_plugins.session.chain_work import ChainBehind, ChainWork
from bcfl_plugins.session.services import COORDINATOR, ChainServices
from pallet_bridge import Planck, Signer, calls
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded import Chain, EmbeddedNode, Manual
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.run.journal import Journal, RunHeader
from pallet_bridge.run.judgements import Level
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVE = Signer.from_uri("//Eve")
PURSE = AccountId(b"\x05" * 32)
PAY = calls.transfer(PURSE, Planck(10**10))


@contextmanager
def services(
    node: EmbeddedNode, folder: Path, mode: Literal["queue", "fail"]
) -> Iterator[ChainServices]:
    with NodeClient(node.url, timeout=60.0) as client:
        header = RunHeader(node.url, client.genesis_hash, 0, 0, EVE.account)
        journal = Journal.create(folder / "run", header)
        work = ChainWork(mode)
        outbox = Outbox(
            client, folder / "outbox.jsonl", {COORDINATOR: EVE}, stopped=work.is_stopping
        )
        try:
            yield ChainServices(
                client,
                client,
                EVE,
                outbox,
                work,
                journal,
                journal.reports,
                folder,
                0,
                embedded=False,
                keeper=EvidenceKeeper(Level.BOOKKEEPING, FolderStore(folder / STORE)),
            )
        finally:
            work.close()


def port_of(node: EmbeddedNode) -> int:
    return int(node.url.rsplit(":", 1)[1])


@pytest.mark.slow
def test_calls_wait_for_a_chain_that_is_away(tmp_path: Path) -> None:
    state, numbers = Chain.new(), list[int]()
    with EmbeddedNode.start(chain=state) as node, services(node, tmp_path, "queue") as chain:
        node.close()
        for number in range(2):
            chain.work.do(f"paying {number}", lambda: numbers.append(chain.send(PAY).block.number))
        with pytest.raises(ChainBehind, match="paying 0, then paying 1"):
            chain.work.drain(0.3)
        with EmbeddedNode.start(chain=state, port=port_of(node)):
            chain.work.drain(60)
            assert chain.client.balance(PURSE).free == 2 * 10**10
    assert numbers == [1, 2]


@pytest.mark.slow
def test_in_mode_fail_a_chain_that_is_away_is_told_at_once(tmp_path: Path) -> None:
    state = Chain.new()
    with EmbeddedNode.start(chain=state) as node, services(node, tmp_path, "fail") as chain:
        node.close()
        with pytest.raises(ChainUnavailable):
            chain.work.do("paying", lambda: chain.send(PAY))
        with EmbeddedNode.start(chain=state, port=port_of(node)):
            chain.send(PAY)  # after the one that is open
            assert chain.client.balance(PURSE).free == 2 * 10**10


@pytest.mark.slow
def test_work_that_is_closed_leaves_its_calls_in_the_outbox(tmp_path: Path) -> None:
    with EmbeddedNode.start(chain=Chain.new(), sealing=Manual()) as node:
        with services(node, tmp_path, "queue") as chain:
            sent = threading.Event()
            chain.work.do("paying", lambda: (sent.set(), chain.send(PAY)))
            assert sent.wait(60)
            for _ in range(600):  # a minute at most
                with pytest.raises(ChainBehind, match="paying"):
                    chain.work.drain(0.1)
                if chain.client._rpc.request("author_pendingExtrinsics"):
                    break
            genesis = chain.client.genesis_hash
        (entry,) = OutboxFile(tmp_path / "outbox.jsonl", genesis).pending()
        assert entry.call == PAY
        assert entry.signed is not None
