from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest

import pallet_bridge
from pallet_bridge import calls, keys
from pallet_bridge.audit import run
from pallet_bridge.calls import transfer
from pallet_bridge.client import connect
from pallet_bridge.client.node import NodeClient
from pallet_bridge.embedded import EmbeddedNode, Interval, Manual
from pallet_bridge.errors import ChainUnavailable, ConfigError
from pallet_bridge.types import UNIT, AccountId, Planck
from tests.unit.pallet_bridge.conftest import COORDINATOR, NODES

BOB, NOBODY = keys.Signer.from_uri("//Bob"), AccountId(b"\x77" * 32)

HEAVY = ("wasmtime", "substrateinterface", "scalecodec", "numpy", "torch", "flwr", "websockets")


def test_the_package_is_light_until_a_chain_is_asked_for() -> None:
    code = (
        "import sys, pallet_bridge, pallet_bridge.run.journal, pallet_bridge.run.outbox;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_loaded_late_is_what_its_module_has() -> None:
    assert pallet_bridge.Signer is keys.Signer
    assert pallet_bridge.audit_run is run.audit_run
    assert pallet_bridge.calls.transfer is transfer


def test_another_name_is_refused() -> None:
    with pytest.raises(ImportError, match="Sginer"):
        exec("from pallet_bridge import Sginer")


def test_public_names_are_there() -> None:
    assert all(hasattr(pallet_bridge, name) for name in pallet_bridge.__all__)
    assert dir(pallet_bridge) == sorted(pallet_bridge.__all__)


def test_a_target_that_is_neither_is_refused() -> None:
    with pytest.raises(ConfigError, match="embeded"):
        connect("embeded")


def test_nothing_at_the_url_is_unavailable() -> None:
    with pytest.raises(ChainUnavailable):
        connect("ws://127.0.0.1:1", timeout=60.0)


@pytest.mark.slow
def test_an_embedded_chain_ends_with_its_client() -> None:
    with connect("embedded") as chain:
        url = chain.url
        assert chain.head().number == 0
        assert chain.node.chain.genesis_hash == chain.genesis_hash
        with connect(url) as second:
            assert second.genesis_hash == chain.genesis_hash
    with pytest.raises(ChainUnavailable):
        connect(url, timeout=60.0)
    chain.close()


@pytest.mark.slow
def test_a_nonce_counts_on_the_connection_that_it_was_counted_on() -> None:
    """A node that came back without its pool got nonces that nothing led up to, for good."""
    first = EmbeddedNode.start(sealing=Manual())
    port = int(first.url.rsplit(":", 1)[1])
    gift = calls.transfer(NOBODY, Planck(UNIT))
    with NodeClient(first.url) as client:
        lost = [client.submit(gift, BOB).signed.nonce for _ in range(3)]
        assert lost == [0, 1, 2]
        first.close()
        with EmbeddedNode.start(chain=first.chain, port=port) as second:
            with suppress(ChainUnavailable):  # when the loss was not noticed yet
                client.head()
            client.execute(gift, BOB)
            assert client.nonce(BOB.account) == 1
            assert second.url == client.url


@pytest.mark.slow
def test_a_chain_of_another_genesis_behind_the_same_address_is_refused() -> None:
    """What was read of one chain is never taken for the state of another."""
    first = EmbeddedNode.start()
    port = int(first.url.rsplit(":", 1)[1])
    with NodeClient(first.url) as client:
        assert client.next_federation() == 0
        first.close()
        with EmbeddedNode.start(port=port):
            with suppress(ChainUnavailable):  # when the loss was not noticed yet
                client.head()
            for _ in range(2):
                with pytest.raises(ChainUnavailable, match="another chain answers there now"):
                    client.next_federation()
            with pytest.raises(ChainUnavailable, match="another chain"):
                client.sign(calls.transfer(NOBODY, Planck(UNIT)), BOB)


@pytest.mark.slow
def test_whether_blocks_can_be_sealed_is_asked_anew_on_each_connection() -> None:
    first = EmbeddedNode.start()
    port = int(first.url.rsplit(":", 1)[1])
    with NodeClient(first.url) as client:
        assert client.wait_until_block(2, timeout=60).number == 2
        first.close()
        other = EmbeddedNode.start(
            chain=first.chain, port=port, sealing=Interval(0.05), rpc_methods="safe"
        )
        with other:
            with suppress(ChainUnavailable):  # when the loss was not noticed yet
                client.head()
            assert client.wait_until_block(5, timeout=120).number >= 5


BOB = NODES[0]


@pytest.mark.slow
def test_a_node_that_came_back_empty_is_away_though_its_genesis_is_the_same() -> None:
    """It is not believed that nothing ever happened there: a federation is not gone by that."""
    with EmbeddedNode.start(nonce=b"one") as node, connect(node.url) as client:
        client.execute(calls.transfer(BOB.account, Planck(UNIT)), COORDINATOR)
        final, genesis = client.finalized(), client.genesis_hash
        port = int(node.url.rpartition(":")[2])
        node.close()
        with EmbeddedNode.start(nonce=b"one", port=port):
            for _ in range(2):
                with pytest.raises(ChainUnavailable, match=rf"lacks block {final.number} .*disk"):
                    client.next_federation()
            with connect(node.url) as fresh:
                assert fresh.genesis_hash == genesis


@pytest.mark.slow
def test_a_nonce_is_asked_anew_after_a_connection_was_lost() -> None:
    """What was in flight over it may be gone, with the pool of a node that was started again."""
    with EmbeddedNode.start(nonce=b"two", sealing=Manual()) as node, connect(node.url) as client:
        pay = calls.transfer(BOB.account, Planck(UNIT))
        for _ in range(3):
            client.submit(pay, COORDINATOR)
        genesis_chain, port = node.url, int(node.url.rpartition(":")[2])
        node.close()
        with EmbeddedNode.start(nonce=b"two", sealing=Manual(), port=port) as again:
            assert again.url == genesis_chain
            assert client.sign(pay, COORDINATOR).nonce == 0
            assert client.submit(pay, COORDINATOR).signed.nonce == 0
            assert client.submit(pay, COORDINATOR).signed.nonce == 1
