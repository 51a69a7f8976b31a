"""A fork of a chain that runs: it reads what is there, goes on by itself, and writes nothing."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.embedded.errors import NotExportable
from pallet_bridge.embedded.fork.errors import ForkUnreadable
from pallet_bridge.embedded.fork.fork import fork_of
from pallet_bridge.embedded.fork.remote import RemoteState
from pallet_bridge.errors import RpcRefused
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pallet_bridge.embedded.chain.chain import Chain
    from pallet_bridge.types import Event

ALICE, NEW, OTHER = (Signer.from_uri(uri) for uri in ("//Alice", "//New", "//Other"))


@pytest.fixture
def live(make_chain: Callable[..., Chain]) -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start(chain=make_chain()) as node:
        with connect(node.url) as client:
            client.execute(calls.transfer(NEW.account, Planck(5 * UNIT)), ALICE)
        yield node


@pytest.fixture
def fork(live: EmbeddedNode, modules: Path) -> Iterator[Callable[..., Chain]]:
    with ExitStack() as stack:

        def made(block: bytes | None = None) -> Chain:
            remote = stack.enter_context(closing(RemoteState(live.url, block)))
            return fork_of(remote, cache_dir=modules)

        yield made


@pytest.mark.slow
def test_a_fork_goes_on_and_leaves_the_node_alone(
    live: EmbeddedNode, fork: Callable[..., Chain], tmp_path: Path
) -> None:
    chain = fork()
    before = live.chain.head
    assert chain.header(chain.head).parent_hash == before
    assert chain.genesis_hash == live.chain.genesis_hash
    with EmbeddedClient(EmbeddedNode.start(chain=chain)) as forked:
        assert forked.balance(NEW.account).free == 5 * UNIT
        assert forked.nonce(ALICE.account) == 1
        receipt = forked.execute(calls.transfer(OTHER.account, Planck(UNIT)), NEW)
        assert receipt.block.number == 3
        assert forked.balance(OTHER.account).free == UNIT
        assert forked.next_federation() == 0
        with pytest.raises(NotExportable):
            forked.export(tmp_path / "chain.jsonl")
    assert live.chain.head == before
    with connect(live.url) as client:
        assert client.balance(OTHER.account).free == 0
        client.execute(calls.transfer(OTHER.account, Planck(3 * UNIT)), ALICE)
    assert chain.header(chain.head).number == 3, "what the node does later is not seen"


def test_an_older_block_can_be_forked(live: EmbeddedNode, fork: Callable[..., Chain]) -> None:
    genesis = live.chain.genesis_hash
    chain = fork(genesis)
    assert chain.header(chain.head).parent_hash == genesis
    keys = live.chain.keys(b"", count=10_000, at=genesis)
    assert chain.keys(b"", count=10_000, at=genesis) == keys
    for key in keys[::7]:
        assert chain.get(key, genesis) == live.chain.get(key, genesis)


def test_blocks_before_the_fork_are_those_of_the_node(
    live: EmbeddedNode, fork: Callable[..., Chain]
) -> None:
    with connect(live.url) as client:
        client.execute(calls.transfer(NEW.account, Planck(7 * UNIT)), ALICE)
        chain = fork()
        client.execute(calls.transfer(NEW.account, Planck(9 * UNIT)), ALICE)
    first, second, third = (live.chain.hash_at(number) for number in (1, 2, 3))
    assert first is not None
    assert chain.hash_at(1) == first
    assert chain.block(first) == live.chain.block(first)
    assert third != chain.hash_at(3), "the node's next block is not on the way to ours"
    assert chain.block(third) is None
    assert chain.block(b"\x11" * 32) is None
    with EmbeddedClient(EmbeddedNode.start(chain=chain)) as forked:
        assert forked.balance(NEW.account, at=first).free == 5 * UNIT
        assert forked.balance(NEW.account, at=second).free == 12 * UNIT
        assert [one.name for one in forked.events(first)] == [
            one.name for one in _events(live, first)
        ]
        with pytest.raises(RpcRefused, match="UnknownBlock"):
            forked.balance(NEW.account, at=third)


def _events(live: EmbeddedNode, block: bytes) -> tuple[Event, ...]:
    with connect(live.url) as client:
        return client.events(block)


def test_a_node_that_is_not_there_or_lacks_the_block_is_named(live: EmbeddedNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ForkUnreadable, match=f"cannot be read from ws://127.0.0.1:{port}"):
        RemoteState(f"ws://127.0.0.1:{port}")
    with pytest.raises(ForkUnreadable, match="it has no block 0x1111"):
        RemoteState(live.url, b"\x11" * 32)


def test_a_node_that_goes_away_is_named_when_it_is_needed(
    live: EmbeddedNode, fork: Callable[..., Chain]
) -> None:
    chain = fork()
    live.close()
    with pytest.raises(ForkUnreadable, match="has to run"):
        chain.get(b"anything")
