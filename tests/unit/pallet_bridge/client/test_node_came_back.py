"""A node that was started again: what is believed of it."""

from __future__ import annotations

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.types import UNIT, Planck
from tests.unit.pallet_bridge.conftest import COORDINATOR, NODES

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
