"""The proof from outside: blocks of a real node follow from their parents here too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.embedded import Chain
from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.chain.genesis import NONCE
from tests.conformance.conftest import raw_spec, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conformance.conftest import Target

BLOCKS = 20
CODE = "0x3a636f6465"
SYSTEM = "0x26aa394eea5630e07c48ae0c9558cef7"


def decode(answer: dict[str, Any]) -> Block:
    header, extrinsics = answer["block"]["header"], answer["block"]["extrinsics"]
    return Block(
        Header(
            parent_hash=raw(header["parentHash"]),
            number=int(header["number"], 16),
            state_root=raw(header["stateRoot"]),
            extrinsics_root=raw(header["extrinsicsRoot"]),
            digest=tuple(raw(item) for item in header["digest"]["logs"]),
        ),
        tuple(raw(extrinsic) for extrinsic in extrinsics),
    )


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def number_of(client: Any, block: str) -> int:
    return int(client.call("chain_getHeader", block)["number"], 16)


def test_both_have_the_same_genesis(connect_to: Callable[[str], Any], real: Target) -> None:
    genesis = raw(connect_to(real.url).call("chain_getBlockHash", 0))
    assert genesis == Chain.new(nonce=b"").genesis_hash


def test_the_state_and_metadata_at_genesis_are_the_same(
    connect_to: Callable[[str], Any], embedded: Target, real: Target
) -> None:
    clients = [connect_to(url) for url in (embedded.url, real.url)]
    genesis = clients[0].call("chain_getBlockHash", 0)
    keys, other_keys = (
        client.call("state_getKeysPaged", "0x", 1000, None, genesis) for client in clients
    )
    assert keys == other_keys
    assert len(keys) > 30
    for method, params in [
        ("state_queryStorageAt", [keys]),
        ("state_getMetadata", []),
        ("chain_getBlock", []),
        ("state_getStorageHash", [CODE]),
        ("state_getStorageSize", [SYSTEM]),
        ("state_call", ["Metadata_metadata_versions", "0x"]),
        ("state_call", ["AccountNonceApi_account_nonce", "0x" + "11" * 32]),
    ]:
        ours, theirs = (client.call(method, *params, genesis) for client in clients)
        assert ours == theirs, method


def test_the_embedded_node_has_no_methods_of_its_own(
    connect_to: Callable[[str], Any], embedded: Target, real: Target
) -> None:
    ours, theirs = (
        set(connect_to(url).call("rpc_methods")["methods"]) for url in (embedded.url, real.url)
    )
    # the names of Substrate's manual seal, which a node with Aura does not have
    assert ours - theirs == {"engine_createBlock", "engine_finalizeBlock"}


def test_the_genesis_of_the_local_testnet_differs() -> None:
    assert (
        Chain.new(preset="local_testnet", nonce=b"").genesis_hash
        != Chain.new(nonce=b"").genesis_hash
    )


@pytest.mark.slow
def test_a_node_goes_on_from_a_genesis_with_a_nonce(
    connect_to: Callable[[str], Any], node_binary: Path, tmp_path: Path
) -> None:
    chain = Chain.new(nonce=b"a run of its own")
    with running(node_binary, tmp_path, raw_spec(chain)) as url:
        client = connect_to(url)
        assert raw(client.call("chain_getBlockHash", 0)) == chain.genesis_hash
        heads = client.call("chain_subscribeNewHeads")
        while int(client.next_note(heads)["number"], 16) < 3:
            pass
        for number in range(1, 4):
            hash_ = client.call("chain_getBlockHash", number)
            assert chain.import_block(decode(client.call("chain_getBlock", hash_))) == raw(hash_)
    assert chain.get(NONCE) == b"a run of its own"


@pytest.mark.slow
def test_blocks_of_a_node_execute_to_the_same_roots(
    connect_to: Callable[[str], Any], real: Target
) -> None:
    client = connect_to(real.url)
    last = max(BLOCKS, *(number_of(client, item.block) for item in real.history.values()))
    heads = client.call("chain_subscribeNewHeads")
    while int(client.next_note(heads)["number"], 16) < last:
        pass
    blocks = [
        decode(client.call("chain_getBlock", client.call("chain_getBlockHash", number)))
        for number in range(1, last + 1)
    ]
    chain = Chain.new(nonce=b"")
    for block in blocks:
        assert chain.import_block(block) == raw(
            client.call("chain_getBlockHash", block.header.number)
        )
    assert chain.head == blocks[-1].hash
    included = {f"0x{block.hash.hex()}" for block in blocks}
    assert {item.block for item in real.history.values()} <= included
    assert sum(len(block.extrinsics) for block in blocks) >= len(blocks) + len(real.history)


def test_blocks_of_the_embedded_node_execute_again(
    connect_to: Callable[[str], Any], embedded: Target
) -> None:
    client = connect_to(embedded.url)
    chain = Chain.new(nonce=b"")
    last = max(number_of(client, item.block) for item in embedded.history.values())
    for number in range(1, last + 1):
        hash_ = client.call("chain_getBlockHash", number)
        assert chain.import_block(decode(client.call("chain_getBlock", hash_))) == raw(hash_)
